#include "service/front_loop.hpp"

#include "app/run_end.hpp"
#include "app/series_front.hpp"
#include "service/cancel_on_stop.hpp"
#include "service/holder.hpp"
#include "store/cursors.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds k_pause_after_trouble = 2s;
constexpr std::chrono::milliseconds k_longest_wait = 30s;
constexpr std::size_t k_most_retries = 100;

}  // namespace

FrontLoop::FrontLoop(app::Config config, Scheduler& scheduler, const Clock& clock, Prepare prepare)
    : m_scheduler(scheduler), m_clock(clock), m_prepare(std::move(prepare)) {
  m_new_config = std::move(config);
  m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

FrontLoop::~FrontLoop() {
  stop();
}

void FrontLoop::stop() {
  m_thread.request_stop();
}

void FrontLoop::set_config(app::Config config) {
  const std::lock_guard lock(m_mutex);
  m_new_config = std::move(config);
  m_changed.notify_all();
}

void FrontLoop::look_at(std::int64_t series, bool again) {
  const std::lock_guard lock(m_mutex);
  if (m_waiting.insert(series).second) {
    m_order.push_back(series);
  }
  if (again) {
    m_again.insert(series);
  }
  m_changed.notify_all();
}

void FrontLoop::give_up(std::int64_t series) {
  {
    const std::lock_guard lock(m_mutex);
    m_given_up.insert(series);
  }
  look_at(series);
}

void FrontLoop::reached(std::int64_t event) {
  const std::lock_guard lock(m_mutex);
  m_reached = std::max(m_reached, event);
  m_changed.notify_all();
}

void FrontLoop::news() {
  const std::lock_guard lock(m_mutex);
  m_news = true;
  m_changed.notify_all();
}

void FrontLoop::requests() {
  const std::lock_guard lock(m_mutex);
  m_requests = true;
  m_changed.notify_all();
}

LoopHealth FrontLoop::health() const {
  const std::lock_guard lock(m_mutex);
  LoopHealth health = m_health;
  health.waiting = m_waiting.size();
  return health;
}

void FrontLoop::complain(std::string error) {
  const std::lock_guard lock(m_mutex);
  if (error.empty()) {
    m_health.since.reset();
  } else if (m_health.error != error) {
    log::error("series cannot be judged: {}", error);
    m_health.since = m_health.since.value_or(m_clock.now());
  }
  m_health.error = std::move(error);
}

void FrontLoop::open_workspace() {
  std::optional<app::Config> config;
  {
    const std::lock_guard lock(m_mutex);
    if (!m_new_config && m_workspace) {
      return;
    }
    config = m_new_config ? m_new_config : std::optional(m_workspace->config());
  }
  const bool first = !m_workspace;
  auto opened = app::Workspace::open(*config);
  if (!opened) {
    m_workspace.reset();
    throw store::DatabaseError(opened.error().message);
  }
  m_workspace = *std::move(opened);
  if (m_prepare) {
    m_prepare(*m_workspace);
  }
  if (first) {
    recover();
  }
  {
    const std::lock_guard lock(m_mutex);
    m_new_config.reset();
  }
  // Under another configuration a try may be another one.
  for (const auto& run : pipeline::WorkStore(m_workspace->database()).open_runs()) {
    look_at(run.series);
  }
}

// What the last process had begun is done anew; what it had not, stays in the queue.
void FrontLoop::recover() {
  pipeline::WorkStore work(m_workspace->database());
  for (const auto& run : work.open_runs()) {
    bool begun = false, any = false;
    std::int64_t lane = 0;
    for (const auto& node : work.of_series(run.series)) {
      begun = begun || is_of_this_machine(node.worker) || (node.lane != lane && node.position > 0);
      lane = node.lane;
      any = true;
    }
    const auto series = m_workspace->queries().series(run.series);
    if (begun || !series) {
      app::abandon_run(*m_workspace, run, findings::Verdict::incomplete,
                       "patchmill ended while this was under way; it says nothing about the patch");
      look_at(run.series);
    } else if (!any) {
      app::conclude_run(*m_workspace, *series, run);
    }
  }
  m_workspace->nodes().close_orphans();
  m_scheduler.load();
}

void FrontLoop::add_due_retries() {
  bool news = false;
  {
    const std::lock_guard lock(m_mutex);
    std::swap(news, m_news);
  }
  auto due = m_workspace->nodes().retries_due(m_clock.now(), k_most_retries);
  if (news) {
    const auto waiting = m_workspace->nodes().waiting_for_news(k_most_retries);
    due.insert(due.end(), waiting.begin(), waiting.end());
  }
  for (const std::int64_t series : due) {
    look_at(series);
  }
}

void FrontLoop::take_requests() {
  {
    const std::lock_guard lock(m_mutex);
    if (!std::exchange(m_requests, false)) {
      return;
    }
  }
  try {
    for (bool more = true; more;) {
      store::Transaction transaction(m_workspace->database());
      pipeline::Requests requests(m_workspace->database(), m_clock);
      const auto request = requests.take();
      more = request.has_value();
      if (more) {
        serve(*request);
      }
      transaction.commit();
    }
  } catch (const store::DatabaseError&) {
    requests();
    throw;
  }
}

void FrontLoop::serve(const pipeline::Request& request) {
  std::int64_t series = request.target;
  if (pipeline::is_about_node(request.kind)) {
    const auto node = m_workspace->nodes().node(request.target);
    if (!node || node->series == 0) {
      return;
    }
    series = node->series;
  }
  const bool retry = request.kind == pipeline::RequestKind::retry_series ||
                     request.kind == pipeline::RequestKind::retry_node;
  if (retry) {
    // Jobs hand on their work, so a node is repeated with all of its series.
    look_at(series, true);
    return;
  }
  pipeline::WorkStore work(m_workspace->database());
  if (const auto run = work.open_run_of(series)) {
    app::cancel_run(*m_workspace, *run,
                    fmt::format("cancelled by {}{}", request.who,
                                request.reason.empty() ? "" : ": " + request.reason));
    m_scheduler.cancel(series);
  }
}

std::optional<FrontLoop::Job> FrontLoop::next(const std::stop_token& stop) {
  take_requests();
  add_due_retries();
  const auto next_retry = m_workspace->nodes().next_retry(m_clock.now());
  std::unique_lock lock(m_mutex);
  if (m_order.empty()) {
    std::chrono::microseconds wait = k_longest_wait;
    if (next_retry) {
      wait = std::clamp<std::chrono::microseconds>(*next_retry - m_clock.now(), 1ms, wait);
    }
    if (m_reached != m_saved) {
      lock.unlock();
      save_cursor();
      lock.lock();
    }
    m_changed.wait_for(lock, stop, wait, [&] {
      return !m_order.empty() || m_news || m_requests || m_new_config || m_reached != m_saved;
    });
  }
  if (m_order.empty() || m_new_config || stop.stop_requested()) {
    return std::nullopt;
  }
  Job job;
  job.series = m_order.front();
  job.again = m_again.erase(job.series) > 0;
  job.given_up = m_given_up.erase(job.series) > 0;
  m_order.pop_front();
  m_waiting.erase(job.series);
  m_health.series = job.series;
  return job;
}

// Only what was looked at counts, so the cursor moves when nothing is left.
void FrontLoop::save_cursor() {
  std::int64_t reached = 0;
  {
    const std::lock_guard lock(m_mutex);
    if (!m_order.empty()) {
      return;
    }
    reached = m_reached;
  }
  store::set_cursor(m_workspace->database(), k_cursor, std::to_string(reached));
  const std::lock_guard lock(m_mutex);
  m_saved = reached;
}

bool FrontLoop::too_old(const tracker::Series& series, bool again) {
  const auto& most = m_workspace->config().max_age;
  return !again && most && m_clock.now() - series.date > *most;
}

void FrontLoop::process(const Job& job) {
  pipeline::WorkStore work(m_workspace->database());
  const auto series = m_workspace->queries().series(job.series);
  const auto before = work.open_run_of(job.series);
  if (!series) {
    if (before) {  // merged into another one
      m_scheduler.cancel(job.series);
      app::abandon_run(*m_workspace, *before, findings::Verdict::skip,
                       "the series was joined with another one");
    }
    return;
  }
  if (before && job.given_up) {
    m_scheduler.cancel(job.series);
    app::fail_run(*m_workspace, *series, *before, "its worker was lost");
    return;
  }
  if (!before && too_old(*series, job.again)) {
    return;
  }
  const app::RunWatcher nobody;
  app::SeriesFront front(*m_workspace, m_processes, nobody);
  app::RunRequest request;
  request.again = job.again;
  const auto start = front.start(*series, request);
  if (before && (!start || !start->resumed)) {
    // What runs of the try before is of no use any more.
    m_scheduler.cancel(job.series);
  }
  if (!start) {
    throw store::DatabaseError(start.error().message);
  }
  m_scheduler.refresh_series(job.series);
}

void FrontLoop::run(const std::stop_token& stop) {
  const CancelOnStop cancel(stop);
  while (!stop.stop_requested()) {
    std::optional<Job> job;
    try {
      open_workspace();
      job = next(stop);
      if (job) {
        process(*job);
      }
      complain("");
    } catch (const std::exception& error) {
      complain(error.what());
      if (job) {
        look_at(job->series, job->again);
      }
      m_workspace.reset();
      std::unique_lock lock(m_mutex);
      m_changed.wait_for(lock, stop, k_pause_after_trouble, [] { return false; });
    }
    const std::lock_guard lock(m_mutex);
    m_health.series.reset();
  }
}

}  // namespace patchmill::service
