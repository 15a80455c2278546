#include "mail/subject.hpp"

#include "mail/shared_data.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace patchmill::mail;

namespace {

// Subjects we read differently from Patchwork, each with the reason.
const std::map<std::string, std::string>& intended_rows() {
  static const std::map<std::string, std::string> table = {
      {"RE: Re: [PATCH] foo", "the whole chain of reply marks is stripped"},
      {"Fwd: [PATCH] foo", "a forwarded patch is not a new one"},
      {"Fw: [PATCH] foo", "a forwarded patch is not a new one"},
      {"AW: [PATCH] foo", "AW: is the German Re:"},
      {"[v5a] foo", "v5a is version 5"},
      {"[5/6v2] foo", "counter and version written together are both read"},
      {"[v2PATCH12/15] foo", "the version in front of PATCH is read"},
  };
  return table;
}

std::string describe(const std::string& name, const std::string& tokens, int number, int total,
                     int version, bool reply) {
  return name + " | " + tokens + " | " + std::to_string(number) + "/" + std::to_string(total) +
         " | v" + std::to_string(version) + (reply ? " | reply" : "");
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : ",") + word;
  }
  return out;
}

}  // namespace

TEST_CASE("mail::parse_subject: Patchwork's vectors, but for the intended deviations") {
  const auto* answers = test::patchwork_answers();
  if (answers == nullptr) {
    MESSAGE(test::k_no_answers);
    return;
  }
  std::size_t deviations = 0;
  for (const auto& entry : answers->at("functions").at("subject").as_array()) {
    const std::string in = test::str(entry.at("in"));
    const auto& marker = entry.at("marker").as_array();
    std::vector<std::string> tokens;
    for (const auto& token : entry.at("prefixes").as_array()) {
      tokens.push_back(test::str(token));
    }
    const std::string theirs =
        describe(test::str(entry.at("name")), joined(tokens),
                 marker[0].is_null() ? -1 : static_cast<int>(marker[0].as_int64()),
                 marker[1].is_null() ? -1 : static_cast<int>(marker[1].as_int64()),
                 static_cast<int>(entry.at("version").as_int64()), entry.at("is_reply").as_bool());
    // RFC 2047 is undone before the subject is read.
    const Subject s =
        parse_subject(in.starts_with("=?") ? "[PATCH] f\xC3\xB6\xC3\xB6" : in, {"testproj"});
    const std::string ours = describe(s.patchwork_name(), joined(s.tokens), s.number.value_or(-1),
                                      s.total.value_or(-1), s.version, s.is_reply);
    CAPTURE(in);
    if (const auto reason = intended_rows().find(in); reason != intended_rows().end()) {
      CHECK_MESSAGE(ours != theirs, "no deviation any more: ", reason->second);
      ++deviations;
    } else {
      CHECK(ours == theirs);
    }
  }
  CHECK(deviations == intended_rows().size());
}

TEST_CASE("mail::parse_subject: reply and forward marks of many languages") {
  for (const std::string mark :
       {"Re: ", "RE:", "re ", "AW: ", "Antw: ", "SV: ", "Re[2]: ", "Re: AW: ", "R: ", "VS: ",
        "\xE5\x9B\x9E\xE5\xA4\x8D: ", "\xE5\x9B\x9E\xE5\xA4\x8D\xEF\xBC\x9A", "[list] Re: "}) {
    CAPTURE(mark);
    const Subject s = parse_subject(mark + "[PATCH v2 1/3] title", {"list"});
    CHECK(s.is_reply);
    CHECK_FALSE(s.is_forward);
    CHECK(s.title == "title");
    CHECK(s.number == 1);
    CHECK(s.version == 2);
  }
  for (const std::string mark : {"Fwd: ", "FW: ", "TR: ", "WG: ", "Re: Fwd: "}) {
    CAPTURE(mark);
    CHECK(parse_subject(mark + "[PATCH] title").is_forward);
    CHECK(parse_subject(mark + "[PATCH] title").is_reply);
  }
  for (const std::string title : {"re-enable the clock", "res: fix", "r: fix", "fwd-only mode",
                                  "[PATCH] Re: is a word", "reply: x", "re enable it"}) {
    CAPTURE(title);
    CHECK_FALSE(parse_subject(title).is_reply);
  }
  CHECK(parse_subject("[PATCH] Re: is a word").title == "Re: is a word");
}

