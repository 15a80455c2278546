#pragma once
// A fixed number of threads working through a queue of tasks.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace patchmill {

class ThreadPool {
 public:
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();  // finishes what was queued
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  void submit(std::function<void()> task);  // the task may not throw
  void wait_idle();

 private:
  void work();
  std::mutex m_mutex;
  std::condition_variable m_wake, m_idle;
  std::deque<std::function<void()>> m_tasks;
  unsigned m_busy = 0;
  bool m_stop = false;
  std::vector<std::thread> m_threads;
};

}  // namespace patchmill
