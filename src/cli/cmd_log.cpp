#include "cli/command.hpp"
#include "cli/output.hpp"
#include "store/event_log.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>

namespace patchmill::cli {
namespace {

// That many events unless told; more of them are too many to read.
constexpr std::size_t k_events = 100;

struct LogStorage {
  std::vector<std::string> what;
  std::string after = "0";
  std::string limit = std::to_string(k_events);
};

boost::json::object event_json(const store::Event& event) {
  boost::system::error_code error;
  auto payload = boost::json::parse(event.payload, error);
  return {{"id", event.id},
          {"time", to_iso(event.time)},
          {"kind", event.kind},
          {"series", event.series ? boost::json::value(*event.series) : boost::json::value()},
          {"node", event.node ? boost::json::value(*event.node) : boost::json::value()},
          {"payload", error ? boost::json::value(event.payload) : std::move(payload)}};
}

int print_events(app::Workspace& workspace, const LogStorage& storage, bool json) {
  constexpr std::uint64_t k_most = std::numeric_limits<std::int64_t>::max();
  const auto after = parse_uint(storage.after);
  const auto limit = parse_uint(storage.limit);
  if (!after || !limit || *after > k_most) {
    return report({ErrorKind::invalid, "--after and --limit take whole numbers"});
  }
  auto last = static_cast<std::int64_t>(*after);
  std::uint64_t left = *limit == 0 ? k_most : *limit;
  boost::json::array out;
  while (left > 0) {
    constexpr std::uint64_t k_at_once = 1000;
    const auto events = store::events_after(workspace.database(), last, std::min(left, k_at_once));
    if (events.empty()) {
      break;
    }
    for (const auto& event : events) {
      if (json) {
        out.push_back(event_json(event));
      } else {
        fmt::print("{} {} {}{}{} {}\n", event.id, to_iso(event.time), event.kind,
                   event.series ? fmt::format(" series {}", *event.series) : "",
                   event.node ? fmt::format(" node {}", *event.node) : "",
                   escape_terminal(event.payload));
      }
    }
    last = events.back().id;
    left -= std::min<std::uint64_t>(left, events.size());
  }
  if (json) {
    print_json(out);
  }
  if (!store::events_after(workspace.database(), last, 1).empty()) {
    fmt::print(stderr,
               "patchmill: there are more events; `--after {}` shows the next, `--limit 0` all of "
               "them\n",
               last);
  }
  return k_pass;
}

int print_node_log(app::Workspace& workspace, std::int64_t id, bool json) {
  const auto node = workspace.nodes().node(id);
  if (!node) {
    return report({ErrorKind::not_found,
                   fmt::format("there is no node {}; `patchmill show series N` lists them", id)});
  }
  for (const auto& artifact : workspace.nodes().artifacts_of(id)) {
    if (artifact.name == "log") {
      auto log = workspace.blobs().get(artifact.sha256);
      if (!log) {
        return report(log.error());
      }
      if (json) {
        print_json(
            boost::json::object{{"node", id}, {"name", node->name}, {"log", mend_utf8(*log)}});
      } else {
        fmt::print("{}", escape_terminal(mend_utf8(*log), true));
        if (!log->empty() && log->back() != '\n') {
          fmt::print("\n");
        }
      }
      return k_pass;
    }
  }
  return report({ErrorKind::not_found, fmt::format("node {} ({}) has no log", id, node->name)});
}

}  // namespace

Command log_command() {
  auto storage = std::make_shared<LogStorage>();
  Command command;
  command.name = "log";
  command.summary = "Print the log of a node, or the event log.";
  command.description =
      "With the number of a node (`patchmill show series N` lists them): what its command printed. "
      "Without: what happened, oldest first.";
  command.arguments = {{"NODE", "The node's number.", &storage->what}};
  command.options = {{"--after", "ID", "Only events after this one.", &storage->after},
                     {"--limit", "N", "At most this many events; 100 unless told, 0: all of them.",
                      &storage->limit}};
  command.examples = {{"patchmill log 42", "why did that build fail?"},
                      {"patchmill log --after 1000 --json", "follow what happens from a script"}};
  command.run = [storage](const Common& common) -> int {
    auto workspace = common.workspace();
    if (!workspace) {
      return report(workspace.error());
    }
    if (storage->what.empty()) {
      return print_events(**workspace, *storage, common.json);
    }
    const auto id = parse_uint(storage->what[0]);
    if (!id) {
      return report({ErrorKind::invalid, "a node is named by its number"});
    }
    return print_node_log(**workspace, static_cast<std::int64_t>(*id), common.json);
  };
  return command;
}

}  // namespace patchmill::cli
