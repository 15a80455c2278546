#include "cli/command.hpp"
#include "cli/output.hpp"
#include "intake/detect.hpp"
#include "intake/importer.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {
namespace {

struct Storage {
  std::vector<std::string> paths;
  std::string list_id;
};

// What to read, with the List-Id its mails belong to.
struct Wanted {
  std::string location, list_id;
};

struct Totals {
  intake::ImportReport report;
  double seconds = 0;

  void add(const intake::ImportReport& more) {
    report.stored += more.stored;
    report.duplicates += more.duplicates;
    report.unusable += more.unusable;
    for (const auto& [reason, count] : more.unusable_by_reason) {
      report.unusable_by_reason[reason] += count;
    }
    report.changed_series.insert(report.changed_series.end(), more.changed_series.begin(),
                                 more.changed_series.end());
    report.problems.insert(report.problems.end(), more.problems.begin(), more.problems.end());
    seconds += more.seconds;
  }
};

void import_one(app::Workspace& workspace, const Wanted& wanted, Progress& progress,
                Totals& totals) {
  const auto detected = intake::detect_source(wanted.location);
  if (!detected) {
    totals.report.problems.push_back(detected.error());
    return;
  }
  auto sources = intake::open_sources(*detected, workspace.config().data / "inbox");
  if (!sources) {
    totals.report.problems.push_back(sources.error());
    return;
  }
  intake::ImportOptions options;
  options.list_id = wanted.list_id;
  intake::Importer importer(workspace.database(), workspace.blobs(), workspace.clock(), options);
  totals.add(importer.run(*sources, [&](const intake::ImportProgress& state) {
    progress.update(state.position.done, state.position.total.value_or(0),
                    fmt::format("{}, {:.0f}/s, {}", count_of(state.mails, "mail"),
                                state.mails_per_second, state.source));
  }));
}

void print_totals(const Common& common, const Totals& totals) {
  const auto& report = totals.report;
  if (common.json) {
    boost::json::object reasons;
    for (const auto& [reason, count] : report.unusable_by_reason) {
      reasons[reason] = count;
    }
    boost::json::array problems;
    for (const auto& problem : report.problems) {
      problems.emplace_back(problem.message);
    }
    const boost::json::object out{{"stored", report.stored},
                                  {"duplicates", report.duplicates},
                                  {"unusable", report.unusable},
                                  {"unusable_by_reason", std::move(reasons)},
                                  {"changed_series", report.changed_series.size()},
                                  {"problems", std::move(problems)},
                                  {"seconds", totals.seconds}};
    fmt::print("{}\n", boost::json::serialize(out));
    return;
  }
  fmt::print("{}, {} known already, {} series new or changed\n",
             count_of(report.stored, "new mail"), report.duplicates, report.changed_series.size());
  for (const auto& [reason, count] : report.unusable_by_reason) {
    fmt::print("  {} cannot be used: {}\n", count, escape_terminal(reason));
  }
}

int run(const Common& common, const Storage& storage) {
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  std::vector<Wanted> wanted;
  for (const std::string& path : storage.paths) {
    wanted.push_back({path, to_lower(storage.list_id)});
  }
  if (wanted.empty()) {
    for (const auto& source : (*workspace)->config().sources) {
      const auto* place = std::get_if<intake::PlaceSpec>(&source.kind);
      if (place == nullptr) {
        fmt::print(stderr, "patchmill: source {} is followed by `patchmill serve` only\n",
                   source.name);
        continue;
      }
      wanted.push_back(
          {place->place, storage.list_id.empty() ? source.list_id : to_lower(storage.list_id)});
    }
  }
  if (wanted.empty()) {
    return report({ErrorKind::invalid, "nothing to import: name a path, or configure 'sources'"});
  }
  auto lock = intake::lock_intake((*workspace)->config().data, false);
  if (!lock) {
    return report({ErrorKind::infrastructure, lock.error().message});
  }
  Totals totals;
  {
    Progress progress("importing", common.quiet);
    for (const Wanted& one : wanted) {
      import_one(**workspace, one, progress, totals);
    }
  }
  print_totals(common, totals);
  int status = k_pass;
  for (const auto& problem : totals.report.problems) {
    status = std::max(status, report(problem));
  }
  return status;
}

}  // namespace

Command import_command() {
  auto storage = std::make_shared<Storage>();
  Command command;
  command.name = "import";
  command.summary = "Read mails from mboxes, maildirs and public-inbox repositories.";
  command.description =
      "PATH is an mbox, a single mail, a maildir (also as lei writes it), or a public-inbox "
      "repository (v1, v2 with all its epochs, or one epoch), by path or URL. Only what is new "
      "since "
      "the last time is read, and a mail is stored once. Without PATH the configured sources are "
      "read. Mails that cannot be used are stored with the reason (`patchmill show messages`). "
      "Killed at any moment, the next import goes on where this one got to.";
  command.arguments = {{"PATH", "What to read.", &storage->paths, false, true, Complete::file}};
  command.options = {{"-l,--list-id", "ID", "The list these mails belong to, whatever they say.",
                      &storage->list_id}};
  command.examples = {
      {"patchmill import --data ~/mill ltp.mbox", "one file into a data folder"},
      {"patchmill import https://lore.kernel.org/ltp", "a whole list; later, what is new"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
