// The mails a real Patchwork was given, and what it then held.

#include "mail/shared_data.hpp"
#include "registry/follow_support.hpp"
#include "tracker/patchwork_deviations.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <set>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;
using mail::test::bytes;
using mail::test::patchwork_answers;
using mail::test::str;

namespace {

namespace json = boost::json;

// Where the registry differs although series do not, and why.
const std::map<std::string, std::string>& deviations() {
  static const std::map<std::string, std::string> table = {
      {"comment-on-patch-cover-comment", "who asks for action on a cover letter asks for it, too"},
      {"pull-7", "a backslash at the end of a line is no part of a branch's name"},
      {"attach-x-patch", "the diffstat of an attachment is not hashed"},
      {"attach-x-diff", "the diffstat of an attachment is not hashed"},
  };
  return table;
}

std::string bare(const json::value& value) {
  std::string msgid = str(value);
  if (msgid.starts_with('<')) {
    msgid = msgid.substr(1, msgid.find('>') - 1);
  }
  return msgid.substr(0, 250);  // Patchwork cuts at 255 with brackets
}

const json::array& list(const json::object& object, std::string_view key) {
  static const json::array none;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->as_array() : none;
}

std::string number(const json::object& object, std::string_view key, std::string_view kind) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? fmt::format(" {}{}", kind, value->as_int64()) : "";
}

Setup setup_of(const json::object& scenario) {
  Setup setup{{{"maint", "", "", "maint@example.com"}}, {project("testproj")}, {}, {}};
  setup.projects[0].maintainers = {"maint"};  // a mail delegates to nobody else
  const json::object& options = scenario.at("options").as_object();
  for (const json::value& other : list(options, "projects")) {
    const json::array& words = other.as_array();
    setup.projects.push_back(
        project(str(words[0]), words.size() > 2 ? str(words[2]) : "test.example.com"));
    setup.projects.back().project.subject_match = str(words[1]);
  }
  for (const json::value& rule : list(options, "rules")) {
    const json::array& words = rule.as_array();
    setup.projects[0].delegation.push_back(
        {str(words[1]), str(words[0]), static_cast<int>(words[2].as_int64())});
  }
  return setup;
}

Lines theirs(const json::object& scenario) {
  Lines lines;
  for (const json::value& value : list(scenario, "events")) {
    const json::object& event = value.as_object();
    lines.push_back(str(event.at("category")) + number(event, "patch", "p") +
                    number(event, "cover", "c") + number(event, "series", "s"));
  }
  for (const json::value& value : list(scenario, "patches")) {
    const json::object& patch = value.as_object();
    lines.push_back(fmt::format(
        "p{}{}{} {} {} by {} <{}> state {} delegate {} hash {} pull {}", patch.at("id").as_int64(),
        number(patch, "series_id", "s"), number(patch, "number", "n"), bare(patch.at("msgid")),
        str(patch.at("name")), str(patch.at("submitter").at("name")),
        str(patch.at("submitter").at("email")), str(patch.at("state")), str(patch.at("delegate")),
        str(patch.at("hash")), str(patch.at("pull_url"))));
  }
  for (const json::value& value : list(scenario, "comments")) {
    const json::object& comment = value.as_object();
    const json::value& addressed = comment.at("addressed");
    lines.push_back(fmt::format("{} {} to {}: {}{}", str(comment.at("kind")),
                                comment.at("id").as_int64(), bare(comment.at("parent")),
                                bare(comment.at("msgid")),
                                addressed.is_bool() ? " to be addressed" : ""));
  }
  return lines;
}

