#include "mail/outgoing.hpp"

#include "mail/message.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill::mail {
namespace {

OutgoingMail sample() {
  OutgoingMail mail;
  mail.from = {"patchmill", "ci@example.org"};
  mail.to = {{"Ann Example", "ann@example.org"}};
  mail.cc = {{"", "list@example.org"}};
  mail.subject = "Re: [PATCH v2 0/3] net: fix it";
  mail.message_id = "patchmill.1@example.org";
  mail.in_reply_to = "cover@example.org";
  mail.references = {"root@example.org", "cover@example.org"};
  mail.date = Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 11 / 1) +
                        std::chrono::hours(9) + std::chrono::minutes(3));
  mail.fields = {{"Auto-Submitted", "auto-generated"}};
  mail.text = "Hi Ann,\n\nall fine.\n";
  return mail;
}

TEST_CASE("mail::compose: the exact bytes") {
  CHECK(compose(sample()).value() ==
        "From: patchmill <ci@example.org>\n"
        "To: Ann Example <ann@example.org>\n"
        "Cc: list@example.org\n"
        "Subject: Re: [PATCH v2 0/3] net: fix it\n"
        "Date: Sun, 1 Nov 2026 09:03:00 +0000\n"
        "Message-ID: <patchmill.1@example.org>\n"
        "In-Reply-To: <cover@example.org>\n"
        "References: <root@example.org>\n"
        " <cover@example.org>\n"
        "Auto-Submitted: auto-generated\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 7bit\n"
        "\n"
        "Hi Ann,\n\nall fine.\n");
}

TEST_CASE("mail::compose: our own parser reads it back") {
  OutgoingMail mail = sample();
  mail.from.name = "Prüfer (Müller & Söhne)";
  mail.to[0].name = "王小明";
  mail.subject = "Re: [PATCH] größer als früher: " + std::string(120, 'x');
  mail.text = "Hallo 王,\n\nGröße stimmt nicht.\n" + std::string(2000, 'y') + "\n";
  const auto back = parse_message(compose(mail).value());
  REQUIRE(back.has_value());
  CHECK(back->from == mail.from);
  REQUIRE(back->to.size() == 1);
  CHECK(back->to[0] == mail.to[0]);
  CHECK(back->subject == mail.subject);
  CHECK(back->text.find("Größe stimmt nicht.\n" + std::string(2000, 'y')) != std::string::npos);
  CHECK(back->in_reply_to == std::vector<std::string>{"cover@example.org"});
  CHECK(back->references == std::vector<std::string>{"root@example.org", "cover@example.org"});
  CHECK(back->mended.empty());
}

TEST_CASE("mail::compose: no value can add a field or end the header") {
  const std::string bad = "x\r\nBcc: victim@example.org\r\n\r\n<script>\n";
  OutgoingMail mail = sample();
  mail.from.name = bad;
  mail.to.push_back({bad, "to@example.org"});
  mail.to.push_back({"bad address", "y@z\r\nBcc: victim@example.org"});
  mail.cc.push_back({"\"" + bad, "cc@example.org"});
  mail.reply_to = Address{bad, "reply@example.org"};
  mail.subject = bad;
  mail.in_reply_to = "a@b>\r\nBcc: <victim@example.org";
  mail.references.push_back("c@d\nBcc: e");
  mail.fields.emplace_back("X-Note", bad);
  const std::string bytes = compose(mail).value();
  const std::string header = bytes.substr(0, bytes.find("\n\n") + 1);
  for (const auto line : split_lines(header)) {
    CHECK_FALSE(istarts_with(line, "bcc"));
    CHECK(!line.empty());
  }
  CHECK(bytes.find('\r') == std::string::npos);
  CHECK(bytes.substr(header.size() + 1) == "Hi Ann,\n\nall fine.\n");
  mail.fields.emplace_back("X-Bad: y\nBcc", "x");
  CHECK(compose(mail).error().kind == ErrorKind::invalid);
}

TEST_CASE("mail::compose: refuses what cannot be a mail") {
  OutgoingMail mail = sample();
  mail.to.clear();
  mail.cc = {{"x", "not an address"}};
  CHECK(compose(mail).error().message == "the mail has no recipient");
  mail = sample();
  mail.from.email = "nobody";
  CHECK(compose(mail).error().message == "'nobody' cannot be the sender of a mail");
  mail = sample();
  mail.message_id = "a b";
  CHECK(compose(mail).error().message == "'a b' cannot be a Message-ID");
}

TEST_CASE("mail::bounded_references: the first and the newest") {
  std::vector<std::string> chain;
  for (int i = 0; i < 100; ++i) {
    chain.push_back("id" + std::to_string(i));
    chain.push_back("id" + std::to_string(i));
  }
  const auto bounded = bounded_references(chain, 5);
  CHECK(bounded == std::vector<std::string>{"id0", "id96", "id97", "id98", "id99"});
}

}  // namespace
}  // namespace patchmill::mail
