#include "app/check_stage.hpp"
#include "app/mail_stage.hpp"
#include "app/placement_json.hpp"
#include "app/selection.hpp"
#include "cli/command.hpp"
#include "cli/find_series.hpp"
#include "cli/mail_view.hpp"
#include "cli/output.hpp"
#include "cli/parse_date.hpp"
#include "cli/series_text.hpp"
#include "pipeline/job.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {
namespace {

struct PlanStorage {
  std::vector<std::string> series;
  std::string as_of, tree;
  bool no_fetch = false, mail = false;
};

// A series by number or Message-ID, and where it would go.
struct Planned {
  tracker::Series series;
  tracker::Selection selection;
  placement::SeriesPatches patches;
  placement::Placement placement;
};

Result<Planned> plan_one(app::Workspace& workspace, const PlanStorage& storage) {
  PM_TRY_ASSIGN(const auto series, find_series(workspace.queries(), storage.series[0]));
  if (workspace.config().trees.empty()) {
    return fail(ErrorKind::invalid,
                "no trees are configured; add them under 'trees' (see docs/configuration.md)");
  }
  placement::PlaceOptions options;
  options.only_tree = storage.tree;
  if (!storage.as_of.empty()) {
    const auto time = parse_date(storage.as_of);
    if (!time) {
      return fail(ErrorKind::invalid,
                  fmt::format("'{}' is not a date; write 2026-11-20 or 2026-11-20T09:30:00 (UTC)",
                              escape_terminal(storage.as_of)));
    }
    options.as_of = *time;
  }
  if (!storage.no_fetch) {
    for (const auto& [tree, result] : workspace.placer().refresh()) {
      if (!result) {
        fmt::print(stderr, "patchmill: tree {}: {}\n", tree,
                   escape_terminal(result.error().message));
      }
    }
  }
  Planned planned;
  planned.series = series;
  planned.selection = app::select_series(workspace, series);
  PM_TRY_ASSIGN(planned.patches, placement::load_patches(workspace.queries(), series));
  PM_TRY_ASSIGN(planned.placement,
                workspace.placer().place(series, planned.patches, workspace.queries(), options));
  return planned;
}

pipeline::Plan plan_jobs(const app::Config& config, const Planned& planned) {
  pipeline::PlanInput input;
  if (planned.placement.chosen) {
    input.tree = planned.placement.candidates[*planned.placement.chosen].tree;
  }
  input.tags = planned.series.prefixes;
  input.paths = planned.patches.paths;
  return pipeline::make_plan(config.jobs, input);
}

void print_selection(const Planned& planned) {
  fmt::print("{}: {}\n", tracker::to_string(planned.selection.taking),
             escape_terminal(planned.selection.reason));
}

void print_plan(const app::Config& config, const Planned& planned) {
  fmt::print("series {}  {}\n", planned.series.number, escape_terminal(planned.series.name));
  print_selection(planned);
  fmt::print("base: {}\n", escape_terminal(planned.placement.explanation));
  fmt::print("checks:");
  for (const auto* check : app::enabled_checks(config)) {
    fmt::print(" {}", check->name());
  }
  fmt::print("\n");
  const auto plan = plan_jobs(config, planned);
  for (const auto& job : plan.jobs) {
    fmt::print("job: {}{}\n", job.job->name,
               job.patch ? fmt::format(" on patch {}", *job.patch) : "");
  }
  for (const auto& skipped : plan.skipped) {
    fmt::print("no {}: {}\n", skipped.job->name, escape_terminal(skipped.reason));
  }
}

boost::json::object plan_json(const app::Config& config, const Planned& planned) {
  boost::json::object out;
  out["series"] = planned.series.number;
  out["selection"] = {{"taking", tracker::to_string(planned.selection.taking)},
                      {"reason", planned.selection.reason}};
  out["placement"] = app::placement_json(planned.placement);
  boost::json::array checks;
  for (const auto* check : app::enabled_checks(config)) {
    checks.emplace_back(check->name());
  }
  out["checks"] = std::move(checks);
  const auto plan = plan_jobs(config, planned);
  boost::json::array jobs;
  for (const auto& job : plan.jobs) {
    jobs.push_back({{"job", job.job->name},
                    {"patch", job.patch ? boost::json::value(*job.patch) : boost::json::value()}});
  }
  out["jobs"] = std::move(jobs);
  boost::json::array skipped;
  for (const auto& job : plan.skipped) {
    skipped.push_back({{"job", job.job->name}, {"reason", job.reason}});
  }
  out["skipped"] = std::move(skipped);
  return out;
}

int status_of(const placement::Placement& placement) {
  switch (placement.state) {
    case placement::PlacementState::conflict:
      return k_failed;
    case placement::PlacementState::waiting:
    case placement::PlacementState::no_candidate:
      return k_infrastructure;
    default:
      return k_pass;
  }
}

int execute(const Common& common, const PlanStorage& storage, bool explain) {
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  const auto planned = plan_one(**workspace, storage);
  if (!planned) {
    return report(planned.error());
  }
  if (common.json) {
    fmt::print("{}\n", boost::json::serialize(plan_json((*workspace)->config(), *planned)));
  } else if (explain) {
    const auto verdict = (*workspace)->nodes().verdict(planned->series.number);
    fmt::print("series {}  {}\n", planned->series.number, escape_terminal(planned->series.name));
    if (verdict) {
      fmt::print("verdict: {}  {}\n", findings::to_string(verdict->verdict),
                 escape_terminal(verdict->reason));
    }
    print_selection(*planned);
    print_placement(planned->placement);
  } else {
    print_plan((*workspace)->config(), *planned);
  }
  return status_of(planned->placement);
}

// What would be mailed about the verdict there is; nothing is placed again.
int plan_mail(app::Workspace& workspace, const Common& common, const PlanStorage& storage) {
  const auto series = find_series(workspace.queries(), storage.series[0]);
  if (!series) {
    return report(series.error());
  }
  const auto stage = app::MailStage::make(workspace);
  if (!stage) {
    return report(stage.error());
  }
  if (!*stage) {
    return report({ErrorKind::invalid,
                   "this configuration mails nothing: there are no rules under 'mail' "
                   "(docs/mail-policy.md)"});
  }
  const auto preview = (*stage)->preview(*series);
  if (!preview) {
    return report(preview.error());
  }
  const auto earlier = (*stage)->mails().of_series(series->number);
  if (common.json) {
    fmt::print("{}\n", boost::json::serialize(preview_json(*series, *preview, earlier)));
  } else {
    print_preview(*series, *preview, earlier);
  }
  return k_pass;
}

void add_options(Command& command, const std::shared_ptr<PlanStorage>& storage) {
  command.arguments = {{"SERIES", "By number or Message-ID.", &storage->series, true}};
  command.options = {
      {"--as-of", "DATE",
       "Only commits that existed then: 2026-11-20 or 2026-11-20T09:30:00 (UTC).", &storage->as_of},
      {"--tree", "NAME", "Consider this tree alone.", &storage->tree},
      {"--no-fetch", "", "Use the trees as they were fetched last.", &storage->no_fetch}};
}

}  // namespace

