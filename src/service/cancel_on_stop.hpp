#pragma once
// Ties the child processes a thread waits for to its stop token.

#include "util/cancel.hpp"
#include "util/fd.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stop_token>
#include <system_error>

namespace patchmill::service {

// For the thread that makes it, as long as it lives.
class CancelOnStop {
 public:
  // Throws std::system_error when there are no descriptors left.
  explicit CancelOnStop(const std::stop_token& stop)
      : m_fd(make()), m_scope(m_fd.get()), m_on_stop(stop, Signal{m_fd.get()}) {}
  CancelOnStop(const CancelOnStop&) = delete;
  CancelOnStop& operator=(const CancelOnStop&) = delete;

 private:
  struct Signal {
    int fd;
    void operator()() const {
      const std::uint64_t one = 1;
      [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
    }
  };
  static Fd make() {
    Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd.valid()) {
      throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    return fd;
  }
  Fd m_fd;
  CancelScope m_scope;
  std::stop_callback<Signal> m_on_stop;
};

}  // namespace patchmill::service
