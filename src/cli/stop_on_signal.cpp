#include "cli/stop_on_signal.hpp"

#include <signal.h>

#include <condition_variable>
#include <ctime>
#include <mutex>

namespace patchmill::cli {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

StopOnSignal::StopOnSignal() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  m_thread = std::jthread([this, set](const std::stop_token& leave) {
    const timespec slice{0, 50'000'000};
    while (!leave.stop_requested()) {
      if (sigtimedwait(&set, nullptr, &slice) > 0) {
        m_stop.request_stop();
        return;
      }
    }
  });
}

StopOnSignal::~StopOnSignal() {
  m_thread.request_stop();
  m_thread.join();
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void StopOnSignal::wait() {
  std::mutex mutex;
  std::condition_variable_any change;
  std::unique_lock lock(mutex);
  change.wait(lock, m_stop.get_token(), [] { return false; });
}

}  // namespace patchmill::cli