Command plan_command() {
  auto storage = std::make_shared<PlanStorage>();
  Command command;
  command.name = "plan";
  command.summary = "Say what would happen to a series: base, checks, jobs, and what is left out.";
  add_options(command, storage);
  command.options.push_back({"-m,--mail", "",
                             "Say what would be mailed about its verdict, to whom, and why.",
                             &storage->mail});
  command.examples = {{"patchmill plan 7", "before running it"},
                      {"patchmill plan --mail 7", "the exact bytes, and why each person gets it"},
                      {"patchmill plan --as-of 2026-03-01 7", "as it would have been that day"}};
  command.run = [storage](const Common& common) -> int {
    if (!storage->mail) {
      return execute(common, *storage, false);
    }
    auto workspace = common.workspace();
    return workspace ? plan_mail(**workspace, common, *storage) : report(workspace.error());
  };
  return command;
}

Command explain_command() {
  auto storage = std::make_shared<PlanStorage>();
  Command command;
  command.name = "explain";
  command.summary = "Show every base considered for a series, with why, and the hunk that failed.";
  add_options(command, storage);
  command.examples = {{"patchmill explain 7", "why was it tested on that commit?"}};
  command.run = [storage](const Common& common) -> int { return execute(common, *storage, true); };
  return command;
}

}  // namespace patchmill::cli
