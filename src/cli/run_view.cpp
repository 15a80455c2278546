#include "cli/run_view.hpp"

#include "cli/output.hpp"
#include "cli/series_json.hpp"
#include "cli/series_text.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::cli {

int exit_status_of(const std::vector<findings::Verdict>& verdicts) {
  int status = k_pass;
  for (const auto verdict : verdicts) {
    if (verdict == findings::Verdict::fail) {
      return k_failed;
    }
    if (verdict == findings::Verdict::incomplete) {
      status = k_infrastructure;
    }
  }
  return status;
}

std::string note_of_kept(const std::vector<Timestamp>& judged) {
  if (judged.empty()) {
    return {};
  }
  const std::string last = to_iso(*std::ranges::max_element(judged));
  return judged.size() == 1
             ? fmt::format("nothing changed since {} UTC; --again tests anew", last)
             : fmt::format(
                   "nothing changed for {} of these since they were tested, the last at {} "
                   "UTC; --again tests anew",
                   judged.size(), last);
}

RunView::RunView(const Common& common, std::size_t series_count)
    : m_common(common), m_count(series_count), m_progress("testing", common.quiet) {}

app::RunWatcher RunView::watcher() {
  app::RunWatcher watcher;
  watcher.series_started = [this](const tracker::Series& series) {
    const std::lock_guard lock(m_mutex);
    auto& name = m_names[series.number];
    name = fmt::format("series {} {}", series.number, ellipsize(shown_name(series), 50));
    m_progress.update(m_rows.size(), m_count, name);
  };
  watcher.node_started = [this](const pipeline::Node& node) {
    const std::string patch = node.patch ? fmt::format(" patch {}", *node.patch) : "";
    const std::lock_guard lock(m_mutex);
    m_progress.update(m_rows.size(), m_count,
                      fmt::format("{}: {}{}", m_names[node.series], node.name, patch));
  };
  return watcher;
}

void RunView::add(const tracker::Series& series, const app::SeriesReport& report) {
  const std::lock_guard lock(m_mutex);
  m_rows.push_back({series, report.verdict, report.kept});
  m_progress.update(m_rows.size(), m_count, m_names[series.number]);
  m_names.erase(series.number);
}

void RunView::add_failure(const tracker::Series& series, const Error& error) {
  pipeline::NodeStore::SeriesVerdict verdict;
  verdict.verdict = findings::Verdict::incomplete;
  verdict.reason = error.message;
  const std::lock_guard lock(m_mutex);
  m_names.erase(series.number);
  m_rows.push_back({series, verdict, false});
}

int RunView::finish() {
  const std::lock_guard lock(m_mutex);
  std::vector<findings::Verdict> verdicts;
  std::vector<Timestamp> kept;
  boost::json::array out;
  Table table({"series", "v", "patches", "verdict", "name", "reason"});
  for (const Row& row : m_rows) {
    verdicts.push_back(row.verdict.verdict);
    if (row.kept) {
      kept.push_back(row.verdict.time);
    }
    if (m_common.json) {
      out.push_back(series_json(row.series, row.verdict));
    } else {
      table.row({std::to_string(row.series.number), std::to_string(row.series.version),
                 fmt::format("{}/{}", row.series.received_total(), row.series.total),
                 std::string(findings::to_string(row.verdict.verdict)),
                 ellipsize(shown_name(row.series), 50), row.verdict.reason});
    }
  }
  m_progress.update(m_rows.size(), m_count);
  if (m_common.json) {
    print_json(out);
  } else if (m_rows.empty()) {
    fmt::print("nothing is pending\n");
  } else {
    if (use_color(2)) {
      fmt::print(stderr, "\n");
    }
    table.print(3);
    if (const std::string note = note_of_kept(kept); !note.empty()) {
      fmt::print("{}\n", note);
    }
  }
  return exit_status_of(verdicts);
}

}  // namespace patchmill::cli
