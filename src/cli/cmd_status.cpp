#include "cli/command.hpp"
#include "cli/operator.hpp"
#include "cli/output.hpp"
#include "service/status.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace patchmill::cli {
namespace {

struct StatusStorage {
  bool disk = false;
  std::string events = "5";
};

void print_line(std::string_view what, const std::string& text) {
  fmt::print("{:<10} {}\n", what, escape_terminal(text));
}

std::string paint(service::PartState state) {
  const std::string word(to_string(state));
  if (!use_color(STDOUT_FILENO)) {
    return word;
  }
  const std::string_view color = state == service::PartState::ok         ? "\x1b[32m"
                                 : state == service::PartState::degraded ? "\x1b[33m"
                                                                         : "\x1b[1;31m";
  return fmt::format("{}{}\x1b[0m", color, word);
}

void print_service(const service::Status& status) {
  const auto& health = status.health;
  if (!health.seen) {
    print_line("service", "has never run with this store; `patchmill serve` starts it");
    return;
  }
  if (!health.running(status.now)) {
    print_line("service", status.silent ? "runs, but has written nothing into the store for " +
                                              how_long(status.now - *health.seen)
                                        : "does not run; `patchmill serve` starts it");
    return;
  }
  print_line("service", fmt::format("runs for {}", how_long(status.now - *health.started)));
  for (const auto& part : health.parts) {
    fmt::print("  {:<9} {}", to_string(part.part), paint(part.state));
    if (part.state != service::PartState::ok) {
      const bool said_below = std::ranges::any_of(
          part.items, [](const auto& item) { return item.state != service::PartState::ok; });
      fmt::print(" for {}{}", how_long(status.now - part.since),
                 said_below ? "" : ": " + escape_terminal(part.message));
      if (!part.todo.empty()) {
        fmt::print(" -> {}", escape_terminal(part.todo));
      }
    }
    fmt::print("\n");
    for (const auto& item : part.items) {
      if (item.state != service::PartState::ok) {
        fmt::print("    {} {} for {}: {}\n", escape_terminal(item.item), paint(item.state),
                   how_long(status.now - item.since), escape_terminal(item.message));
      }
    }
  }
}

void print_series_counts(const service::Status& status) {
  std::string text;
  for (const auto verdict :
       {findings::Verdict::pass, findings::Verdict::warning, findings::Verdict::fail,
        findings::Verdict::incomplete, findings::Verdict::skip}) {
    const auto found = status.verdicts.find(std::string(findings::to_string(verdict)));
    if (found != status.verdicts.end()) {
      text += fmt::format("{} {}, ", found->second, found->first);
    }
  }
  print_line("series", text + fmt::format("{} not tested yet", status.untested));
}

void print_work(const service::Status& status) {
  print_line("running",
             status.running.empty() ? "nothing" : count_of(status.running.size(), "node"));
  for (const auto& node : status.running) {
    fmt::print("  node {} of series {}: {}{}{}\n", node.id, node.series, escape_terminal(node.name),
               node.patch ? fmt::format(" (patch {})", *node.patch) : "",
               node.started ? ", since " + how_long(status.now - *node.started) : "");
  }
  std::int64_t waiting = 0;
  for (const auto& project : status.queue) {
    waiting += project.waiting;
  }
  print_line("queue", waiting == 0 ? "nothing waits" : fmt::format("{} waiting", waiting));
  for (const auto& project : status.queue) {
    fmt::print("  {}: {} waiting, {} taken", escape_terminal(project.project), project.waiting,
               project.taken);
    if (project.longest_since) {
      fmt::print("; node {} of series {} longest, {}", project.longest_node, project.longest_series,
                 how_long(status.now - *project.longest_since));
      if (!project.longest_note.empty()) {
        fmt::print(": {}", escape_terminal(project.longest_note));
      }
    }
    fmt::print("\n");
  }
  for (const auto& pause : status.pauses) {
    print_line("paused", fmt::format("{} by {} for {}{}", to_string(pause.scope), pause.who,
                                     how_long(status.now - pause.time),
                                     pause.reason.empty() ? "" : ": " + pause.reason));
  }
  for (const auto& request : status.requests) {
    print_line("asked for", fmt::format("{} {} by {}, not begun yet", to_string(request.kind),
                                        request.target, request.who));
  }
}

void print_mail(const service::Status& status) {
  std::string text;
  for (const auto& mails : status.mails) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", mails.count,
                        reports::to_string(mails.state));
  }
  print_line("mails", text.empty() ? "none" : text);
}

