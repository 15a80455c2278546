// retry and cancel: what is asked for is a row, so it also works while nothing runs.

#include "app/run_end.hpp"
#include "cli/command.hpp"
#include "cli/find_series.hpp"
#include "cli/operator.hpp"
#include "cli/output.hpp"
#include "pipeline/requests.hpp"
#include "pipeline/work_store.hpp"
#include "service/health_state.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::cli {
namespace {

struct RequestsStorage {
  std::vector<std::string> series;
  std::vector<std::string> nodes;
  std::string reason;
};

struct Kinds {
  pipeline::RequestKind series, node;
};

constexpr std::string_view k_nothing_to_cancel = "nothing of it is waiting or running";

bool is_retry(pipeline::RequestKind kind) {
  return kind == pipeline::RequestKind::retry_series || kind == pipeline::RequestKind::retry_node;
}

// Empty: there is no such node.
std::optional<std::int64_t> series_of(app::Workspace& workspace, pipeline::RequestKind kind,
                                      std::int64_t target) {
  if (!pipeline::is_about_node(kind)) {
    return target;
  }
  const auto node = workspace.nodes().node(target);
  return node ? std::optional(node->series) : std::nullopt;
}

bool is_at_work(app::Workspace& workspace, const std::vector<pipeline::Request>& asked,
                std::int64_t series) {
  pipeline::WorkStore work(workspace.database());
  return work.open_run_of(series) || app::is_waiting(workspace, series) ||
         std::any_of(asked.begin(), asked.end(), [&](const pipeline::Request& one) {
           return is_retry(one.kind) && series_of(workspace, one.kind, one.target) == series;
         });
}

// All of them, or none when one is wrong. Without an id: there was nothing to cancel.
Result<std::vector<pipeline::Request>> add_all(app::Workspace& workspace, const Kinds& kinds,
                                               const RequestsStorage& storage) {
  pipeline::Requests requests(workspace.database(), workspace.clock());
  const std::string who = acting_person();
  std::vector<pipeline::Request> added;
  const auto add = [&](pipeline::RequestKind kind, std::int64_t target) -> Result<void> {
    const auto series = series_of(workspace, kind, target);
    const bool useful =
        is_retry(kind) || !series || is_at_work(workspace, requests.list(), *series);
    pipeline::Request request;
    request.kind = kind;
    request.target = target;
    if (useful) {
      PM_TRY_ASSIGN(request, requests.add(kind, target, who, storage.reason));
    }
    added.push_back(std::move(request));
    return {};
  };
  store::Transaction transaction(workspace.database());
  for (const std::string& word : storage.series) {
    PM_TRY_ASSIGN(const auto series, find_series(workspace.queries(), word));
    PM_TRY(add(kinds.series, series.number));
  }
  for (const std::string& word : storage.nodes) {
    const auto id = parse_uint(word);
    if (!id || *id > INT64_MAX) {
      return fail(ErrorKind::invalid,
                  fmt::format("--node takes the number of a node, found '{}'; `patchmill show "
                              "series N` lists those of a series",
                              ellipsize(escape_terminal(word), 80)));
    }
    PM_TRY(add(kinds.node, static_cast<std::int64_t>(*id)));
  }
  transaction.commit();
  return added;
}

int run(const Common& common, const Kinds& kinds, const RequestsStorage& storage) {
  if (storage.series.empty() && storage.nodes.empty()) {
    return report({ErrorKind::invalid, "name a series (number or Message-ID), or --node N"});
  }
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  const auto added = add_all(**workspace, kinds, storage);
  if (!added) {
    return report(added.error());
  }
  if (common.json) {
    boost::json::array out;
    for (const auto& request : *added) {
      if (request.id == 0) {
        out.push_back({{"id", nullptr},
                       {"kind", pipeline::to_string(request.kind)},
                       {"target", request.target},
                       {"note", k_nothing_to_cancel}});
        continue;
      }
      out.push_back({{"id", request.id},
                     {"kind", pipeline::to_string(request.kind)},
                     {"target", request.target},
                     {"who", request.who},
                     {"reason", request.reason},
                     {"time", to_iso(request.time)}});
    }
    print_json(out);
    return k_pass;
  }
  const bool running =
      service::saved_health((*workspace)->database()).running((*workspace)->clock().now());
  for (const auto& request : *added) {
    fmt::print("{} {}: {}{}\n", pipeline::to_string(request.kind), request.target,
               request.id == 0 ? k_nothing_to_cancel : "asked for",
               request.id == 0 || running ? "" : "; it happens when `patchmill serve` runs next");
  }
  return k_pass;
}

std::shared_ptr<RequestsStorage> describe(Command& command, std::string_view doing) {
  auto storage = std::make_shared<RequestsStorage>();
  command.arguments = {
      {"SERIES", "Series, by number or Message-ID.", &storage->series, false, true}};
  command.options = {
      {"-n,--node", "N",
       fmt::format("{} the series of this node; may be given more than once.", doing),
       &storage->nodes},
      {"--reason", "TEXT", "Why, for the event log and the pages.", &storage->reason}};
  return storage;
}

}  // namespace

Command retry_command() {
  Command command;
  command.name = "retry";
  command.summary = "Have series tested again.";
  auto storage = describe(command, "Retry");
  command.description =
      "The service tests these series from the start. A node is named where it is at "
      "hand rather than its series: jobs build on each other, so all of the series runs again. "
      "The request is kept until it is taken, so it may be made while the service is down.";
  command.examples = {
      {"patchmill retry 7 8", "series 7 and 8 once more"},
      {"patchmill retry --node 42 --reason 'disk was full'", "the series that node 42 belongs to"}};
  command.run = [storage](const Common& common) -> int {
    return run(common, {pipeline::RequestKind::retry_series, pipeline::RequestKind::retry_node},
               *storage);
  };
  return command;
}

Command cancel_command() {
  Command command;
  command.name = "cancel";
  command.summary = "Stop the work on series.";
  auto storage = describe(command, "Cancel");
  command.description =
      "The service ends what runs and drops what waits for these series, or for the "
      "series of these nodes. What was cancelled is skipped, with who did it and why; `patchmill "
      "retry` takes it up again.";
  command.examples = {{"patchmill cancel 7 --reason 'loops forever'", "all of series 7"},
                      {"patchmill cancel --node 42", "the series that node 42 belongs to"}};
  command.run = [storage](const Common& common) -> int {
    return run(common, {pipeline::RequestKind::cancel_series, pipeline::RequestKind::cancel_node},
               *storage);
  };
  return command;
}

}  // namespace patchmill::cli
