#include "intake/waiter.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <vector>

namespace patchmill::intake {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::hours longest_wait(24);

Fd make_eventfd() {
  Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd.valid()) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  return fd;
}

void raise(const Fd& fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd.get(), &one, sizeof one);
}

}  // namespace

Waiter::Waiter() : m_stop(make_eventfd()), m_wake(make_eventfd()) {}

void Waiter::stop() {
  m_stopped = true;
  raise(m_stop);
}

void Waiter::wake() {
  raise(m_wake);
}

Waiter::Woken Waiter::wait(std::chrono::milliseconds at_most, std::span<pollfd> fds) {
  return wait(at_most, fds, true);
}

Waiter::Woken Waiter::wait_on(std::chrono::milliseconds at_most, std::span<pollfd> fds) {
  return wait(at_most, fds, false);
}

Waiter::Woken Waiter::wait(std::chrono::milliseconds at_most, std::span<pollfd> fds,
                           bool heeds_wake) {
  const auto deadline =
      SteadyClock::now() +
      std::clamp<std::chrono::milliseconds>(at_most, std::chrono::milliseconds(0), longest_wait);
  std::vector<pollfd> polled(fds.begin(), fds.end());
  polled.push_back({m_stop.get(), POLLIN, 0});
  polled.push_back({heeds_wake ? m_wake.get() : -1, POLLIN, 0});
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(deadline - SteadyClock::now(), SteadyClock::duration::zero()));
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (polled[fds.size()].revents != 0) {
      return Woken::stopped;
    }
    if (polled[fds.size() + 1].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto used = ::read(m_wake.get(), &count, sizeof count);
      return Woken::asked;
    }
    std::copy_n(polled.begin(), fds.size(), fds.begin());
    return ready > 0 ? Woken::ready : Woken::timeout;
  }
}

}  // namespace patchmill::intake
