#pragma once
// Threads that run lanes of the queue.

#include "app/config.hpp"
#include "app/workspace.hpp"
#include "runtimes/runtime.hpp"
#include "service/scheduler.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::service {

class WorkerPool {
 public:
  using Prepare = std::function<void(app::Workspace&)>;  // a workspace was opened
  using MakeRuntime = std::function<std::unique_ptr<runtimes::Runtime>()>;
  // The store failed in the middle of a lane of this series: somebody has to end it.
  using Lost = std::function<void(std::int64_t series)>;
  // The scheduler outlives the pool. Starts `count` threads.
  WorkerPool(app::Config config, unsigned count, Scheduler& scheduler, MakeRuntime make_runtime,
             Prepare prepare, Lost lost);
  ~WorkerPool();                               // stops and waits
  static std::string name_of(unsigned index);  // of a worker, from 0
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // From the next lane of each worker on. Workers too many leave when their lane has ended.
  void set_config(app::Config config, unsigned count);
  // Running jobs are killed; their lanes are done again by whoever comes next.
  void stop();
  [[nodiscard]] unsigned size() const;
  [[nodiscard]] std::string error() const;  // newest trouble; empty: none

 private:
  class Worker;
  void run(const std::stop_token& stop, unsigned index);
  // The configuration for worker `index`; null: it is one too many.
  std::shared_ptr<const app::Config> config_for(unsigned index) const;
  void complain(std::string error);

  Scheduler& m_scheduler;
  const MakeRuntime m_make_runtime;
  const Prepare m_prepare;
  const Lost m_lost;
  mutable std::mutex m_mutex;
  std::shared_ptr<const app::Config> m_config;
  unsigned m_count = 0;
  std::string m_error;
  std::vector<std::jthread> m_threads;
};

}  // namespace patchmill::service
