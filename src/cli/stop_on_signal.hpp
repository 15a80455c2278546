#pragma once
// SIGINT, SIGTERM and SIGHUP as a stop token, for commands that must end in good order.

#include <stop_token>
#include <thread>

namespace patchmill::cli {

class StopOnSignal {
 public:
  // Blocks the signals in this thread, hence in all it starts later: make it before any other.
  StopOnSignal();
  ~StopOnSignal();  // gives the signals back
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  [[nodiscard]] std::stop_token token() const { return m_stop.get_token(); }
  // Returns when a signal has come.
  void wait();

 private:
  std::stop_source m_stop;
  std::jthread m_thread;
};

}  // namespace patchmill::cli
