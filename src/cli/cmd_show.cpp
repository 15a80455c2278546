#include "cli/command.hpp"
#include "cli/find_series.hpp"
#include "cli/output.hpp"
#include "cli/series_json.hpp"
#include "cli/series_text.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace patchmill::cli {
namespace {

struct ShowStorage {
  std::vector<std::string> words;
  std::string limit = "0";
};

int show_all_series(app::Workspace& workspace, const Common& common) {
  boost::json::array out;
  Table table({"series", "v", "patches", "verdict", "name", "reason"});
  workspace.queries().each_series([&](const tracker::Series& series) {
    const auto verdict = workspace.nodes().verdict(series.number);
    if (common.json) {
      out.push_back(series_json(series, verdict));
    } else {
      table.row({std::to_string(series.number), std::to_string(series.version),
                 fmt::format("{}/{}", series.received_total(), series.total),
                 verdict ? std::string(findings::to_string(verdict->verdict)) : "-",
                 ellipsize(shown_name(series), 60), verdict ? verdict->reason : "not tested yet"});
    }
  });
  if (common.json) {
    print_json(out);
  } else {
    table.print(3);
  }
  return k_pass;
}

int show_one_series(app::Workspace& workspace, const Common& common, const std::string& word) {
  const auto series = find_series(workspace.queries(), word);
  if (!series) {
    return report(series.error());
  }
  const auto verdict = workspace.nodes().verdict(series->number);
  const auto nodes = latest_nodes(workspace.nodes().of_series(series->number));
  if (!common.json) {
    print_series(
        *series, verdict, nodes,
        [&](std::int64_t node) { return workspace.nodes().findings_of(node); },
        [&](std::int64_t mail) { return workspace.queries().notes(mail); });
    return k_pass;
  }
  print_json(
      series_with_nodes_json(*series, verdict, nodes, workspace.nodes(), workspace.queries()));
  return k_pass;
}

int show_messages(app::Workspace& workspace, const Common& common, std::size_t limit) {
  const auto counts = workspace.queries().message_counts();
  const auto unusable = workspace.queries().unusable_messages(limit == 0 ? 1000 : limit);
  if (common.json) {
    boost::json::object out;
    boost::json::object kinds;
    for (const auto& [kind, count] : counts) {
      kinds[kind] = count;
    }
    out["counts"] = std::move(kinds);
    boost::json::array rows;
    for (const auto& row : unusable) {
      rows.push_back({{"msgid", "<" + row.message_id + ">"},
                      {"subject", row.subject},
                      {"from", row.from_email},
                      {"reason", row.reason}});
    }
    out["unusable"] = std::move(rows);
    print_json(out);
    return k_pass;
  }
  Table table({"mails", "kind"});
  for (const auto& [kind, count] : counts) {
    table.row({std::to_string(count), kind});
  }
  table.print();
  if (!unusable.empty()) {
    fmt::print("\n");
    Table bad({"message", "subject", "cannot be used because"});
    for (const auto& row : unusable) {
      bad.row({row.message_id, ellipsize(row.subject, 50), row.reason});
    }
    bad.print();
  }
  return k_pass;
}

// The script is data from our own store, but its mails are not: it goes to files and pipes as it
// is, to a terminal escaped.
int show_reproducer(app::Workspace& workspace, const std::string& word) {
  const auto id = parse_uint(word);
  const auto node = id ? workspace.nodes().node(static_cast<std::int64_t>(*id)) : std::nullopt;
  if (!node) {
    return report({ErrorKind::not_found,
                   fmt::format("there is no node {}; `patchmill show series N` lists them",
                               escape_terminal(word))});
  }
  if (node->reproducer.empty()) {
    return report({ErrorKind::not_found,
                   fmt::format("node {} ({}) is no job; a check is repeated by `patchmill try`",
                               node->id, node->name)});
  }
  const bool terminal = terminal_width(STDOUT_FILENO) != 0;
  fmt::print("{}",
             terminal ? escape_terminal(mend_utf8(node->reproducer), true) : node->reproducer);
  return k_pass;
}

int show_message(app::Workspace& workspace, const Common& common, const std::string& word) {
  const auto row = workspace.queries().message(trim_msgid(word));
  if (!row) {
    return report({ErrorKind::not_found,
                   fmt::format("no mail <{}> here", escape_terminal(trim_msgid(word)))});
  }
  auto raw = workspace.queries().raw(row->id);
  if (!raw) {
    return report(raw.error());
  }
  const auto notes = workspace.queries().notes(row->id);
  if (common.json) {
    const boost::json::object out{
        {"msgid", "<" + row->message_id + ">"},
        {"kind", tracker::to_string(row->kind)},
        {"reason", row->reason},
        {"notes", notes_json(notes)},
        {"subject", row->subject},
        {"date", to_iso(row->date)},
        {"series", row->series ? boost::json::value(*row->series) : boost::json::value(nullptr)}};
    print_json(out);
  } else {
    fmt::print("{}", escape_terminal(mend_utf8(*raw), true));
    // Apart from the mail, which goes into files and pipes.
    for (const std::string& note : notes) {
      fmt::print(stderr, "patchmill: note: {}\n", escape_terminal(note));
    }
  }
  return k_pass;
}

int show_artifact(app::Workspace& workspace, const Common& common,
                  const std::vector<std::string>& words) {
  const auto id = parse_uint(words[1]);
  const auto node = id ? workspace.nodes().node(static_cast<std::int64_t>(*id)) : std::nullopt;
  if (!node) {
    return report({ErrorKind::not_found,
                   fmt::format("there is no node {}; `patchmill show series N` lists them",
                               escape_terminal(words[1]))});
  }
  const auto artifacts = workspace.nodes().artifacts_of(node->id);
  if (words.size() == 2) {
    boost::json::array out;
    Table table({"size", "sha256", "name"});
    for (const auto& artifact : artifacts) {
      out.push_back({{"name", mend_utf8(artifact.name)},
                     {"sha256", artifact.sha256},
                     {"size", artifact.size}});
      table.row({std::to_string(artifact.size), artifact.sha256, artifact.name});
    }
    if (common.json) {
      print_json(out);
    } else {
      table.print();
    }
    return k_pass;
  }
  for (const auto& artifact : artifacts) {
    if (artifact.name == words[2]) {
      const auto content = workspace.blobs().get(artifact.sha256);
      if (!content) {
        return report(content.error());
      }
      // As it is into files and pipes; a terminal obeys what a patch's job wrote.
      const bool terminal = terminal_width(STDOUT_FILENO) != 0;
      const std::string text =
          terminal ? escape_terminal(mend_utf8(*content), true) : std::string();
      const std::string& shown = terminal ? text : *content;
      static_cast<void>(std::fwrite(shown.data(), 1, shown.size(), stdout));  // main() looks
      return k_pass;
    }
  }
  std::vector<std::string> names;
  for (const auto& artifact : artifacts) {
    names.push_back(artifact.name);
  }
  const auto near = nearest_name(words[2], names);
  return report(
      {ErrorKind::not_found, fmt::format("node {} ({}) left no artifact '{}'{}", node->id,
                                         node->name, escape_terminal(words[2]),
                                         near ? fmt::format("; did you mean '{}'?", *near) : "")});
}

// How many words each form takes, the first included.
struct ShowForm {
  std::string_view word;
  std::size_t least, most;
};
constexpr ShowForm k_show_forms[] = {{"series", 1, 2},
                                     {"messages", 1, 1},
                                     {"message", 2, 2},
                                     {"reproducer", 2, 2},
                                     {"artifact", 2, 3}};

int show(app::Workspace& workspace, const Common& common, const ShowStorage& storage) {
  const auto& words = storage.words;
  const auto limit = parse_uint(storage.limit);
  if (!limit) {
    return report({ErrorKind::invalid, fmt::format("--limit takes a whole number, not '{}'",
                                                   escape_terminal(storage.limit))});
  }
  for (const ShowForm& form : k_show_forms) {
    if (words[0] == form.word && (words.size() < form.least || words.size() > form.most)) {
      return report(
          {ErrorKind::invalid,
           fmt::format("`show {}` takes {} more, not {}; see `patchmill show --help`", form.word,
                       form.most == 1            ? "no word"
                       : form.least == form.most ? count_of(form.most - 1, "word")
                                                 : fmt::format("{} to {}", form.least - 1,
                                                               count_of(form.most - 1, "word")),
                       words.size() - 1)});
    }
  }
  if (words[0] == "series") {
    return words.size() > 1 ? show_one_series(workspace, common, words[1])
                            : show_all_series(workspace, common);
  }
  if (words[0] == "messages") {
    return show_messages(workspace, common, *limit);
  }
  if (words[0] == "message") {
    return show_message(workspace, common, words[1]);
  }
  if (words[0] == "reproducer") {
    return show_reproducer(workspace, words[1]);
  }
  if (words[0] == "artifact") {
    return show_artifact(workspace, common, words);
  }
  if (words.size() == 1 && (parse_uint(words[0]) || words[0].find('@') != std::string::npos)) {
    return show_one_series(workspace, common, words[0]);
  }
  return report({ErrorKind::invalid,
                 fmt::format("cannot show '{}'; it is one of: series, messages, message MSGID, "
                             "reproducer NODE, artifact NODE",
                             escape_terminal(words[0]))});
}

}  // namespace

