#pragma once
// How a thread waits that must be stoppable at once.

#include "util/fd.hpp"

#include <poll.h>

#include <atomic>
#include <chrono>
#include <span>

namespace patchmill::intake {

// One thread waits; any thread may stop or wake it.
class Waiter {
 public:
  enum class Woken {
    ready,    // one of the descriptors is (see its revents)
    timeout,  // by the steady clock: setting the system's clock changes nothing
    asked,    // somebody called wake()
    stopped,  // for good: every later wait returns this at once
  };

  Waiter();  // throws std::system_error when there are no descriptors left
  void stop();
  void wake();
  [[nodiscard]] bool stopped() const { return m_stopped; }
  // Readable from stop() on.
  [[nodiscard]] int stop_fd() const { return m_stop.get(); }

  // The call to wake() that ends a wait is used up by it.
  Woken wait(std::chrono::milliseconds at_most, std::span<pollfd> fds = {});
  // The same for waits in the middle of something: a call to wake() is kept for the next wait().
  Woken wait_on(std::chrono::milliseconds at_most, std::span<pollfd> fds);

 private:
  Woken wait(std::chrono::milliseconds at_most, std::span<pollfd> fds, bool heeds_wake);
  Fd m_stop;
  Fd m_wake;
  std::atomic<bool> m_stopped = false;
};

}  // namespace patchmill::intake
