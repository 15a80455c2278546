#include "service/worker_pool.hpp"

#include "app/lane_runner.hpp"
#include "app/run_end.hpp"
#include "service/cancel_on_stop.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

#include <condition_variable>

namespace patchmill::service {
namespace {

constexpr std::chrono::seconds k_worker_pause{2};

void rest(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

// One thread's own view of the data folder; it is not shared.
class WorkerPool::Worker {
 public:
  Worker(const app::Config& config, runtimes::Runtime& runtime, const Prepare& prepare) {
    auto opened = app::Workspace::open(config);
    if (!opened) {
      throw store::DatabaseError(opened.error().message);
    }
    m_workspace = *std::move(opened);
    if (prepare) {
      prepare(*m_workspace);
    }
    m_lanes = std::make_unique<app::LaneRunner>(*m_workspace, runtime, m_nobody);
  }

  // Throws DatabaseError.
  void run(const Claim& claim, const std::stop_token& stop) {
    const auto end = m_lanes->run(claim.lane, nullptr, stop);
    pipeline::WorkStore work(m_workspace->database());
    const auto run = work.run(claim.series, claim.attempt);
    const auto series = m_workspace->queries().series(claim.series);
    if (!run || !series) {
      return;
    }
    if (!end) {
      // What ran before in the lane cannot be relied on by what comes after.
      app::fail_run(*m_workspace, *series, *run, end.error().message);
    } else if (*end == app::LaneRunner::End::done) {
      app::conclude_run(*m_workspace, *series, *run);
    }
  }

 private:
  const app::RunWatcher m_nobody;
  std::unique_ptr<app::Workspace> m_workspace;
  std::unique_ptr<app::LaneRunner> m_lanes;
};

WorkerPool::WorkerPool(app::Config config, unsigned count, Scheduler& scheduler,
                       MakeRuntime make_runtime, Prepare prepare, Lost lost)
    : m_scheduler(scheduler),
      m_make_runtime(std::move(make_runtime)),
      m_prepare(std::move(prepare)),
      m_lost(std::move(lost)) {
  set_config(std::move(config), count);
}

void WorkerPool::set_config(app::Config config, unsigned count) {
  const std::lock_guard lock(m_mutex);
  m_config = std::make_shared<const app::Config>(std::move(config));
  m_count = count;
  while (m_threads.size() < count) {
    const auto index = static_cast<unsigned>(m_threads.size());
    m_threads.emplace_back([this, index](const std::stop_token& stop) { run(stop, index); });
  }
}

unsigned WorkerPool::size() const {
  const std::lock_guard lock(m_mutex);
  return m_count;
}

std::shared_ptr<const app::Config> WorkerPool::config_for(unsigned index) const {
  const std::lock_guard lock(m_mutex);
  return index < m_count ? m_config : nullptr;
}

WorkerPool::~WorkerPool() {
  stop();
}

void WorkerPool::stop() {
  for (auto& thread : m_threads) {
    thread.request_stop();
  }
}

std::string WorkerPool::error() const {
  const std::lock_guard lock(m_mutex);
  return m_error;
}

void WorkerPool::complain(std::string error) {
  const std::lock_guard lock(m_mutex);
  if (!error.empty() && error != m_error) {
    log::error("jobs cannot be run: {}; trying again", error);
  }
  m_error = std::move(error);
}

std::string WorkerPool::name_of(unsigned index) {
  return fmt::format("worker-{}", index + 1);
}

void WorkerPool::run(const std::stop_token& stop, unsigned index) {
  const CancelOnStop cancel(stop);
  const std::string name = name_of(index);
  std::unique_ptr<runtimes::Runtime> runtime;
  std::unique_ptr<Worker> worker;
  std::shared_ptr<const app::Config> config;
  while (!stop.stop_requested()) {
    const auto current = config_for(index);
    if (!current) {
      worker.reset();
      rest(stop, k_worker_pause);
      continue;
    }
    // Before anything is taken that would be lost with it.
    try {
      runtime = runtime ? std::move(runtime) : m_make_runtime();
    } catch (const std::exception& error) {
      complain(error.what());
      rest(stop, k_worker_pause);
      continue;
    }
    const auto claim = m_scheduler.take(name, stop);
    if (!claim) {
      continue;
    }
    const std::stop_callback stop_lane(stop, [&] { claim->stop.request_stop(); });
    try {
      if (const auto newest = config_for(index); !worker || (newest && newest != config)) {
        config = newest ? newest : current;
        worker.reset();
        worker = std::make_unique<Worker>(*config, *runtime, m_prepare);
      }
      worker->run(*claim, claim->stop.get_token());
      complain("");
    } catch (const std::exception& error) {
      // The store is away, and what was run is lost.
      complain(error.what());
      worker.reset();
      m_lost(claim->series);
      rest(stop, k_worker_pause);
    }
    m_scheduler.done(claim);
  }
}

}  // namespace patchmill::service
