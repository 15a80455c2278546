#include "mail/diff.hpp"
#include "mail/message.hpp"
#include "mail/shared_data.hpp"
#include "mail/subject.hpp"
#include "util/hash.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace patchmill;
using namespace patchmill::mail;

namespace {

// "scenario: field" where one mail is read differently from Patchwork, with the reason.
const std::map<std::string, std::string>& intended() {
  static const std::map<std::string, std::string> table = {
      {"reply-with-diff-AW: name", "AW: is a reply mark"},
      {"pull-7: pull_url", "the backslash that continues a line is no part of the URL"},
      {"from-localhost-no-dot: usable", "an address without a dot in its domain is one"},
      {"from-name-update-and-case: person", "Patchwork renames the person by a later mail"},
      {"from-name-update-and-case: email", "Patchwork keeps the first spelling it has seen"},
      {"subject-missing: usable", "a patch without a subject is still a patch"},
      {"msgid-missing: usable", "an id is made of the content"},
      {"msgid-too-long: msgid", "ids are not cut at 255 bytes"},
      {"body-crlf: diff", "CRLF of the transport is undone"},
      {"attach-x-patch: content", "the text of an attachment is text"},
      {"attach-x-patch: diff", "only the diff of an attachment is the diff"},
      {"attach-x-patch: hash", "the diffstat of an attachment is not hashed"},
      {"attach-x-diff: content", "the text of an attachment is text"},
      {"attach-x-diff: diff", "only the diff of an attachment is the diff"},
      {"attach-x-diff: hash", "the diffstat of an attachment is not hashed"},
      {"attach-plain-two-diffs: content", "the second diff is a diff, too"},
      {"diff-binary: diff", "what follows a binary patch is no part of it"},
      {"subject-match-projects: name", "the caller says which words name lists"},
  };
  return table;
}

using Fields = std::map<std::string, std::string>;

// What Patchwork made of the mail, as far as parsing decides it.
Fields their_fields(const boost::json::value& outcome, const boost::json::value& scenario) {
  Fields fields;
  const std::string result = test::str(outcome.at("result"));
  fields["usable"] = result == "error" ? "no" : "yes";
  const auto* patches = scenario.as_object().if_contains("patches");
  if (result != "patch" || patches == nullptr) {
    return fields;
  }
  for (const auto& patch : patches->as_array()) {
    if (patch.at("id") != outcome.at("id")) {
      continue;
    }
    fields["msgid"] = test::str(patch.at("msgid"));
    fields["name"] = test::str(patch.at("name"));
    fields["email"] = test::str(patch.at("submitter").at("email"));
    fields["person"] = test::str(patch.at("submitter").at("name"));
    fields["pull_url"] = test::str(patch.at("pull_url"));
    fields["hash"] = test::str(patch.at("hash"));
    fields["diff"] = test::str(patch.at("diff_sha256"));
    fields["content"] = test::str(patch.at("content"));
    fields["date"] = test::str(patch.at("date"));
  }
  return fields;
}

Fields our_fields(const std::string& raw, const Fields& theirs) {
  Fields fields;
  const auto message = parse_message(raw);
  fields["usable"] = message ? "yes" : "no";
  if (!message || !theirs.contains("name")) {
    return fields;
  }
  // Patchwork keeps the brackets, or their absence.
  const bool brackets = theirs.at("msgid").starts_with("<");
  fields["msgid"] = brackets ? "<" + message->message_id + ">" : message->message_id;
  fields["name"] = parse_subject(message->subject, {"testproj"}).patchwork_name();
  fields["email"] = message->from.email;
  fields["person"] = message->from.name;
  fields["pull_url"] = message->pull_url;
  fields["hash"] = message->diff.empty() ? "" : patchwork_hash(message->diff);
  fields["diff"] = message->diff.empty() ? "" : sha256_hex(message->diff);
  fields["content"] = message->text;
  fields["date"] = message->date ? to_iso(*message->date) : "";
  return fields;
}

}  // namespace

TEST_CASE("mail::parse_message: Patchwork's scenarios, but for the intended deviations") {
  const auto* answers = test::patchwork_answers();
  if (answers == nullptr) {
    MESSAGE(test::k_no_answers);
    return;
  }
  std::set<std::string> met;
  std::size_t mails_read = 0;
  for (const auto& [scenario, value] : answers->at("scenarios").as_object()) {
    const auto& outcomes = value.at("outcomes").as_array();
    const auto& mails = value.at("mails").as_array();
    REQUIRE(outcomes.size() == mails.size());
    for (std::size_t i = 0; i < mails.size(); ++i) {
      const Fields theirs = their_fields(outcomes[i], value);
      const Fields ours = our_fields(test::bytes(mails[i]), theirs);
      ++mails_read;
      for (const auto& [field, answer] : theirs) {
        const std::string key = std::string(scenario) + ": " + field;
        const auto found = ours.find(field);
        const std::string got = found == ours.end() ? "(mail not usable)" : found->second;
        CAPTURE(key);
        if (intended().contains(key)) {
          if (got != answer) {
            met.insert(key);
          }
        } else {
          CHECK(got == answer);
        }
      }
    }
  }
  CHECK(mails_read > 300);
  for (const auto& [key, reason] : intended()) {
    CHECK_MESSAGE(met.contains(key), "no deviation any more: ", key, " (", reason, ")");
  }
}