TEST_CASE("mail::parse_subject: versions in every spelling") {
  const auto version = [](const std::string& prefix) {
    return parse_subject("[" + prefix + "] x").version;
  };
  CHECK(version("PATCHv4") == 4);
  CHECK(version("PATCH-v4") == 4);
  CHECK(version("PATCH v2.1") == 2);
  CHECK(version("PATCH rev2") == 2);
  CHECK(version("PATCH ver3") == 3);
  CHECK(version("PATCH v5a") == 5);
  CHECK(version("RFCv2 1/2") == 2);
  CHECK(version("PATCH V7") == 7);
  CHECK(version("PATCH take 3") == 3);
  CHECK(version("PATCH v 2") == 2);
  CHECK(version("v2PATCH12/15") == 2);
  CHECK(version("PATCH 5/6v2") == 2);
  CHECK(version("PATCH ipv6") == 1);
  CHECK(version("PATCH riscv64") == 1);
  CHECK(version("PATCH v4l") == 4);
  CHECK(version("PATCH v4l-utils") == 1);
  CHECK(version("PATCH 6.1.y") == 1);
  CHECK(version("PATCH v99999999999999999999") == 1'000'000);
  CHECK(parse_subject("[PATCH] x (v3)").version == 3);
  CHECK_FALSE(parse_subject("[PATCH] x").version_given);
}

TEST_CASE("mail::parse_subject: counters, tags and words") {
  const Subject s =
      parse_subject("[dpdk-dev] [RFC PATCH net-next v4 010/123 RESEND] a: b", {"dpdk-dev"});
  CHECK(s.number == 10);
  CHECK(s.total == 123);
  CHECK(s.version == 4);
  CHECK(s.is_rfc);
  CHECK(s.is_resend);
  CHECK(s.prefixes == std::vector<std::string>{"RFC", "net-next", "RESEND"});
  CHECK(s.patchwork_name() == "[RFC,net-next,v4,010/123,RESEND] a: b");
  CHECK(parse_subject("[PATCH 0/3] x").is_cover_marker());
  CHECK_FALSE(parse_subject("[PATCH 1/n] x").number.has_value());
  CHECK(parse_subject("[PATCH 3/2] x").number == 3);
  CHECK(parse_subject("[PATCH 1/2/3] x").number == 2);
  CHECK(parse_subject("[PATCH 1 of 2] x").total == 2);
  CHECK(parse_subject("[PATCH 99999999999/99999999999] x").number == 1'000'000);
  CHECK(parse_subject("[PATCH 1/99999999999] x").is_clamped);
  CHECK(parse_subject("[PATCH v99999999999999999999] x").is_clamped);
  CHECK(parse_subject("[PATCH v99999999999999999999] x").version == k_largest_number);
  CHECK(parse_subject("[PATCH] x (v1000001)").is_clamped);
  CHECK_FALSE(parse_subject("[PATCH v1000000 1/1000000] 1000001").is_clamped);
  CHECK(parse_subject("[PATCH] " + std::string(300, 'x')).patchwork_name().size() == 255);
  CHECK(parse_subject("").title.empty());
  CHECK(parse_subject("[[[[").title == "[[[[");
}

TEST_CASE("mail::normalize_title: equal for revisions of the same work") {
  CHECK(normalize_title("Net: Fix  it (v2)") == "net: fix it");
  CHECK(normalize_title("net: fix it, take 3") == normalize_title("net: fix it,"));
  CHECK(normalize_title("v2 net: fix it") == "net: fix it");
  CHECK(normalize_title("ipv6: take a look") == "ipv6: take a look");
}
