#include "util/thread_pool.hpp"

#include <algorithm>
#include <utility>

namespace patchmill {

ThreadPool::ThreadPool(unsigned threads) {
  for (unsigned i = 0; i < std::max(threads, 1u); ++i) {
    m_threads.emplace_back([this] { work(); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(m_mutex);
    m_stop = true;
  }
  m_wake.notify_all();
  for (auto& thread : m_threads) {
    thread.join();
  }
}

void ThreadPool::submit(std::function<void()> task) {
  {
    const std::lock_guard lock(m_mutex);
    m_tasks.push_back(std::move(task));
  }
  m_wake.notify_one();
}

void ThreadPool::wait_idle() {
  std::unique_lock lock(m_mutex);
  m_idle.wait(lock, [this] { return m_tasks.empty() && m_busy == 0; });
}

void ThreadPool::work() {
  std::unique_lock lock(m_mutex);
  while (true) {
    m_wake.wait(lock, [this] { return m_stop || !m_tasks.empty(); });
    if (m_tasks.empty()) {
      return;
    }
    auto task = std::move(m_tasks.front());
    m_tasks.pop_front();
    ++m_busy;
    lock.unlock();
    task();
    task = nullptr;  // what the task holds is released before it counts as done
    lock.lock();
    --m_busy;
    if (m_tasks.empty() && m_busy == 0) {
      m_idle.notify_all();
    }
  }
}

}  // namespace patchmill