Lines ours(Follower& follower) {
  Lines lines;
  for (std::string& event : follower.events()) {
    lines.push_back(event.substr(0, event.find(" r")));
  }
  const auto add = [&](Lines more) { lines.insert(lines.end(), more.begin(), more.end()); };
  add(follower.lines(
      "SELECT p.id, p.series, p.number, p.msgid, p.name, w.name, w.email, s.slug,"
      " COALESCE(u.username, ''), COALESCE(p.hash, ''), COALESCE(p.pull_url, '')"
      " FROM registry_patches p JOIN registry_people w ON w.id = p.submitter"
      " JOIN registry_states s ON s.id = p.state LEFT JOIN registry_users u ON u.id = p.delegate"
      " ORDER BY p.id",
      [](const store::Row& row) {
        return fmt::format("p{} s{} n{} {} {} by {} <{}> state {} delegate {} hash {} pull {}",
                           row.integer(0), row.integer(1), row.integer(2),
                           std::string(row.text(3)).substr(0, 250), row.text(4), row.text(5),
                           row.text(6), row.text(7), row.text(8), row.text(9), row.text(10));
      }));
  for (const auto& [kind, table, parent] :
       {std::tuple("PatchComment", "registry_patch_comments", "patch"),
        std::tuple("CoverComment", "registry_cover_comments", "cover")}) {
    add(follower.lines(
        fmt::format("SELECT c.id, p.msgid, c.msgid, c.addressed FROM {} c JOIN registry_{} p"
                    " ON p.id = c.{} ORDER BY c.id",
                    table, parent == std::string("patch") ? "patches" : "covers", parent),
        [&, kind = kind](const store::Row& row) {
          return fmt::format("{} {} to {}: {}{}", kind, row.integer(0), row.text(1), row.text(2),
                             row.is_null(3) ? "" : " to be addressed");
        }));
  }
  return lines;
}

// Series of the first project as the tracker has them, without what they carry over.
std::set<std::string> series_of_tracker(Follower& follower) {
  std::set<std::string> result;
  for (const tracker::Series& series : follower.mails.all()) {
    std::string line =
        fmt::format("{} v{} /{} {}", series.number, series.version, series.total, series.name);
    for (const tracker::PatchRef& patch : series.patches) {
      if (!patch.carried_over) {
        line += fmt::format(" {}={} {}", patch.number, patch.msgid, patch.name);
      }
    }
    result.insert(line);
  }
  return result;
}

std::set<std::string> series_of_registry(Follower& follower) {
  const Lines lines = follower.lines(
      "SELECT id, number, version, total, name FROM registry_series WHERE gone = 0 AND project = 1",
      [&](const store::Row& row) {
        std::string line = fmt::format("{} v{} /{} {}", row.integer(1), row.integer(2),
                                       row.integer(3), row.is_null(4) ? "" : row.text(4));
        follower.database().each(
            "SELECT number, msgid, name FROM registry_patches WHERE series = ? ORDER BY number",
            [&](const store::Row& patch) {
              line += fmt::format(" {}={} {}", patch.integer(0), patch.text(1), patch.text(2));
            },
            row.integer(0));
        return line;
      });
  return {lines.begin(), lines.end()};
}

}  // namespace

TEST_CASE(
    "registry::follow: holds what Patchwork holds in every scenario, or differs as intended") {
  const auto* answers = patchwork_answers();
  if (answers == nullptr) {
    MESSAGE(mail::test::k_no_answers);
    return;
  }
  std::set<std::string> other_series;
  for (const auto& deviation : tracker::test::deviations()) {
    other_series.insert(deviation.scenario);
  }
  std::set<std::string> differing, stated;
  for (const auto& [name, _] : deviations()) {
    stated.insert(name);
  }
  for (const auto& [key, value] : answers->at("scenarios").as_object()) {
    const std::string name(key);
    CAPTURE(name);
    const json::object& scenario = value.as_object();
    patchmill::test::TestStore store(store::Engine::sqlite);
    Follower follower(store, setup_of(scenario), {{"testproj"}});
    for (const json::value& mail : list(scenario, "mails")) {
      follower.mails.feed(
          std::vector{tracker::test::incoming(bytes(mail), str(scenario.at("list_id_passed")))});
      follower.follow();
    }
    const std::string found = fmt::format("{}", fmt::join(ours(follower), "\n"));
    const std::string expected = fmt::format("{}", fmt::join(theirs(scenario), "\n"));
    if (found != expected && !other_series.contains(name)) {
      differing.insert(name);
      CHECK_MESSAGE(stated.contains(name), name, "\n", found, "\n--- Patchwork:\n", expected);
    }
    if (list(scenario.at("options").as_object(), "projects").empty() && name != "listid-none") {
      CHECK(series_of_registry(follower) == series_of_tracker(follower));
    }
  }
  CHECK(differing == stated);
}
