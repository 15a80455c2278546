#include "patchwork/objects.hpp"

#include "mail/shared_data.hpp"
#include "patchwork/answer.hpp"
#include "patchwork/rebuilt_mail.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

namespace patchmill::patchwork {
namespace {

namespace json = boost::json;

const json::array& recorded() {
  static const json::value all = [] {
    const auto text = read_file(mail::test::shared_folder() / "data/patchwork/api-snapshots.json");
    return text ? json::parse(*text) : json::value(json::object{{"entries", json::array()}});
  }();
  return all.as_object().at("entries").as_array();
}

// The path below the version; empty for what was no reading.
std::string path_of_entry(const json::object& entry) {
  const auto& request = entry.at("request").as_object();
  if (request.at("method").as_string() != "GET" ||
      entry.at("response").as_object().at("status").to_number<int>() != 200) {
    return {};
  }
  std::string path(request.at("path").as_string());
  path = path.starts_with("/api/") ? path.substr(5) : std::string();
  if (path.size() > 4 && path[1] == '.' && path[3] == '/') {
    path = path.substr(4);
  }
  return path.substr(0, path.find('?'));
}

bool is_one(std::string_view path, std::string_view list) {
  return path.starts_with(list) && path.size() > list.size() &&
         path.find('/', list.size()) == path.size() - 1;
}

// Calls the reader with the object, and with each field of it null, missing and of another type.
template <class Read>
void read_in_every_state(const json::value& value, const Read& read) {
  const auto& object = value.as_object();
  const std::vector<json::value> strange = {nullptr,
                                            true,
                                            -1,
                                            1.5,
                                            "",
                                            "a text",
                                            json::array{},
                                            json::array{nullptr, 1, "x", json::object{}},
                                            json::object{},
                                            std::uint64_t{18446744073709551615U}};
  CHECK(read(value).has_value());
  for (const auto& [key, unused] : object) {
    json::object less = object;
    less.erase(key);
    const auto answer = read(less);
    CHECK((answer || !answer.error().message.empty()));
    for (const auto& other : strange) {
      json::object changed = object;
      changed[key] = other;
      const auto result = read(changed);
      CHECK((result || !result.error().message.empty()));
    }
  }
}

TEST_CASE("patchwork::read_…: what a real Patchwork answered, of every version, and spoilt") {
  if (recorded().empty()) {
    MESSAGE(mail::test::k_no_answers);
    return;
  }
  int series = 0;
  int mails = 0;
  int events = 0;
  int checks = 0;
  for (const auto& one : recorded()) {
    const auto& entry = one.as_object();
    const auto path = path_of_entry(entry);
    if (path.empty()) {
      continue;
    }
    const auto& body = entry.at("response").as_object().at("body");
    if (is_one(path, "series/")) {
      read_in_every_state(body, read_series);
      CHECK(!read_series(body)->mails.empty());
      ++series;
    } else if (is_one(path, "patches/") || is_one(path, "covers/")) {
      const auto kind = path.starts_with("covers") ? MailKind::cover : MailKind::patch;
      read_in_every_state(body, [&](const json::value& v) { return read_mail_detail(v, kind); });
      const auto detail = read_mail_detail(body, kind);
      CHECK(!detail->ref.message_id.empty());
      CHECK(detail->ref.message_id.front() != '<');
      CHECK(!detail->headers.empty());
      CHECK(!detail->date.empty());
      const bool pull_request = !text_of(body.as_object(), "pull_url").empty();
      CHECK((kind == MailKind::cover || pull_request || !detail->diff.empty()));
      ++mails;
    } else if (path == "events/") {
      for (const auto& event : body.as_array()) {
        read_in_every_state(event, read_event);
        ++events;
      }
    } else if (path.find("/checks/") != std::string::npos && body.is_object()) {
      read_in_every_state(body, read_check);
      ++checks;
    } else if (is_one(path, "projects/")) {
      read_in_every_state(body, read_project);
      CHECK(read_project(body)->link_name == "testproj");
    }
  }
  CHECK(series > 10);
  CHECK(mails > 10);
  CHECK(events > 100);
  CHECK(checks > 0);
}

TEST_CASE("patchwork::read_event: payloads of every kind, and of none") {
  const auto event = [](const char* payload) {
    return read_event(json::parse(std::string(
                                      R"({"id": 7, "category": "x", "date": "2026-01-01T00:00:00",
      "payload": )") + payload + "}"));
  };
  CHECK(event(R"({"patch": {"id": 3, "msgid": "<a@b>"}, "series": {"id": 9}})")->mail ==
        MailRef{MailKind::patch, 3, "a@b"});
  CHECK(event(R"({"patch": {"id": 3}, "series": {"id": 9}})")->series == 9);
  CHECK(event(R"({"cover": {"id": 4, "msgid": null}})")->mail == MailRef{MailKind::cover, 4, ""});
  for (const auto* strange : {"null", "[]", "7", R"({"patch": null})", R"({"patch": {"id": "3"}})",
                              R"({"patch": {"id": -3}})", R"({"series": []})"}) {
    const auto read = event(strange);
    REQUIRE(read.has_value());
    CHECK(!read->mail);
    CHECK(!read->series);
  }
  CHECK(read_event(json::parse(R"({"id": 7, "date": null})")).error().message ==
        "event 7 without a usable \"date\" in the answer of Patchwork");
  CHECK(!read_event(json::parse(R"({"date": "2026-01-01T00:00:00"})")));
}

TEST_CASE("patchwork::parse_answer: depth is bounded, pages are told from JSON") {
  CHECK(!parse_answer(std::string(100'000, '[')));
  CHECK(parse_answer("  <!DOCTYPE html>").error().message.find("a page instead of JSON") == 0);
  CHECK(parse_answer("").error().message == "an empty answer instead of JSON");
  CHECK(parse_answer("\x1b[31mred").error().message.find('\x1b') == std::string::npos);
  CHECK(complaint_of(R"({"detail": "Invalid token."})") == "Invalid token.");
  CHECK(complaint_of(R"({"state": ["A check must have a state."], "x": 1, "y": ["a", "b"]})") ==
        "state: A check must have a state.; y: a b");
  CHECK(complaint_of("<html>") == "");
}

}  // namespace
}  // namespace patchmill::patchwork
