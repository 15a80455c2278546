#include "patchwork/rebuilt_mail.hpp"

#include "mail/message.hpp"

#include <doctest/doctest.h>

namespace patchmill::patchwork {
namespace {

const std::string k_diff =
    "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n line1\n+new\n line2\n";

MailDetail detail_of(std::string content, std::string diff) {
  MailDetail detail;
  detail.ref = {MailKind::patch, 1, "a@b"};
  detail.headers = {{"From", "A Person <person@example.org>"},
                    {"Subject", "[PATCH] thing"},
                    {"Date", "Mon, 05 Jan 2026 10:00:00 +0000"},
                    {"Message-Id", "<a@b>"}};
  detail.content = std::move(content);
  detail.diff = std::move(diff);
  return detail;
}

mail::Message parsed(const std::string& raw) {
  auto message = mail::parse_message(raw);
  REQUIRE_MESSAGE(message.has_value(), message.error().message);
  return std::move(*message);
}

TEST_CASE("rebuild_mail: message, diff and headers are those of the mail that was sent") {
  auto detail =
      detail_of("Text.\n\nSigned-off-by: A Person <person@example.org>\n---\n f | 1 +", k_diff);
  detail.headers.emplace_back("Content-Type", "multipart/mixed; boundary=x");
  detail.headers.emplace_back("Content-Transfer-Encoding", "base64");
  detail.headers.emplace_back("MIME-Version", "1.0");
  detail.headers.emplace_back("References", "<one@x>\n <two@x>");
  const auto raw = rebuild_mail(detail, "local.example.org");
  const auto mail = parsed(raw);
  CHECK(mail.message_id == "a@b");
  CHECK(mail.subject == "[PATCH] thing");
  CHECK(mail.diff == k_diff);
  CHECK(mail.text.find("Signed-off-by: A Person") != std::string::npos);
  CHECK(mail.references == std::vector<std::string>{"one@x", "two@x"});
  CHECK(mail.list_ids == std::vector<std::string>{"local.example.org"});
  CHECK(mail.mended.empty());
  CHECK(raw.find("base64") == std::string::npos);
}

TEST_CASE("rebuild_mail: the list a mail names stays") {
  auto detail = detail_of("Text.", k_diff);
  detail.headers.emplace_back("List-Id", "Other <other.example.org>");
  CHECK(parsed(rebuild_mail(detail, "local.example.org")).list_ids ==
        std::vector<std::string>{"other.example.org"});
}

TEST_CASE("rebuild_mail: bytes of the diff in the charset the mail had") {
  const auto with_line = [](const std::string& line) {
    return "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n line1\n+" + line + "\n";
  };
  auto detail = detail_of("Für alle.", with_line("grün"));
  SUBCASE("told by the one part") {
    detail.headers.emplace_back("content-type",
                                "text/plain; charset=\"ISO-8859-1\"; format=flowed");
    CHECK(parsed(rebuild_mail(detail, "")).diff == with_line("gr\xfcn"));
    CHECK(parsed(rebuild_mail(detail, "")).text.find("Für alle.") != std::string::npos);
  }
  for (const auto* type :
       {"text/plain", "multipart/mixed; charset=iso-8859-1", "text/plain; charset=none",
        "text/plain; charset=utf-16", "text/plain; charset=utf-7", "text/plain; charset=us-ascii",
        "text/plain; charset=../../x", "text/plain; charset=iso-8859-1//IGNORE"}) {
    CAPTURE(type);
    detail.headers.resize(4);
    detail.headers.emplace_back("Content-Type", type);
    CHECK(parsed(rebuild_mail(detail, "")).diff == with_line("grün"));
  }
}

TEST_CASE("rebuild_mail: CR stays in a diff") {
  const std::string diff =
      "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n line1\r\n+a\rb\r\n line2\n";
  CHECK(parsed(rebuild_mail(detail_of("Text.", diff), "")).diff == diff);
}

TEST_CASE("rebuild_mail: the date is that of the mail, else the one Patchwork has") {
  const auto date_of = [](std::vector<std::string> given, std::string there) {
    auto detail = detail_of("Text.", k_diff);
    std::erase_if(detail.headers, [](const auto& header) { return header.first == "Date"; });
    for (auto& one : given) {
      detail.headers.emplace_back("Date", std::move(one));
    }
    detail.date = std::move(there);
    const auto mail = parsed(rebuild_mail(detail, ""));
    std::vector<std::string> dates;
    for (const auto& [name, value] : mail.headers) {
      if (name == "Date") {
        dates.push_back(value);
      }
    }
    return dates;
  };
  using Dates = std::vector<std::string>;
  const std::string sent = "Mon, 05 Jan 2026 10:00:00 +0100";
  const std::string there = "2026-01-06T09:08:07.000001";
  const std::string added = "Tue, 6 Jan 2026 09:08:07 +0000";
  CHECK(date_of({sent}, there) == Dates{sent});
  CHECK(date_of({}, there) == Dates{added});
  CHECK(date_of({"yesterday"}, there) == Dates{added});
  CHECK(date_of({"yesterday", sent}, there) == Dates{sent});
  CHECK(date_of({}, "2026-01-06 09:08:07+00") == Dates{added});  // of a dump
  CHECK(date_of({"yesterday"}, "") == Dates{"yesterday"});
  CHECK(date_of({}, "soon\nEvil: 1").empty());
}

TEST_CASE("rebuild_mail: no value of a header makes another one") {
  auto detail = detail_of("Text.", k_diff);
  detail.headers.emplace_back("X-One", "a\nX-Patchmill-Evil: 1\r\n\r\nBody");
  detail.headers.emplace_back("X-Two", std::string("a\0b", 3));
  detail.headers.emplace_back("Not a name", "x");
  detail.headers.emplace_back("X-Three: y\nEvil", "x");
  const auto mail = parsed(rebuild_mail(detail, "local\nEvil: 2"));
  CHECK(!mail.header("X-Patchmill-Evil"));
  CHECK(!mail.header("Evil"));
  CHECK(mail.header("X-Two") == "ab");
  CHECK(mail.diff == k_diff);
}

TEST_CASE("rebuild_mail: a cover, and a mail without anything") {
  MailDetail cover = detail_of("Hello.\n\n", "");
  CHECK(parsed(rebuild_mail(cover, "")).text == "Hello.");
  CHECK(rebuild_mail(MailDetail{}, "").ends_with("\n\n\n"));
}

}  // namespace
}  // namespace patchmill::patchwork