void print_places(const service::Status& status) {
  for (const auto& cursor : status.cursors) {
    print_line("source", fmt::format("{}: {}", cursor.source,
                                     cursor.names > 0 ? count_of(cursor.names, "file") + " read"
                                                      : "at " + ellipsize(cursor.value, 80)));
  }
  for (const auto& tree : status.trees) {
    print_line("tree", tree.fetched ? fmt::format("{}: fetched {} ago", tree.name,
                                                  how_long(status.now - *tree.fetched))
                                    : fmt::format("{}: not fetched yet", tree.name));
  }
  print_line("disk", fmt::format("{} of {} free, store {}", human_bytes(status.disk.free),
                                 human_bytes(status.disk.size),
                                 human_bytes(static_cast<std::uint64_t>(status.store_bytes))));
  for (const auto& use : status.disk.uses) {
    fmt::print("  {:<10} {}{}\n", escape_terminal(use.what), use.at_least ? "at least " : "",
               human_bytes(use.bytes));
  }
  for (const auto& event : status.events) {
    print_line("event", fmt::format("{} {} {}{}{}", event.id, to_iso(event.time), event.kind,
                                    event.series ? fmt::format(" series {}", *event.series) : "",
                                    event.node ? fmt::format(" node {}", *event.node) : ""));
  }
}

int run(const Common& common, const StatusStorage& storage) {
  const auto events = parse_uint(storage.events);
  if (!events || *events > 1000) {
    return report({ErrorKind::invalid, "--events takes a whole number up to 1000"});
  }
  auto workspace = common.workspace();
  if (!workspace) {
    return report(workspace.error());
  }
  const auto status = service::read_status(
      (*workspace)->database(), (*workspace)->config(), (*workspace)->clock().now(),
      {.events = static_cast<std::size_t>(*events), .disk_use = storage.disk});
  if (common.json) {
    print_json(service::to_json(status));
  } else {
    print_service(status);
    print_series_counts(status);
    print_work(status);
    print_mail(status);
    print_places(status);
    for (const std::string& sentence : status.attention) {
      fmt::print("{}needs you{}  {}\n", use_color(STDOUT_FILENO) ? "\x1b[1;31m" : "",
                 use_color(STDOUT_FILENO) ? "\x1b[0m" : "", escape_terminal(sentence));
    }
  }
  return status.attention.empty() ? k_pass : k_infrastructure;
}

}  // namespace

Command status_command() {
  auto storage = std::make_shared<StatusStorage>();
  Command command;
  command.name = "status";
  command.summary = "Say how the service is, what runs, what waits, and what needs you.";
  command.description =
      "Reads the store and the data folder, whether a service runs or not: the service's parts, "
      "series by verdict, running nodes, the queue of each project, pauses, mails by state, where "
      "each source was read up to, when trees were fetched, disk, the last events. Exit status 3 "
      "when something needs a person; the lines that begin with 'needs you' say what.";
  command.options = {{"--disk", "", "Add up what the data folder holds.", &storage->disk},
                     {"--events", "N", "Print the last N events (5).", &storage->events}};
  command.examples = {{"patchmill status", "at 3 a.m."},
                      {"patchmill status --json | jq .attention", "for a monitoring system"}};
  command.run = [storage](const Common& common) -> int { return run(common, *storage); };
  return command;
}

}  // namespace patchmill::cli
