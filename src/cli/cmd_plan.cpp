#include "app/mail_stage.hpp"
#include "app/placement_json.hpp"
#include "app/selection.hpp"
#include "app/series_plan.hpp"
#include "cli/command.hpp"
#include "cli/find_series.hpp"
#include "cli/mail_view.hpp"
#include "cli/output.hpp"
#include "cli/parse_date.hpp"
#include "cli/run_view.hpp"
#include "cli/series_text.hpp"
#include "pipeline/work_store.hpp"
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

// A series by number or Message-ID, and what would happen to it.
struct Planned {
  tracker::Series series;
  tracker::Selection selection;
  app::SeriesPlan plan;
  std::string all_the_same;  // why it is tested although it is not taken; empty: it is not so
};

// What was begun goes on, whatever the sources say now.
std::string why_all_the_same(app::Workspace& workspace, const Planned& planned) {
  if (planned.selection.taking == tracker::Taking::taken || planned.plan.early) {
    return {};
  }
  return pipeline::WorkStore(workspace.database()).open_run_of(planned.series.number)
             ? "a test of it is under way"
             : "it was tested before";
}

// `explain`: where it would go is asked for, whether or not it is tested.
Result<Planned> plan_one(app::Workspace& workspace, const PlanStorage& storage, bool explain) {
  PM_TRY_ASSIGN(const auto series, find_series(workspace.queries(), storage.series[0]));
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
        fmt::print(stderr, "patchmill: {}\n", escape_terminal(result.error().message));
      }
    }
  }
  Planned planned;
  planned.series = series;
  planned.selection = app::select_series(workspace, series);
  PM_TRY_ASSIGN(planned.plan, app::plan_series(workspace, series, options,
                                               explain || options.as_of || !storage.tree.empty()));
  planned.all_the_same = why_all_the_same(workspace, planned);
  return planned;
}

void print_selection(const Planned& planned) {
  fmt::print("{}: {}\n", tracker::to_string(planned.selection.taking),
             escape_terminal(planned.selection.reason));
  if (!planned.all_the_same.empty()) {
    fmt::print("tested all the same: {}\n", planned.all_the_same);
  }
}

void print_plan(const Planned& planned) {
  const app::SeriesPlan& plan = planned.plan;
  fmt::print("series {}  {}\n", planned.series.number, escape_terminal(shown_name(planned.series)));
  print_selection(planned);
  if (plan.early) {
    fmt::print("verdict without a test: {}, {}\n", findings::to_string(plan.early->verdict),
               escape_terminal(plan.early->reason));
  }
  if (plan.placement) {
    fmt::print("base: {}\n", escape_terminal(plan.placement->explanation));
  }
  fmt::print("checks:{}", plan.checks.empty() ? " none" : "");
  for (const auto* check : plan.checks) {
    fmt::print(" {}", check->name());
  }
  fmt::print("\n");
  if (plan.jobs.jobs.empty()) {
    fmt::print("no jobs run\n");
  }
  for (const auto& job : plan.jobs.jobs) {
    fmt::print("job: {}{}\n", job.job->name,
               job.patch ? fmt::format(" on patch {}", *job.patch) : "");
  }
  for (const auto& skipped : plan.jobs.skipped) {
    fmt::print("no {}: {}\n", skipped.job->name, escape_terminal(skipped.reason));
  }
}

boost::json::object plan_json(const Planned& planned) {
  const app::SeriesPlan& plan = planned.plan;
  boost::json::object out;
  out["series"] = planned.series.number;
  out["selection"] = {{"taking", tracker::to_string(planned.selection.taking)},
                      {"reason", planned.selection.reason}};
  if (!planned.all_the_same.empty()) {
    out["selection"].as_object()["tested_all_the_same"] = planned.all_the_same;
  }
  if (plan.early) {
    out["verdict"] = {{"verdict", findings::to_string(plan.early->verdict)},
                      {"reason", plan.early->reason}};
  } else {
    out["verdict"] = nullptr;
  }
  out["placement"] =
      plan.placement ? boost::json::value(app::placement_json(*plan.placement)) : nullptr;
  boost::json::array checks;
  for (const auto* check : plan.checks) {
    checks.emplace_back(check->name());
  }
  out["checks"] = std::move(checks);
  boost::json::array jobs;
  for (const auto& job : plan.jobs.jobs) {
    jobs.push_back({{"job", job.job->name},
                    {"patch", job.patch ? boost::json::value(*job.patch) : boost::json::value()}});
  }
  out["jobs"] = std::move(jobs);
  boost::json::array skipped;
  for (const auto& job : plan.jobs.skipped) {
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

// What `run` would end with, as far as it is known without running anything.
int status_of(const app::SeriesPlan& plan) {
  return plan.early ? exit_status_of({plan.early->verdict}) : status_of(*plan.placement);
}

int execute(const Common& common, const PlanStorage& storage, bool explain) {
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  const auto planned = plan_one(**workspace, storage, explain);
  if (!planned) {
    return report(planned.error());
  }
  if (common.json) {
    print_json(plan_json(*planned));
  } else if (explain) {
    const auto verdict = (*workspace)->nodes().verdict(planned->series.number);
    fmt::print("series {}  {}\n", planned->series.number,
               escape_terminal(shown_name(planned->series)));
    if (verdict) {
      fmt::print("verdict: {}  {}\n", findings::to_string(verdict->verdict),
                 escape_terminal(verdict->reason));
    } else if (planned->plan.early) {
      fmt::print("verdict without a test: {}, {}\n",
                 findings::to_string(planned->plan.early->verdict),
                 escape_terminal(planned->plan.early->reason));
    }
    print_selection(*planned);
    print_placement(*planned->plan.placement);
  } else {
    print_plan(*planned);
  }
  return explain ? status_of(*planned->plan.placement) : status_of(planned->plan);
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
    print_json(preview_json(*series, *preview, earlier));
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
