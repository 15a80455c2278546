#include "service/front_loop.hpp"

#include "app/run_end.hpp"
#include "app/series_front.hpp"
#include "service/cancel_on_stop.hpp"
#include "service/left_runs.hpp"
#include "store/cursors.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchmill::service {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds k_front_pause = 2s;
constexpr std::chrono::milliseconds k_longest_front_wait = 30s;
constexpr std::chrono::seconds k_first_postponement = 5s;
constexpr int k_asked_for_priority = 1000;
constexpr std::size_t k_most_retries = 100;
constexpr std::size_t k_most_in_turn = 1000;

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
  m_queue.add({.series = series, .again = again});
  m_changed.notify_all();
}

void FrontLoop::look_at_behind_others(std::int64_t series) {
  const std::lock_guard lock(m_mutex);
  m_queue.add_behind(series);
  m_changed.notify_all();
}

void FrontLoop::give_up(std::int64_t series) {
  const std::lock_guard lock(m_mutex);
  m_queue.add({.series = series, .given_up = true});
  m_changed.notify_all();
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
  health.waiting = m_queue.size();
  return health;
}

void FrontLoop::complain(std::string error, bool stuck) {
  const std::lock_guard lock(m_mutex);
  if (error.empty()) {
    m_health.since.reset();
  } else if (m_health.error != error) {
    if (stuck) {
      log::error("series cannot be judged: {}", error);
    }
    m_health.since = m_health.since.value_or(m_clock.now());
  }
  m_health.error = std::move(error);
  m_health.stuck = stuck;
}

void FrontLoop::open_workspace() {
  bool changed = false;
  {
    const std::lock_guard lock(m_mutex);
    if (m_new_config) {
      m_config = std::move(m_new_config);
      m_new_config.reset();
      changed = true;
    }
  }
  if (m_workspace && !changed) {
    return;
  }
  m_workspace.reset();
  auto opened = app::Workspace::open(*m_config);
  if (!opened) {
    throw store::DatabaseError(opened.error().message);
  }
  m_workspace = *std::move(opened);
  if (m_prepare) {
    m_prepare(*m_workspace);
  }
  if (!m_recovered) {
    for (const std::int64_t series : close_left_runs(*m_workspace)) {
      look_at(series, true);
    }
    m_scheduler.load();
    m_recovered = true;
  }
  for (const std::int64_t series : runs_of_another_setup(*m_workspace)) {
    look_at(series);
  }
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
    look_at_older_waiting();
  }
  for (const std::int64_t series : due) {
    look_at(series);
  }
  while (!m_later.empty() && (news || m_later.begin()->first <= std::chrono::steady_clock::now())) {
    look_at(m_later.begin()->second.series, m_later.begin()->second.again);
    m_later.erase(m_later.begin());
  }
}

// Of more than are looked at with every news the older ones take turns.
void FrontLoop::look_at_older_waiting() {
  const auto waiting = m_workspace->nodes().waiting_for_news(k_most_in_turn, m_turn);
  m_turn = waiting.size() < k_most_in_turn ? std::nullopt : std::optional(waiting.back());
  for (const std::int64_t series : waiting) {
    look_at_behind_others(series);
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
    // Somebody waits for it.
    pipeline::WorkStore(m_workspace->database())
        .note_pending({series, std::nullopt, k_asked_for_priority});
    look_at(series, true);
    return;
  }
  const std::string reason = fmt::format("cancelled by {}{}", request.who,
                                         request.reason.empty() ? "" : ": " + request.reason);
  forget(series);
  if (const auto run = pipeline::WorkStore(m_workspace->database()).open_run_of(series)) {
    app::cancel_run(*m_workspace, *run, reason);
    m_scheduler.cancel(series);
  } else if (m_workspace->queries().series(series)) {
    app::cancel_waiting(*m_workspace, series, reason);
  }
}

// Nothing is to be looked at that nobody wants.
void FrontLoop::forget(std::int64_t series) {
  take_put_off(series);
  const std::lock_guard lock(m_mutex);
  m_queue.forget(series);
}

// While the clock was ahead every series was too old.
void FrontLoop::look_again_by_right_clock() {
  auto& nodes = m_workspace->nodes();
  for (const std::int64_t number : nodes.skipped_later_than(m_clock.now(), k_most_retries)) {
    store::Transaction transaction(m_workspace->database());
    auto verdict = nodes.verdict(number);
    const auto series = m_workspace->queries().series(number);
    const bool again = verdict && series && !too_old(*series, false);
    if (verdict) {  // so that it is looked at once
      verdict->time = m_clock.now();
      nodes.set_verdict(number, *verdict);
    }
    if (again) {
      pipeline::WorkStore(m_workspace->database()).note_pending({number, std::nullopt, 0});
    }
    transaction.commit();
    if (again) {
      look_at(number);
    }
  }
}

