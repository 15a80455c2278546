#include "mail/subject.hpp"

#include "mail/shared_data.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace patchmill::mail;

namespace {

// Subjects we read differently from Patchwork, each with the reason.
const std::map<std::string, std::string>& intended() {
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
    MESSAGE("skipped: no data/patchwork/expected-series.json under PATCHMILL_SHARED");
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
    if (const auto reason = intended().find(in); reason != intended().end()) {
      CHECK_MESSAGE(ours != theirs, "no deviation any more: ", reason->second);
      ++deviations;
    } else {
      CHECK(ours == theirs);
    }
  }
  CHECK(deviations == intended().size());
}
