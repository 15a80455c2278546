#include "service/health_reporter.hpp"

#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::service {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds k_health_interval{2};
constexpr std::uintmax_t k_little_disk = std::uintmax_t{5} << 30;
constexpr std::uintmax_t k_no_disk = std::uintmax_t{256} << 20;

}  // namespace

HealthReporter::HealthReporter(Watched watched) : m_watched(std::move(watched)) {
  m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

HealthReporter::~HealthReporter() {
  m_thread.request_stop();
  m_thread.join();
  try {
    if (m_database) {
      forget_sign_of_life(*m_database);
    }
  } catch (const store::DatabaseError&) {  // NOLINT(bugprone-empty-catch)
    // The sign of life grows old by itself.
  }
}

std::vector<intake::SourceHealth> HealthReporter::sources() const {
  const std::lock_guard lock(m_mutex);
  return m_sources;
}

std::vector<TreeHealth> HealthReporter::trees() const {
  const std::lock_guard lock(m_mutex);
  return m_trees;
}

std::string HealthReporter::patchwork_error() const {
  return m_watched.registry != nullptr ? m_watched.registry->state().error : "";
}

PartFigures HealthReporter::figures() const {
  return {sources(), trees(), m_watched.mail->counters(), m_watched.workers->size(),
          m_watched.scheduler->counts().running};
}

void HealthReporter::forget_missing(Part part, std::set<std::string>& known,
                                    std::set<std::string> now) {
  for (const auto& name : known) {
    if (!now.contains(name)) {
      m_watched.health->remove(part, name);
    }
  }
  known = std::move(now);
  m_watched.health->set_ok(part);
}

void HealthReporter::look_at_sources() {
  auto sources = m_watched.sources();
  std::set<std::string> names;
  for (const auto& source : sources) {
    names.insert(source.name);
    const bool failing = source.state == intake::SourceState::failing;
    m_watched.health->set(Part::sources, source.name,
                          failing                 ? PartState::down
                          : !source.error.empty() ? PartState::degraded
                                                  : PartState::ok,
                          source.error);
  }
  forget_missing(Part::sources, m_known_sources, std::move(names));
  const std::lock_guard lock(m_mutex);
  m_sources = std::move(sources);
}

void HealthReporter::look_at_trees() {
  auto trees = m_watched.trees();
  std::set<std::string> names;
  for (const auto& tree : trees) {
    names.insert(tree.name);
    // What was fetched before stays in use.
    const auto bad = tree.tip.empty() ? PartState::down : PartState::degraded;
    m_watched.health->set(Part::trees, tree.name, tree.error.empty() ? PartState::ok : bad,
                          tree.error);
  }
  forget_missing(Part::trees, m_known_trees, std::move(names));
  const std::lock_guard lock(m_mutex);
  m_trees = std::move(trees);
}

void HealthReporter::look_at_work() {
  const auto part = [&](Part which, const std::string& error, std::string_view todo) {
    m_watched.health->set(which, "", error.empty() ? PartState::ok : PartState::down, error,
                          error.empty() ? "" : todo);
  };
  const LoopHealth front = m_watched.front->health();
  m_watched.health->set(Part::scheduler, "",
                        front.stuck            ? PartState::down
                        : !front.error.empty() ? PartState::degraded
                                               : PartState::ok,
                        front.error, "it is tried again; look at the trees and at the log");
  part(Part::workers, m_watched.workers->error(), "patchmill doctor");
  part(Part::store, m_watched.events->error(), "see that the store can be reached");
}

void HealthReporter::look_at_mail() {
  const MailCounters mail = m_watched.mail->counters();
  if (!mail.store_is_there) {
    m_watched.health->set(Part::mail, "", PartState::down, mail.last_error,
                          "see that the store can be reached");
  } else if (mail.undecided > 0 || mail.doubtful > 0) {
    m_watched.health->set(
        Part::mail, "", PartState::degraded,
        fmt::format("{} may or may not have arrived, {} for a mail: {}",
                    count_of(mail.doubtful, "mail"),
                    count_of(mail.undecided, "verdict waits", "verdicts wait"), mail.last_error),
        mail.doubtful > 0 ? "patchmill mail list --state in-doubt" : "patchmill check-config");
  } else {
    m_watched.health->set_ok(Part::mail);
  }
}

void HealthReporter::look_at_patchwork() {
  // What was kept before is still served.
  const std::string error = patchwork_error();
  m_watched.health->set(Part::patchwork, "", error.empty() ? PartState::ok : PartState::degraded,
                        error,
                        error.empty() ? ""
                                      : "correct the section 'patchwork' and reload, or see "
                                        "that the store can be reached");
}

void HealthReporter::look_at_disk() {
  std::error_code error;
  const auto space = fs::space(m_watched.data, error);
  if (error) {
    m_watched.health->set(Part::disk, "", PartState::down,
                          fmt::format("the data folder {} cannot be looked at: {}",
                                      m_watched.data.string(), error.message()));
    return;
  }
  const auto state = space.available < k_no_disk       ? PartState::down
                     : space.available < k_little_disk ? PartState::degraded
                                                       : PartState::ok;
  m_watched.health->set(
      Part::disk, "", state,
      state == PartState::ok
          ? ""
          : fmt::format("{} MiB are free on the disk of the data folder", space.available >> 20),
      "make room, or `patchmill prune`");
}

void HealthReporter::save() {
  if (!m_database) {
    m_database = m_watched.open();
  }
  m_watched.health->save(*m_database);
}

void HealthReporter::look() {
  const std::lock_guard lock(m_looking);
  // Whatever cannot be looked at, leases are kept: without them work under way is done again.
  const auto look_at = [&](Part part, void (HealthReporter::*how)()) {
    try {
      (this->*how)();
    } catch (const std::exception& error) {
      m_watched.health->set(part, "", PartState::down,
                            fmt::format("it cannot be looked at: {}", error.what()),
                            "look at the log; it is tried again");
    }
  };
  look_at(Part::sources, &HealthReporter::look_at_sources);
  look_at(Part::trees, &HealthReporter::look_at_trees);
  look_at(Part::scheduler, &HealthReporter::look_at_work);
  look_at(Part::mail, &HealthReporter::look_at_mail);
  look_at(Part::patchwork, &HealthReporter::look_at_patchwork);
  look_at(Part::disk, &HealthReporter::look_at_disk);
  try {
    for (const std::int64_t series : m_watched.scheduler->keep_leases()) {
      m_watched.front->give_up(series);
    }
    save();
  } catch (const std::exception& error) {
    m_database.reset();
    m_watched.health->set(Part::store, "", PartState::down, error.what(),
                          "see that the store can be reached; nothing is lost meanwhile");
  }
}

void HealthReporter::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    look();
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, stop, k_health_interval, [] { return false; });
  }
}

}  // namespace patchmill::service
