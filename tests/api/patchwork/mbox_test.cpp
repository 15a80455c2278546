#include "api/patchwork/mbox.hpp"

#include "api/patchwork/mails.hpp"
#include "api/patchwork/parameters.hpp"
#include "mail/message.hpp"
#include "sample.hpp"
#include "shared_answers.hpp"

namespace patchmill::api::patchwork {
namespace {

using namespace test;
namespace json = boost::json;

TEST_CASE("responses_in: trailers of a comment, as they are written") {
  CHECK(responses_in("") == "");
  CHECK(responses_in("> Reviewed-by: quoted\n Acked-by: indented\nCc: x\nFixes: y\n") == "");
  CHECK(responses_in("LGTM\nreviewed-by: B\n\nTested-By: C <c@x>") ==
        "reviewed-by: B\nTested-By: C <c@x>\n");
  CHECK(responses_in("Nacked-by: D\nReported-by: E\nSigned-off-by: F\nAcked-by: G\n") ==
        "Nacked-by: D\nReported-by: E\nSigned-off-by: F\nAcked-by: G\n");
}

TEST_CASE("mbox_of: header, trailers before the notes, then the diff") {
  MailParts mail;
  mail.headers = {{"From", "Ada <ada@x.org>"},
                  {"Content-Type", "text/plain; charset=iso-8859-1"},
                  {"X-Patchwork-Id", "77"},
                  {"Subject", "[PATCH] a\n b"}};
  mail.content = "Do it.\n--\nnotes\n---\nmore\n\n";
  mail.diff = k_diff;
  const Submission of{5, from_micros(k_noon), {1, "Ada", "ada@x.org", {}}, "mo@x.org", ""};
  CHECK(mbox_of(of, mail, "Acked-by: B\n") ==
        "From patchwork Wed Nov 15 12:00:00 2023\n"
        "Content-Type: text/plain; charset=\"utf-8\"\n"
        "MIME-Version: 1.0\n"
        "Content-Transfer-Encoding: 7bit\n"
        "X-Patchwork-Submitter: Ada <ada@x.org>\n"
        "X-Patchwork-Id: 5\n"
        "X-Patchwork-Delegate: mo@x.org\n"
        "From: Ada <ada@x.org>\n"
        "X-Patchwork-Id: 77\n"
        "Subject: [PATCH] a\n b\n"
        "Date: Wed, 15 Nov 2023 12:00:00 -0000\n"
        "\n"
        "Do it.\n"
        "Acked-by: B\n"
        "---\n"
        "notes\n---\nmore\n"
        "\n" +
            k_diff);
}

TEST_CASE("mbox_of: trailers stay before the notes where there is no commit message") {
  const auto body_of_mail = [](std::string content, std::string_view responses) {
    MailParts mail;
    mail.content = std::move(content);
    mail.diff = k_diff;
    const Submission of{5, from_micros(k_noon), {1, "Ada", "ada@x.org", {}}, "", ""};
    const std::string made = mbox_of(of, mail, responses);
    return made.substr(made.find("\n\n") + 2);
  };
  const std::string diff = "\n" + k_diff;
  for (const std::string dashes : {"---", "--", "--- ", "-- "}) {
    CAPTURE(dashes);
    CHECK(body_of_mail(dashes + "\n f.c | 2 +-\n", "Reviewed-by: B\n") ==
          "\nReviewed-by: B\n---\n f.c | 2 +-\n" + diff);
  }
  CHECK(body_of_mail("\n\n---\n\n f.c | 2 +-", "Acked-by: B\n") ==
        "\nAcked-by: B\n---\n\n f.c | 2 +-\n" + diff);
  CHECK(body_of_mail("---", "Acked-by: B\n") == "\nAcked-by: B\n" + diff);
  CHECK(body_of_mail("", "Acked-by: B\n") == "Acked-by: B\n" + diff);
  // Other lines of dashes end nothing.
  CHECK(body_of_mail("----\n-\n---  x\n --\nmore", "Acked-by: B\n") ==
        "----\n-\n---  x\n --\nmore\nAcked-by: B\n" + diff);
}

TEST_CASE("mbox_of: the author's own address where a list rewrote it") {
  MailParts mail;
  mail.headers = {{"From", "Ada via Lorem <LOREM@lists.example.net>"}, {"Date", "now"}};
  mail.content = "Größe";
  const Submission of{
      5, from_micros(k_noon), {1, "Ada \"A\" Z", "ada@x.org", {}}, "", "lorem@lists.example.net"};
  const std::string made = mbox_of(of, mail, "");
  CHECK(made.find("Content-Transfer-Encoding: 8bit\n") != std::string::npos);
  CHECK(
      made.ends_with("X-Patchwork-Original-From: Ada via Lorem <LOREM@lists.example.net>\n"
                     "From: \"Ada \\\"A\\\" Z\" <ada@x.org>\nDate: now\n\nGröße\n"));
}

TEST_CASE("mbox_of: a name cannot end its header") {
  const Submission of{5, from_micros(k_noon), {1, "A\nBcc: x@y", "a@x\r\nX: y", {}}, "d\ne", ""};
  const std::string made = mbox_of(of, {}, "");
  CHECK(made.find("\nBcc") == std::string::npos);
  CHECK(made.find("\nX: y") == std::string::npos);
  CHECK(made.find("\ne") == std::string::npos);
}

TEST_CASE("mbox_of: names beyond ASCII are coded the shorter way") {
  const auto submitter = [](std::string name) {
    const Submission of{5, from_micros(k_noon), {1, std::move(name), "a@x", {}}, "", ""};
    const std::string made = mbox_of(of, {}, "");
    const auto at = made.find("X-Patchwork-Submitter: ") + 23;
    return made.substr(at, made.find('\n', at) - at);
  };
  CHECK(submitter("Jörg") == "=?utf-8?b?SsO2cmc=?= <a@x>");
  CHECK(submitter("Ada Lovelace Ämter") == "=?utf-8?q?Ada_Lovelace_=C3=84mter?= <a@x>");
  CHECK(submitter("") == "a@x");
}

TEST_CASE("file_name: nothing that a shell or a header would misread") {
  CHECK(file_name("[v2,1/2] lorem: say dolor") == "v2-1-2-lorem-say-dolor");
  CHECK(file_name("../../etc/passwd\r\nX: y") == "..-..-etc-passwd-X-y");
  CHECK(file_name("äö") == "");
}

TEST_CASE("parts_of_comment: a diff in a reply is text") {
  const auto parts = parts_of_comment(
      mail_of("a@x.org", "Re: [PATCH] a", "m@x", "Rather:\n\n" + k_diff + "\nOr not.\n"));
  CHECK(parts.diff.empty());
  CHECK(parts.content == "Rather:\n\n" + k_diff + "\nOr not.");
  CHECK(parts.headers.at(1) == std::pair<std::string, std::string>("Subject", "Re: [PATCH] a"));
}

TEST_CASE("parts_of_submission: a mail that is none still has its headers") {
  const auto parts = parts_of_submission("Subject: x\nTo: a,\n\tb\n\nbody\n");
  REQUIRE(parts.headers.size() == 2);
  CHECK(parts.headers[1].second == "a,\n\tb");
}

// Patchwork decodes headers and codes them anew, and cuts subjects; ours are as sent.
const std::set<std::string> k_recoded = {"from-rfc2047", "msgid-too-long", "subject-too-long",
                                         "mbox-header-quirks"};
// The text and the diff are another: what mail/ mends (tests/mail/patchwork_*_test.cpp).
const std::set<std::string> k_read_otherwise = {"attach-x-patch", "attach-x-diff",
                                                "attach-plain-two-diffs", "diff-binary"};
// The same Message-ID twice, which this test tells mails apart by.
const std::string k_crosspost = "crosspost-two-projects";

TEST_CASE("mbox_of: as a real Patchwork writes it") {
  const auto answers = shared_answers("expected-series.json");
  if (!answers) {
    MESSAGE(k_no_answers);
    return;
  }
  const auto raw_of = [](const boost::json::value& mail) {
    const std::string text = str(mail);  // bytes as code points below 256, or text
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto lead = static_cast<unsigned char>(text[i]);
      if (lead < 0x80) {
        bytes += text[i];
      } else if ((lead == 0xC2 || lead == 0xC3) && i + 1 < text.size()) {
        bytes +=
            static_cast<char>(((lead & 3U) << 6U) | (static_cast<unsigned char>(text[++i]) & 63U));
      } else {
        return text;
      }
    }
    return bytes;
  };
  int compared = 0;
  int same = 0;
  std::vector<std::string> different;
  for (const auto& entry : answers->at("scenarios").as_object()) {
    const auto& scenario = entry.value().as_object();
    if (!scenario.contains("patches")) {
      continue;
    }
    const auto* comments = scenario.if_contains("comments");
    std::map<std::string, std::string> mails;
    for (const auto& mail : scenario.at("mails").as_array()) {
      const std::string raw = raw_of(mail);
      if (const auto message = mail::parse_message(raw)) {
        mails.emplace("<" + message->message_id + ">", raw);
      }
    }
    for (const auto& one : scenario.at("patches").as_array()) {
      const auto& patch = one.as_object();
      const auto raw = mails.find(str(patch.at("msgid")));
      const std::string name(entry.key());
      if (raw == mails.end() || !patch.contains("mbox") || k_recoded.contains(name) ||
          k_read_otherwise.contains(name) || name == k_crosspost) {
        continue;
      }
      std::string responses;
      for (const auto& other : comments != nullptr ? comments->as_array() : json::array()) {
        const auto& comment = other.as_object();
        if (comment.at("parent") == patch.at("msgid") &&
            str(comment.at("kind")) == "PatchComment") {
          responses += responses_in(str(comment.at("content")));
        }
      }
      const auto& submitter = patch.at("submitter").as_object();
      const auto date = parse_api_date(str(patch.at("date")));
      Submission of{patch.at("id").to_number<Id>(),
                    date.value_or(Timestamp{}),
                    {1, str(submitter.at("name")), str(submitter.at("email")), {}},
                    patch.at("delegate").is_null() ? "" : "maint@example.com",
                    "testproj@example.com"};
      ++compared;
      const std::string made = mbox_of(of, parts_of_submission(raw->second), responses);
      if (made == str(patch.at("mbox"))) {
        ++same;
      } else {
        different.push_back(std::string(entry.key()) + "\n" + made + "\n-- instead of --\n" +
                            str(patch.at("mbox")));
      }
    }
  }
  MESSAGE(same, " of ", compared, " the same");
  for (const auto& what : different) {
    MESSAGE(what);
  }
  CHECK(different.empty());
  CHECK(compared > 150);
}

}  // namespace
}  // namespace patchmill::api::patchwork
