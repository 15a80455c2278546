#include "intake/importer.hpp"

#include "intake/read_ahead.hpp"
#include "tracker/tracker.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <system_error>
#include <thread>

namespace patchmill::intake {
namespace {

constexpr std::size_t most_left_out = 20;  // named one by one, of a source
constexpr std::size_t most_reasons = 100;  // some name numbers; the rest is counted together

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// One run of the importer.
class Run {
 public:
  Run(store::Database& database, tracker::Tracker& tracker, const ImportOptions& options,
      const Importer::OnProgress& on_progress)
      : m_database(database),
        m_tracker(tracker),
        m_options(options),
        m_on_progress(on_progress),
        m_parsers(options.parsers > 0 ? options.parsers : std::thread::hardware_concurrency()) {}

  void read(Source& source);
  ImportReport finish();

 private:
  void store(const Batch& batch);
  void count_reasons(const Batch& batch, const tracker::IngestOutcome& outcome);
  void tell(const Source& source, const Batch& batch) const;

  store::Database& m_database;
  tracker::Tracker& m_tracker;
  const ImportOptions& m_options;
  const Importer::OnProgress& m_on_progress;
  ThreadPool m_parsers;
  SteadyClock::time_point m_start = SteadyClock::now();
  std::set<std::int64_t> m_changed;
  ImportReport m_report;
};

void Run::read(Source& source) {
  StorePositions positions(m_database);
  if (const auto resumed = source.resume(positions); !resumed) {
    m_report.problems.push_back(resumed.error());
    return;
  }
  ReadAhead ahead(source, m_options, m_parsers);
  std::size_t left_out = 0;
  bool last = false;
  while (!last) {
    auto batch = ahead.pop();
    store(*batch);
    tell(source, *batch);
    for (auto& one : batch->left_out) {
      if (++left_out <= most_left_out) {
        m_report.problems.push_back(std::move(one));
      }
    }
    if (batch->problem) {
      m_report.problems.push_back(*batch->problem);
    }
    last = batch->last;
    ahead.dispose(std::move(batch));
  }
  if (left_out > most_left_out) {
    m_report.problems.push_back(
        {ErrorKind::infrastructure, fmt::format("{} of {} could not be read either",
                                                count_of(left_out - most_left_out, "more mail"),
                                                escape_terminal(source.name()))});
  }
}

void Run::store(const Batch& batch) {
  if (batch.mails.empty()) {
    store::Transaction transaction(m_database);
    batch.checkpoint(m_database);
    transaction.commit();
    return;
  }
  const auto outcome = m_tracker.ingest(batch.mails, [&] { batch.checkpoint(m_database); });
  m_report.stored += outcome.stored;
  m_report.duplicates += outcome.duplicates;
  m_report.unusable += outcome.unusable;
  m_changed.insert(outcome.changed_series.begin(), outcome.changed_series.end());
  count_reasons(batch, outcome);
}

void Run::count_reasons(const Batch& batch, const tracker::IngestOutcome& outcome) {
  auto& reasons = m_report.unusable_by_reason;
  for (const std::size_t index : outcome.unparsed) {
    auto reason = ellipsize(batch.mails[index].parsed.error().message, 200);
    const bool fits = reasons.size() < most_reasons || reasons.contains(reason);
    ++reasons[fits ? std::move(reason) : std::string("other reasons")];
  }
}

void Run::tell(const Source& source, const Batch& batch) const {
  if (!m_on_progress) {
    return;
  }
  ImportProgress progress;
  progress.source = source.name();
  progress.position = batch.position;
  progress.mails = m_report.stored + m_report.duplicates;
  progress.mails_per_second =
      static_cast<double>(progress.mails) / std::max(seconds_since(m_start), 1e-3);
  m_on_progress(progress);
}

ImportReport Run::finish() {
  m_report.changed_series.assign(m_changed.begin(), m_changed.end());
  m_report.seconds = seconds_since(m_start);
  return std::move(m_report);
}

}  // namespace

void ImportReport::add(const ImportReport& more) {
  stored += more.stored;
  duplicates += more.duplicates;
  unusable += more.unusable;
  for (const auto& [reason, count] : more.unusable_by_reason) {
    unusable_by_reason[reason] += count;
  }
  std::vector<std::int64_t> all;
  std::ranges::set_union(changed_series, more.changed_series, std::back_inserter(all));
  changed_series = std::move(all);
  problems.insert(problems.end(), more.problems.begin(), more.problems.end());
  seconds += more.seconds;
}

Importer::Importer(store::Database& database, store::BlobStore& blobs, const Clock& clock,
                   ImportOptions options)
    : m_database(database), m_blobs(blobs), m_clock(clock), m_options(std::move(options)) {}

ImportReport Importer::run(std::span<const std::unique_ptr<Source>> sources,
                           const OnProgress& on_progress) {
  tracker::Tracker tracker(m_database, m_blobs, m_clock);
  Run run(m_database, tracker, m_options, on_progress);
  for (const auto& source : sources) {
    run.read(*source);
  }
  return run.finish();
}

Result<LockFile> lock_intake(const std::filesystem::path& data_dir, bool wait) {
  std::error_code error;
  std::filesystem::create_directories(data_dir, error);
  auto lock = LockFile::acquire(data_dir / "intake.lock", wait);
  if (!lock && lock.error().kind == ErrorKind::conflict) {
    return fail(ErrorKind::conflict,
                fmt::format("another patchmill is reading sources into {}; wait for an import to "
                            "end, or let the service read this too: add it to `sources`",
                            escape_terminal(data_dir.string())));
  }
  return lock;
}

}  // namespace patchmill::intake
