#include "cli/cmd_import.hpp"

#include "app/registry_stage.hpp"
#include "app/series_addresses.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "intake/detect.hpp"
#include "intake/importer.hpp"
#include "intake/source_spec.hpp"
#include "intake/waiter.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {
namespace {

struct ImportStorage {
  std::vector<std::string> paths, projects;
  std::string list_id, token_file;
};

// What to read, with the List-Id its mails belong to.
struct Wanted {
  std::string location, list_id;
};

void import_one(app::Workspace& workspace, const Wanted& wanted, Progress& progress,
                intake::ImportReport& totals) {
  const auto detected = intake::detect_source(wanted.location);
  if (!detected) {
    totals.problems.push_back(detected.error());
    return;
  }
  auto sources = intake::open_sources(*detected, workspace.config().data / "inbox");
  if (!sources) {
    totals.problems.push_back(sources.error());
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

// All there is to read of it now.
void import_patchwork(app::Workspace& workspace, const intake::SourceSpec& source,
                      Progress& progress, intake::ImportReport& totals) {
  intake::ImportOptions options;
  options.list_id = source.list_id;
  intake::Importer importer(workspace.database(), workspace.blobs(), workspace.clock(), options);
  intake::StorePositions positions(workspace.database());
  for (const auto& [name, feed, backoff] : intake::open_feeds(source, {})) {
    while (true) {
      intake::Waiter waiter;
      const auto sources = feed->open(positions, waiter);
      if (!sources) {
        totals.problems.push_back(
            {sources.error().kind, fmt::format("source {}: {}", name, sources.error().message)});
      }
      if (!sources || sources->empty()) {
        break;
      }
      auto report = importer.run(*sources, [&](const intake::ImportProgress& state) {
        progress.update(state.position.done, state.position.total.value_or(0),
                        fmt::format("{} mails, {:.0f}/s, {}", state.mails, state.mails_per_second,
                                    state.source));
      });
      const bool broken = !report.problems.empty();
      totals.add(std::move(report));
      if (broken) {
        break;
      }
    }
  }
}

void print_totals(const Common& common, const intake::ImportReport& report) {
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
                                  {"seconds", report.seconds}};
    print_json(out);
    return;
  }
  fmt::print("{}, {} known already, {} series new or changed\n",
             count_of(report.stored, "new mail"), report.duplicates, report.changed_series.size());
  for (const auto& [reason, count] : report.unusable_by_reason) {
    fmt::print("  {} cannot be used: {}\n", count, escape_terminal(reason));
  }
}

// What Patchwork's clients get to see.
Result<void> update_registry(app::Workspace& workspace, const Common& common) {
  if (workspace.config().patchwork.projects.empty()) {
    app::resolve_series_addresses(workspace.database(), workspace.config(),
                                  workspace.clock().now());
    return {};
  }
  Progress progress("patchwork", common.quiet);
  return app::follow_registry(workspace, [&](std::uint64_t done) {
    progress.update(done, 0, "what Patchwork's clients get");
  });
}

int run(const Common& common, const ImportStorage& storage) {
  if (storage.paths.size() == 2 && storage.paths.front() == "patchwork") {
    return import_whole_patchwork(common,
                                  {storage.paths.back(), storage.projects, storage.token_file});
  }
  if (!storage.projects.empty() || !storage.token_file.empty()) {
    return report(
        {ErrorKind::invalid, "--project and --token-file belong to `patchmill import patchwork`"});
  }
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  std::vector<Wanted> wanted;
  std::vector<const intake::SourceSpec*> patchworks;
  for (const std::string& path : storage.paths) {
    wanted.push_back({path, to_lower(storage.list_id)});
  }
  if (wanted.empty()) {
    for (const auto& source : (*workspace)->config().sources) {
      if (std::holds_alternative<intake::PatchworkSpec>(source.kind)) {
        patchworks.push_back(&source);
        continue;
      }
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
  if (wanted.empty() && patchworks.empty()) {
    return report({ErrorKind::invalid, "nothing to import: name a path, or configure 'sources'"});
  }
  auto lock = intake::lock_intake((*workspace)->config().data, false);
  if (!lock) {
    return report({ErrorKind::infrastructure, lock.error().message});
  }
  intake::ImportReport totals;
  {
    Progress progress("importing", common.quiet);
    for (const Wanted& one : wanted) {
      import_one(**workspace, one, progress, totals);
    }
    for (const auto* source : patchworks) {
      import_patchwork(**workspace, *source, progress, totals);
    }
  }
  print_totals(common, totals);
  int status = k_pass;
  if (const auto kept = update_registry(**workspace, common); !kept) {
    status = report(kept.error());
  }
  for (const auto& problem : totals.problems) {
    status = std::max(status, report(problem));
  }
  return status;
}

}  // namespace

Command import_command() {
  auto storage = std::make_shared<ImportStorage>();
  Command command;
  command.name = "import";
  command.summary =
      "Read mails from mboxes, maildirs and public-inbox repositories, or take over a Patchwork.";
  command.description =
      "PATH is an mbox, a single mail, a maildir (also as lei writes it), or a public-inbox "
      "repository (v1, v2 with all its epochs, or one epoch), by path or URL. Only what is new "
      "since the last time is read, and a mail is stored once. Without PATH the configured sources "
      "are read. Mails that cannot be used are stored with the reason (`patchmill show messages`). "
      "Killed at any moment, the next import goes on where this one got to.\n\n"
      "`patchmill import patchwork URL` takes over a whole Patchwork instead: its projects (or "
      "those named) with patches, covers, series, comments, checks, states, delegates, bundles and "
      "people, under the ids they have there, so that links keep working. What the server cannot "
      "give is named, and tried first by the next. `patchmill import patchwork DUMP` does so from "
      "a file: what pg_dump, mysqldump, sqlite3's .dump or "
      "`manage.py dumpdata patchwork auth.user` wrote, not packed; events come with it.";
  command.arguments = {{"PATH", "What to read.", &storage->paths, false, true, Complete::file}};
  command.options = {{"-l,--list-id", "ID", "The list these mails belong to, whatever they say.",
                      &storage->list_id},
                     {"-p,--project", "NAME",
                      "Of a Patchwork, only this project (link name or number); may be repeated.",
                      &storage->projects},
                     {"--token-file", "FILE",
                      "Holds a token of the Patchwork, for what is not public there; else that of "
                      "the environment variable PATCHMILL_PATCHWORK_TOKEN, if there is one.",
                      &storage->token_file, Complete::file}};
  command.examples = {
      {"patchmill import --data ~/mill ltp.mbox", "one file into a data folder"},
      {"patchmill import https://lore.kernel.org/ltp", "a whole list; later, what is new"},
      {"patchmill import patchwork https://patchwork.example.org --project ltp",
       "a project of a Patchwork, with everything in it"},
      {"patchmill import patchwork patchwork.sql",
       "a whole Patchwork, from a dump of its database"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