std::optional<FrontLoop::Job> FrontLoop::next(const std::stop_token& stop) {
  take_requests();
  add_due_retries();
  look_again_by_right_clock();
  std::chrono::microseconds wait = k_longest_front_wait;
  if (const auto next_retry = m_workspace->nodes().next_retry(m_clock.now())) {
    wait = std::min<std::chrono::microseconds>(wait, *next_retry - m_clock.now());
  }
  if (!m_later.empty()) {
    wait = std::min(wait, std::chrono::ceil<std::chrono::microseconds>(
                              m_later.begin()->first - std::chrono::steady_clock::now()));
  }
  std::unique_lock lock(m_mutex);
  if (m_queue.empty()) {
    // What was put off would be forgotten by a crash.
    const bool nothing_left = m_later.empty();
    if (nothing_left && m_reached != m_saved) {
      lock.unlock();
      save_cursor();
      lock.lock();
    }
    m_changed.wait_for(lock, stop, std::max<std::chrono::microseconds>(wait, 1ms), [&] {
      return !m_queue.empty() || m_news || m_requests || m_new_config ||
             (nothing_left && m_reached != m_saved);
    });
  }
  if (m_queue.empty() || m_new_config || stop.stop_requested()) {
    return std::nullopt;
  }
  const auto job = m_queue.take();
  m_health.series = job->series;
  return job;
}

// Only what was looked at counts, so the cursor moves when nothing is left.
void FrontLoop::save_cursor() {
  std::int64_t reached = 0;
  {
    const std::lock_guard lock(m_mutex);
    if (!m_queue.empty()) {
      return;
    }
    reached = m_reached;
  }
  store::set_cursor(m_workspace->database(), k_cursor, std::to_string(reached));
  const std::lock_guard lock(m_mutex);
  m_saved = reached;
}

bool FrontLoop::too_old(const tracker::Series& series, bool again) const {
  const auto& most = m_workspace->config().max_age;
  return !again && most && m_age_clock.now() - series.date > *most;
}

// It was young enough when it was begun, or somebody asked for it.
bool FrontLoop::is_tried_again(std::int64_t series) const {
  const auto verdict = m_workspace->nodes().verdict(series);
  return verdict && verdict->retry_at && *verdict->retry_at > verdict->time;
}

// It is our trouble: others go first, and it is looked at again later.
void FrontLoop::postpone(const Job& job, const std::string& why) {
  Failures& failures = m_failures[job.series];
  failures.count = std::min(failures.count + 1, 6u);
  if (failures.why != why) {
    log::warning("series {} cannot be judged now: {}; it is tried again", job.series, why);
    failures.why = why;
  }
  const auto delay = k_first_postponement * (1u << (failures.count - 1));
  m_later.emplace(std::chrono::steady_clock::now() + delay, job);
  // A little sooner than the other clock says, or it would be looked at before it is due.
  const Timestamp now = m_clock.now();
  m_workspace->nodes().put_off_retry(job.series, now, now + delay - 1s);
  complain(
      fmt::format("{} series cannot be judged now; series {}: {}", m_later.size(), job.series, why),
      false);
}

// Its turn has come. True: somebody had asked for it.
bool FrontLoop::take_put_off(std::int64_t series) {
  bool again = false;
  std::erase_if(m_later, [&](const auto& later) {
    const bool same = later.second.series == series;
    again = again || (same && later.second.again);
    return same;
  });
  return again;
}

void FrontLoop::process(Job& job) {
  job.again = take_put_off(job.series) || job.again;
  pipeline::WorkStore work(m_workspace->database());
  const auto series = m_workspace->queries().series(job.series);
  const auto before = work.open_run_of(job.series);
  if (!series) {
    if (before) {  // merged into another one
      m_scheduler.cancel(job.series);
      app::abandon_run(*m_workspace, *before, findings::Verdict::skip,
                       "the series was joined with another one");
    }
    work.clear_pending(job.series);
    m_workspace->nodes().end_retries(job.series);
    return;
  }
  if (before && job.given_up) {
    m_scheduler.cancel(job.series);
    app::fail_run(*m_workspace, *series, *before, "its worker was lost");
    return;
  }
  const app::RunWatcher nobody;
  app::SeriesFront front(*m_workspace, m_processes, nobody);
  if (!before && too_old(*series, job.again) && !is_tried_again(job.series)) {
    front.leave_out(*series,
                    fmt::format("it is older than 'max-age' allows; `patchmill retry {}` tests it",
                                series->number));
    return;
  }
  if (!before && m_workspace->config().trees.empty()) {  // a Patchwork and nothing else
    front.leave_out(*series, fmt::format("no tree is configured; with one under `trees:`, "
                                         "`patchmill retry {}` tests it",
                                         series->number));
    work.clear_pending(series->number);
    return;
  }
  app::RunRequest request;
  request.again = job.again;
  const auto start = front.start(*series, request);
  if (!start) {
    postpone(job, start.error().message);
    return;
  }
  m_failures.erase(job.series);
  if (before && !start->resumed) {
    // What runs of the try before is of no use any more.
    m_scheduler.cancel(job.series);
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
      if (m_later.empty()) {
        complain("", false);
      }
    } catch (const std::exception& error) {
      complain(error.what(), true);
      if (job) {
        const std::lock_guard lock(m_mutex);
        m_queue.add(*job);
      }
      m_workspace.reset();
      std::unique_lock lock(m_mutex);
      m_changed.wait_for(lock, stop, k_front_pause, [] { return false; });
    }
    const std::lock_guard lock(m_mutex);
    m_health.series.reset();
  }
}

}  // namespace patchmill::service