Command show_command() {
  auto storage = std::make_shared<ShowStorage>();
  Command command;
  command.name = "show";
  command.summary = "Show series, one series with its nodes and findings, or mails.";
  command.description =
      "`show series` lists all series with their verdicts; `show series N` (or a Message-ID) shows "
      "one with everything that ran and what it found. `show messages` counts mails by kind and "
      "lists those that cannot be used, each with its reason; `show message MSGID` prints one. "
      "`show reproducer NODE` prints a shell script that repeats a job, also on another machine, "
      "where the programs and folders it uses beside the tree have to be at the same paths; `show "
      "artifact NODE` lists what a job left, `show artifact NODE NAME` prints one of it. "
      "`show N` is short for `show series N`.";
  command.arguments = {{"WHAT",
                        "series, messages, message, reproducer, artifact, or a series number.",
                        &storage->words,
                        true,
                        true,
                        Complete::nothing,
                        {"series", "messages", "message", "reproducer", "artifact"}}};
  command.options = {{"--limit", "N", "At most this many unusable mails.", &storage->limit}};
  command.examples = {
      {"patchmill show series", "every series and its verdict"},
      {"patchmill show series 7", "why did series 7 fail?"},
      {"patchmill show reproducer 42 >again.sh", "a failed build, elsewhere"},
      {"patchmill show artifact 42 vmlinux >vmlinux", "what a job left in RESULTS_DIR"},
      {"patchmill show series --json --data /srv/patchmill", "for scripts, in Patchwork's names"}};
  command.run = [storage](const Common& common) -> int {
    auto workspace = common.workspace();
    if (!workspace) {
      return report(workspace.error());
    }
    return show(**workspace, common, *storage);
  };
  return command;
}

}  // namespace patchmill::cli
