#include "app/run_ahead.hpp"

#include "app/series_front.hpp"
#include "app/series_jobs.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <set>

namespace patchmill::app {
namespace {

// Series whose verdict is known or under way, in the order they were asked for.
class InOrder {
 public:
  explicit InOrder(const RunAhead::Done& done) : m_done(done) {}
  // Waits for the threads still at work, which use what is here.
  ~InOrder() { m_series.clear(); }
  InOrder(const InOrder&) = delete;
  InOrder& operator=(const InOrder&) = delete;

  void add(tracker::Series series, Result<SeriesReport> report) {
    m_series.push_back({std::move(series), std::move(report), {}, {}});
    tell();
  }

  // `jobs` runs in a thread of its own. What it throws is thrown to whom it is told.
  void start(tracker::Series series, std::function<Result<SeriesReport>()> jobs) {
    {
      const std::lock_guard lock(m_mutex);
      ++m_running;
    }
    auto left = std::make_shared<std::atomic<bool>>(false);
    auto report = std::async(std::launch::async, [this, left, jobs = std::move(jobs)] {
      const Leave leave(*this, *left);
      return jobs();
    });
    m_series.push_back({std::move(series), std::nullopt, std::move(report), std::move(left)});
  }

  // Until fewer than `workers` are at work; tells what is known by then.
  void wait_for_less_than(unsigned workers) {
    {
      std::unique_lock lock(m_mutex);
      m_left.wait(lock, [&] { return m_running < workers; });
    }
    tell();
  }

  void finish() {
    wait_for_less_than(1);
    while (!m_series.empty()) {
      tell_first();
    }
  }

 private:
  struct Entry {
    tracker::Series series;
    std::optional<Result<SeriesReport>> report;  // else it is on its way
    std::future<Result<SeriesReport>> coming;
    // Its thread is as good as done; the future is a moment later.
    std::shared_ptr<std::atomic<bool>> left;
    [[nodiscard]] bool known() const { return report || *left; }
  };

  class Leave {
   public:
    Leave(InOrder& of, std::atomic<bool>& left) : m_of(of), m_left(left) {}
    ~Leave() {
      const std::lock_guard lock(m_of.m_mutex);
      m_left = true;
      --m_of.m_running;
      m_of.m_left.notify_all();
    }
    Leave(const Leave&) = delete;
    Leave& operator=(const Leave&) = delete;

   private:
    InOrder& m_of;
    std::atomic<bool>& m_left;
  };

  void tell() {
    while (!m_series.empty() && m_series.front().known()) {
      tell_first();
    }
  }

  void tell_first() {
    Entry first = std::move(m_series.front());
    m_series.pop_front();
    m_done(first.series, first.report ? *std::move(first.report) : first.coming.get());
  }

  const RunAhead::Done& m_done;
  std::mutex m_mutex;
  std::condition_variable m_left;
  unsigned m_running = 0;
  std::deque<Entry> m_series;
};

}  // namespace

class RunAhead::Worker {
 public:
  Worker(std::unique_ptr<Workspace> workspace, runtimes::Runtime& runtime,
         const RunWatcher& watcher)
      : m_workspace(std::move(workspace)), m_lanes(*m_workspace, runtime, watcher) {}

  Result<SeriesReport> run(const tracker::Series& series, const pipeline::SeriesRun& run) {
    return run_series_jobs(*m_workspace, m_lanes, series, run);
  }

 private:
  std::unique_ptr<Workspace> m_workspace;
  LaneRunner m_lanes;
};

RunAhead::RunAhead(Workspace& workspace, runtimes::Runtime& runtime, ProcessRunner& processes,
                   unsigned workers, RunWatcher watcher, std::function<void(Workspace&)> prepare)
    : m_workspace(workspace),
      m_runtime(runtime),
      m_processes(processes),
      m_workers(std::max(1u, workers)),
      m_watcher(std::move(watcher)),
      m_prepare(std::move(prepare)) {}

RunAhead::~RunAhead() = default;

void RunAhead::run(std::span<const std::int64_t> numbers, const RunRequest& request,
                   const Done& done) {
  InOrder order(done);
  SeriesFront front(m_workspace, m_processes, m_watcher);
  std::set<std::int64_t> seen;
  for (const std::int64_t number : numbers) {
    if (!seen.insert(number).second) {
      continue;
    }
    auto series = m_workspace.queries().series(number);
    if (!series) {
      continue;
    }
    auto start = front.start(*series, request);
    if (!start) {
      order.add(*std::move(series), tl::unexpected(start.error()));
    } else if (start->report) {
      order.add(*std::move(series), *std::move(start->report));
    } else {
      order.wait_for_less_than(m_workers);
      order.start(*series, [this, of = *series, run = *start->run] { return run_jobs(of, run); });
    }
  }
  order.finish();
}

Result<SeriesReport> RunAhead::run_jobs(const tracker::Series& series,
                                        const pipeline::SeriesRun& run) {
  auto worker = take_worker();
  if (!worker) {
    PM_TRY_ASSIGN(auto workspace, Workspace::open(m_workspace.config()));
    if (m_prepare) {
      m_prepare(*workspace);
    }
    worker = std::make_unique<Worker>(std::move(workspace), m_runtime, m_watcher);
  }
  // One that threw is in no state to go on.
  auto report = worker->run(series, run);
  give_back(std::move(worker));
  return report;
}

std::unique_ptr<RunAhead::Worker> RunAhead::take_worker() {
  const std::lock_guard lock(m_mutex);
  if (m_idle.empty()) {
    return nullptr;
  }
  auto worker = std::move(m_idle.back());
  m_idle.pop_back();
  return worker;
}

void RunAhead::give_back(std::unique_ptr<Worker> worker) {
  const std::lock_guard lock(m_mutex);
  m_idle.push_back(std::move(worker));
}

}  // namespace patchmill::app
