#include "mail/message.hpp"

#include "mail/diff.hpp"
#include "support/sanitized.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace patchmill;
using namespace patchmill::mail;

namespace {

const std::string headers =
    "From: Ann Example <ann@example.org>\nSubject: [PATCH] x: do y\n"
    "Date: Tue, 14 Nov 2023 22:13:20 +0100\nMessage-ID: <1@example.org>\n";
const std::string diff =
    "diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n"
    "-b\n+c\n";

Message parsed(const std::string& raw) {
  auto message = parse_message(raw);
  REQUIRE_MESSAGE(message.has_value(), message.error().message);
  return std::move(*message);
}

Error refused(const std::string& raw, const Limits& limits = {}) {
  const auto message = parse_message(raw, limits);
  REQUIRE_FALSE(message.has_value());
  return message.error();
}

bool says(const Message& message, std::string_view what) {
  return std::ranges::any_of(message.mended, [&](const std::string& note) {
    return note.find(what) != std::string::npos;
  });
}

std::string text_of(const std::string& charset, const std::string& body) {
  return parsed(headers + "Content-Type: text/plain; charset=" + charset + "\n\n" + body).text;
}

}  // namespace

TEST_CASE("mail::parse_message: the fields of a plain patch") {
  const Message message =
      parsed(headers +
             "To: list@example.org\nCc: \"B, C\" <bc@example.org>, d@example.org\n"
             "In-Reply-To: <0@example.org> (sent by Bob)\nReferences: <a@x>\n <0@example.org>\n"
             "List-Id: A list <List.example.org>\nX-Mailing-List: linux@example.org\n\n"
             "Why.\n\nSigned-off-by: Ann Example <ann@example.org>\n---\n x | 2 +-\n\n" +
             diff + "-- \n2.39.5\n");
  CHECK(message.message_id == "1@example.org");
  CHECK(message.subject == "[PATCH] x: do y");
  CHECK(message.from == Address{"Ann Example", "ann@example.org"});
  CHECK_FALSE(message.sender.has_value());
  REQUIRE(message.date.has_value());
  CHECK(to_iso(*message.date) == "2023-11-14T21:13:20");
  CHECK(message.in_reply_to == std::vector<std::string>{"0@example.org"});
  CHECK(message.references == std::vector<std::string>{"a@x", "0@example.org"});
  CHECK(message.list_ids == std::vector<std::string>{"list.example.org", "linux@example.org"});
  REQUIRE(message.cc.size() == 2);
  CHECK(message.cc[0].name == "B, C");
  CHECK(message.text == "Why.\n\nSigned-off-by: Ann Example <ann@example.org>\n---\n x | 2 +-");
  CHECK(message.diff == diff);
  CHECK(message.diff_at == message.text.size());
  CHECK(message.mended.empty());
  CHECK(message.header("subject") == "[PATCH] x: do y");
  CHECK_FALSE(message.header("X-Missing").has_value());
}

TEST_CASE("mail::parse_message: every lie about a charset") {
  CHECK(text_of("us-ascii", "caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(text_of("us-ascii", "caf\xE9") == "caf\xC3\xA9");
  CHECK(text_of("utf-8", "caf\xE9") == "caf\xC3\xA9");
  CHECK(text_of("iso-8859-1", "caf\xE9 \x93x\x94") == "caf\xC3\xA9 \xE2\x80\x9Cx\xE2\x80\x9D");
  CHECK(text_of("iso-8859-1", "caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(text_of("no-such-charset", "caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(text_of("../../etc/passwd", "caf\xE9") == "caf\xC3\xA9");
  CHECK(text_of("\"gb2312\"", "\xD6\xD0\x81\x30\x84\x36") == "\xE4\xB8\xAD\xC2\xA5");
  CHECK(text_of("koi8-r", "\xF0\xD2\xC9") == "\xD0\x9F\xD1\x80\xD0\xB8");
  CHECK(text_of("iso-2022-jp", "\x1B$B4A\x1B(B") == "\xE6\xBC\xA2");
  CHECK(text_of("utf-8", std::string("a\0b", 3)) == "ab");
  CHECK(text_of("utf-16", "plain words\nand more\n") == "plain words\nand more");
  CHECK(text_of("utf-16le", std::string("a\0\n\0b\0", 6)) == "a\nb");
  CHECK(text_of("utf-32", "plain words\nand more\n") == "plain words\nand more");
  CHECK(says(parsed(headers + "Content-Type: text/plain; charset=us-ascii\n\ncaf\xC3\xA9\n"),
             "declared as \"us-ascii\" but has bytes above 127"));
}

TEST_CASE("mail::parse_message: the bytes of the diff are left alone") {
  const std::string latin = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-caf\xE9\n+caf\xE9s\n";
  for (const std::string charset : {"iso-8859-1", "utf-8", "us-ascii", "gb2312"}) {
    CAPTURE(charset);
    const Message message =
        parsed(headers + "Content-Type: text/plain; charset=" + charset + "\n\nt\n" + latin);
    CHECK(message.diff == latin);
    CHECK(is_valid_utf8(message.text));
  }
}

TEST_CASE("mail::parse_message: NUL bytes are taken out of the text, and only then it says so") {
  const std::string nul(1, '\0');
  std::string bytes = diff;
  bytes.replace(bytes.find("+c"), 2, "+c" + nul);
  const Message in_diff = parsed(headers + "\ntext\n" + bytes);
  CHECK(in_diff.diff == bytes);
  CHECK_FALSE(says(in_diff, "NUL"));
  const Message in_text = parsed(headers + "\nte" + nul + "xt\n" + diff);
  CHECK(in_text.text == "text");
  CHECK(says(in_text, "text has NUL bytes; removed"));
  // Where another diff is attached, the one in the text is text.
  const Message both =
      parsed(headers + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n" + bytes +
             "--b\nContent-Type: text/x-patch\n\n" + diff + "--b--\n");
  CHECK(both.diff == diff);
  CHECK(says(both, "text has NUL bytes; removed"));
}

TEST_CASE("mail::parse_message: headers with raw bytes and broken encoded words") {
  const Message message = parsed(
      "From: =?utf-8?q?J=C3?= =?utf-8?q?=B6rg?= <j@example.org>\nSubject: caf\xE9 =?x?q?a\n"
      " =?iso-8859-1?Q?=E4_b?=\nMessage-Id: <a\n b@c>\n\nx\n");
  CHECK(message.from.name == "J\xC3\xB6rg");
  CHECK(message.subject == "caf\xC3\xA9 =?x?q?a \xC3\xA4 b");
  CHECK(message.message_id == "ab@c");
  CHECK_FALSE(message.date.has_value());
  CHECK(says(message, "no Date"));
}

TEST_CASE("mail::parse_message: CRLF of the whole mail, of single lines and under a footer") {
  const auto crlf = [](const std::string& text) {
    std::string out;
    for (const char c : text) {
      out += c == '\n' ? "\r\n" : std::string(1, c);
    }
    return out;
  };
  CHECK(parsed(crlf(headers + "\nt\n" + diff)).diff == diff);
  CHECK(parsed(crlf(headers + "\nt\n" + diff)).mended.empty());
  // The header says how lines are transported: in a mail of \n a CR is content, as git am
  // --keep-cr has it; in one of CR LF it is not.
  const std::string one_cr = diff.substr(0, diff.size() - 1) + "\r\n";
  CHECK(parsed(headers + "\nt\n" + one_cr).diff == one_cr);
  const Message mixed = parsed(crlf(headers) + "\r\nt\n" + one_cr);
  CHECK(mixed.diff == diff);
  CHECK(says(mixed, "CR LF"));
  // In encoded bodies it is content, unless the header lines have it, too.
  const std::string qp = "Content-Transfer-Encoding: quoted-printable\n\n";
  CHECK(parsed(headers + qp + "t\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a=0D\n+b=0D\n").diff ==
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\r\n+b\r\n");
  CHECK(parsed(headers + qp +
               "t=0D\n--- a/x=0D\n+++ b/x=0D\n@@ -1 +1 @@=0D\n-a=0D\n+b=0D\n____\nlist\n")
            .diff == "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n");
}

TEST_CASE("mail::parse_message: format=flowed by a program that knows nothing of it") {
  const std::string plain =
      "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b \n+c \n  d\n";
  const Message message =
      parsed(headers + "Content-Type: text/plain; format=flowed\n\nt\n" + plain);
  CHECK(message.diff == plain);
  CHECK(says(message, "declared as format=flowed, but is not"));
}

TEST_CASE("mail::parse_message: format=flowed") {
  const Message text = parsed(headers +
                              "Content-Type: text/plain; format=flowed\n\nsoft \nbreak\n> a \n"
                              "> b\n stuffed\n-- \nsig\n");
  CHECK(text.text == "soft break\n> a b\nstuffed");
  const std::string type = "Content-Type: text/plain; format=flowed; delsp=yes\n\n";
  CHECK(parsed(headers + type + "ab \ncd\n").text == "abcd");
  // A wrapped line is joined, a context line of one space is not taken for a soft break.
  CHECK(parsed(headers + type + "t\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b \nc\n").diff ==
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+bc\n");
  CHECK(parsed(headers + type + "t\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n  \n-a\n+b\n").diff ==
        "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n \n-a\n+b\n");
}

TEST_CASE("mail::parse_message: attachments") {
  const std::string start =
      headers + "Content-Type: multipart/mixed; boundary=\"b\"\n\npre\n--b\n\nmsg\n";
  for (const std::string type :
       {"text/x-patch", "text/x-diff", "application/octet-stream; name=0001-x.patch",
        "application/octet-stream\nContent-Disposition: attachment; filename=\"x.DIFF\"",
        "text/plain; name=x.diff"}) {
    CAPTURE(type);
    const Message message =
        parsed(start + "--b\nContent-Type: " + type + "\n\n" + diff + "--b--\nafter\n");
    CHECK(message.diff == diff);
    CHECK(message.text == "msg");
  }
  CHECK(parsed(start + "--b\nContent-Type: application/octet-stream; name=a.out\n\n" + diff +
               "--b--\n")
            .diff.empty());
  const Message both = parsed(start + diff +
                              "--b\nContent-Type: text/x-patch\n\n--- a/z\n+++ b/z\n"
                              "@@ -1 +1 @@\n-a\n+b\n--b--\n");
  CHECK(both.diff.starts_with("--- a/z\n"));
  CHECK(both.text.find("+c") != std::string::npos);
  CHECK(says(both, "attached one is used"));
}

TEST_CASE("mail::parse_message: alternative, signed and enclosed parts") {
  const Message message = parsed(
      headers +
      "Content-Type: multipart/signed; boundary=s\n\n--s\n"
      "Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\nt\n" +
      diff + "--a\nContent-Type: text/html\n\n<p>" + diff +
      "--a--\n--s\nContent-Type: application/pgp-signature\n\nxyz\n--s--\n");
  CHECK(message.diff == diff);
  CHECK(message.text == "t");
  const Message forwarded =
      parsed(headers +
             "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nlook\n--b\n"
             "Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: text/plain\n"
             "\ninner text\n" +
             diff + "--b--\n");
  CHECK(forwarded.diff == diff);
  CHECK(forwarded.text == "look\ninner text");
  const Message html = parsed(headers + "Content-Type: text/html\n\n<p>x\n");
  CHECK(html.text.empty());
  CHECK(says(html, "HTML"));
}

TEST_CASE("mail::parse_message: where the structure of the mail lies, the diff is still found") {
  const std::string multipart = "Content-Type: multipart/mixed; boundary=b\n\n";
  Message message = parsed(headers + multipart + "Text.\n" + diff);
  CHECK(message.diff == diff);
  CHECK(message.text == "Text.");
  CHECK(says(message, "no part found for its boundary"));
  message = parsed(headers + multipart + "Text.\n" + diff + "--b\n\nlist footer\n--b--\n");
  CHECK(message.diff == diff);
  CHECK(says(message, "its diff stands before its first part"));
  // What is usual there is no text of anybody.
  message = parsed(headers + multipart + "This is a multi-part message.\n--b\n\nText.\n" + diff +
                   "--b--\n");
  CHECK(message.text == "Text.");
  CHECK(message.mended.empty());
  message = parsed(headers + "Content-Transfer-Encoding: base64\n\nText.\n" + diff);
  CHECK(message.diff == diff);
  CHECK(says(message, "its Content-Transfer-Encoding is a lie"));
  std::string cr = "Text.\n" + diff;
  std::ranges::replace(cr, '\n', '\r');
  message = parsed(headers + "\n" + cr);
  CHECK(message.diff == diff);
  CHECK(says(message, "end in CR only"));
}

TEST_CASE("mail::parse_message: what looks like a footer before the diff is of the message") {
  const std::string sign = "Signed-off-by: Ann Example <ann@example.org>";
  for (const std::string mark : {"-- ", "________"}) {
    CAPTURE(mark);
    const std::string text = "Why:\n" + mark + "\n| 31 .. 0 |\n\n" + sign + "\n---\n x | 2 +-";
    const std::string footer = "-- \n2.39.5\n\n_______\nlist footer\n";
    const Message patch = parsed(headers + "\n" + text + "\n\n" + diff + footer);
    CHECK(patch.text == text);
    CHECK(patch.diff == diff);
    // So in a cover letter that is signed, or of which the message stands alone.
    const std::string letter = "Hello,\n\n" + mark + "\nAnn Example\n\nAnn Example (2):\n  x: do y";
    for (const std::string trailer :
         {"base-commit: 0123456789012345678901234567890123456789", "change-id: some-id",
          "Depends-on: <x@example.org>", "prerequisite-patch-id: 1"}) {
      CAPTURE(trailer);
      CHECK(parsed(headers + "\n" + letter + "\n\n" + trailer + "\n" + footer).text ==
            letter + "\n\n" + trailer);
    }
    CHECK(parsed(headers + "\n" + letter + "\n" + footer).text == "Hello,");
    // What a comment quotes below is not its own.
    CHECK(parsed(headers + "\n" + letter + "\n" + sign + "\n" + footer).text == "Hello,");
    const Message attached = parsed(
        headers + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + letter + "\n\n" + sign +
        "\n--b\nContent-Type: text/x-patch; name=x.patch\nContent-Disposition: attachment\n\n" +
        diff + "--b--\n");
    CHECK(attached.diff == diff);
    CHECK(attached.text == letter + "\n\n" + sign);
  }
}

TEST_CASE("mail::parse_message: says why there is no diff that can be read") {
  const std::string html = "--b\nContent-Type: text/html\n\n<pre>" + diff + "</pre>\n";
  const std::string mixed = headers + "Content-Type: multipart/mixed; boundary=b\n\n";
  CHECK(parsed(mixed + html + "--b--\n").unread == "has only HTML, which is not read");
  // A list's footer is no text.
  const Message message = parsed(mixed + html + "--b\n\n\n-- \nThe list: x\n--b--\n");
  CHECK(message.unread == "has only HTML, which is not read");
  CHECK(says(message, "has only HTML"));
  CHECK(parsed(mixed + html + "--b\n\nText.\n--b--\n").unread.empty());
  CHECK(parsed(mixed + "--b\n\nSee it attached.\n--b\nContent-Type: application/gzip; "
                       "name=x.patch.gz\nContent-Transfer-Encoding: base64\n\nH4sIAAAA\n--b--\n")
            .unread == "its attachment is a compressed patch, which is not read");
}

TEST_CASE("mail::parse_message: a clear-signed patch") {
  const Message message = parsed(
      headers +
      "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nWhy.\n- ---\n\n- --- a/x\n+++ b/x\n"
      "@@ -1 +1 @@\n- -a\n+b\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP "
      "SIGNATURE-----\n");
  CHECK(message.diff == "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n");
  CHECK(message.text == "Why.\n---");
}

TEST_CASE("mail::parse_message: senders rewritten by lists") {
  const auto from = [](const std::string& more) {
    return parsed("Subject: x\nMessage-ID: <1@x>\nList-Id: <l.example.org>\n" + more + "\nt\n");
  };
  const Address ann{"Ann Example", "ann@example.org"};
  const std::string via = "From: Ann Example via L <l@example.org>\n";
  CHECK(from(via + "Reply-To: Ann Example <ann@example.org>\n").from == ann);
  CHECK(from(via + "Reply-To: ann@example.org\n").from == ann);
  CHECK(from(via + "Cc: b@example.org, Ann Example <ann@example.org>\n").from == ann);
  const Message google = from(
      "From: \"'Ann Example' via L\" <l@example.org>\nX-Original-From: Ann Example "
      "<ann@example.org>\n");
  CHECK(google.from == ann);
  REQUIRE(google.sender.has_value());
  CHECK(google.sender->email == "l@example.org");
  CHECK(from(via).from.email == "l@example.org");
  CHECK(from("From: Ann Example <ann@example.org>\nReply-To: c@example.org\n").from == ann);
  // Nobody becomes another by a name and a Reply-To.
  // As nongnu.org writes it.
  const std::string bare =
      "From: Ann Example via <l@example.org>\nList-Id: <l.example.org>\nList-Post: "
      "<mailto:l@example.org>\n";
  CHECK(from(bare + "Reply-To: Ann Example <ann@example.org>\n").from == ann);
  const std::string mallory = "From: Mallory via home <mallory@example.net>\n";
  const std::string victim = "Reply-To: Ann Example <ann@example.org>\n";
  CHECK(from(mallory + victim).from.email == "mallory@example.net");
  CHECK(from(mallory + "X-Original-From: Ann Example <ann@example.org>\n").from.email ==
        "mallory@example.net");
  CHECK(parsed("Subject: x\nMessage-ID: <1@x>\n" + mallory + victim + "\nt\n").from.email ==
        "mallory@example.net");
  CHECK(from("From: Ann Example via L <noreply@l.example.org>\n" + victim).from == ann);
  CHECK(parsed("Subject: x\nMessage-ID: <1@x>\nList-Post: <mailto:m@example.net>\nFrom: Ann "
               "Example via M <m@example.net>\n" +
               victim + "\nt\n")
            .from == ann);
}

TEST_CASE("mail::parse_message: headers in the text") {
  const Message message = parsed(headers +
                                 "\nFrom: Bob B <bob@example.org>\nSubject: [PATCH] other\n title\n"
                                 "Date: Mon, 13 Nov 2023 10:00:00 -0330\n\nWhy.\n");
  REQUIRE(message.in_body_from.has_value());
  CHECK(message.in_body_from->email == "bob@example.org");
  CHECK(message.in_body_subject == "[PATCH] other title");
  REQUIRE(message.in_body_date.has_value());
  CHECK(to_iso(*message.in_body_date) == "2023-11-13T13:30:00");
  CHECK(message.in_body_date_offset == -210);
  const Message comma = parsed(headers + "\nFrom: Builder, Bob <bob@example.org>\n\nWhy.\n");
  CHECK(comma.in_body_from == Address{"Builder, Bob", "bob@example.org"});
  CHECK_FALSE(parsed(headers + "\nFrom: here on it is prose\n").in_body_from.has_value());
  CHECK(says(parsed(headers + "\nhi\n-- >8 --\nFrom: x <x@y>\n\n" + diff), "scissors"));
}

TEST_CASE("mail::parse_message: pull requests") {
  const auto url = [](const std::string& place) {
    return parsed(headers +
                  "\nThe following changes since commit 123:\n\n  x\n\n"
                  "are available in the Git repository at:\n\n" +
                  place + "\n\nfor you to fetch changes up to 456:\n")
        .pull_url;
  };
  CHECK(url("  https://example.org/x.git tags/a+b") == "https://example.org/x.git tags/a+b");
  CHECK(url("  git://example.org/x.git \\\n    tags/v1") == "git://example.org/x.git tags/v1");
  CHECK(url("  git@example.org:x/y.git main") == "git@example.org:x/y.git main");
  CHECK(url("  ssh://example.org/~u/x.git") == "ssh://example.org/~u/x.git");
  CHECK(url("  nothing at all").empty());
}

TEST_CASE("mail::parse_message: what cannot be used, and why") {
  CHECK(refused("").message == "the mail is empty");
  CHECK(refused("\n\n").message == "the mail is empty");
  CHECK(refused("just text\n").message == "the mail has no header");
  CHECK(refused("Subject: x\n\ny\n").message == "the mail has no From header");
  CHECK(refused("From: nobody\n\ny\n").message == "the From header \"nobody\" has no mail address");
  CHECK(parsed("From: Author, Ann <ann@example.org>\n\nx\n").from ==
        Address{"Author, Ann", "ann@example.org"});
  const Message message = parsed("From: a@localhost\n\nx\n");
  CHECK(message.message_id.ends_with("@missing-message-id.invalid"));
  CHECK(message.message_id == parsed("From: a@localhost\n\nx\n").message_id);
  CHECK(message.message_id != parsed("From: a@localhost\n\ny\n").message_id);
  CHECK(says(message, "no Message-ID"));
  // The same mail, as a file, from an mbox and from a mailbox.
  for (const std::string same :
       {"From: a@localhost\r\n\r\nx\r\n", "From: a@localhost\n\nx", "From: a@localhost\n\nx\n\n",
        "From a@localhost Mon Jan  5 10:00:00 2026\n"
        "From: a@localhost\n\nx\n\n"}) {
    CHECK(parsed(same).message_id == message.message_id);
  }
  CHECK(parsed("From: a@localhost\n\n>From x\n").message_id ==
        parsed("From: a@localhost\n\nFrom x\n").message_id);
  CHECK(says(message, "no Subject"));
}

TEST_CASE("mail::parse_message: what git am refuses for its date or author is said") {
  const std::string from = "From: Ann <a@x>\nSubject: [PATCH] x\nMessage-ID: <1@x>\n";
  for (const char* date :
       {"", "Date: yesterday, I think\n", "Date: Fri, 31 Dec 9999 23:59:59 +0000\n"}) {
    CAPTURE(date);
    const Message message = parsed(from + date + "\nWhy.\n---\n" + diff);
    CHECK_FALSE(message.date.has_value());
    CHECK(says(message, *date == '\0' ? "has no Date header" : "has no readable date: \""));
    CHECK(says(message, "its commit gets the date of the one before it"));
    // Of a mail without a patch there is no commit.
    CHECK_FALSE(says(parsed(from + date + "\nWhy.\n"), "commit"));
    const Message dated =
        parsed(from + date + "\nDate: Tue, 14 Nov 2023 22:13:20 +0100\n\nWhy.\n---\n" + diff);
    CHECK(dated.in_body_date.has_value());
    CHECK_FALSE(says(dated, "commit"));
  }
  const Message unknown = parsed(headers + "\nFrom: unknown\n\nWhy.\n---\n" + diff);
  CHECK_FALSE(unknown.in_body_from.has_value());
  CHECK(unknown.mended ==
        std::vector<std::string>{"its text begins with \"From: unknown\", which has no mail "
                                 "address; its sender is taken for the author"});
  const Message undated = parsed(headers + "\nDate: soon\n\nWhy.\n---\n" + diff);
  CHECK(undated.mended ==
        std::vector<std::string>{"its text begins with \"Date: soon\", which is no "
                                 "date that can be read; kept as text"});
  CHECK(parsed(headers + "\nFrom: what I see here\n").mended.empty());
}

TEST_CASE("mail::parse_message: limits") {
  Limits limits;
  limits.message_bytes = 100'000;
  limits.header_bytes = 10'000;
  limits.parts = 10;
  limits.depth = 5;
  limits.references = 3;
  CHECK(refused(headers + "\n" + std::string(100'000, 'x'), limits).kind == ErrorKind::limit);
  CHECK(refused(headers + "X: " + std::string(20'000, 'x') + "\n\n", limits).kind ==
        ErrorKind::limit);
  std::string many = headers + "Content-Type: multipart/mixed; boundary=b\n\n";
  for (int i = 0; i < 20; ++i) {
    many += "--b\n\nx\n";
  }
  CHECK(refused(many, limits).message == "the mail has more than 10 parts");
  std::string deep = headers + "Content-Type: multipart/mixed; boundary=b0\n\n";
  for (int i = 0; i < 20; ++i) {
    deep += "--b" + std::to_string(i) + "\nContent-Type: multipart/mixed; boundary=b" +
            std::to_string(i + 1) + "\n\n";
  }
  CHECK(refused(deep, limits).kind == ErrorKind::limit);
  std::string nested = headers;
  for (int i = 0; i < 20; ++i) {
    nested += "Content-Type: message/rfc822\n\n";
  }
  CHECK(refused(nested, limits).kind == ErrorKind::limit);
  std::string references = headers + "References:";
  for (int i = 0; i < 100; ++i) {
    references += " <" + std::to_string(i) + "@x>";
  }
  const auto message = parse_message(references + "\n\nx\n", limits);
  REQUIRE(message.has_value());
  CHECK(message->references == std::vector<std::string>{"0@x", "98@x", "99@x"});
}

namespace {

// Sanitizers keep shadows of memory and what was freed.
constexpr bool memory_tells = !k_sanitized;

// Most memory this process held since the last reset, in bytes (proc(5): VmHWM, clear_refs).
std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::stoul(line.substr(6)) * 1024;
    }
  }
  return 0;
}

std::chrono::nanoseconds processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

struct Spent {
  std::chrono::nanoseconds time{};  // of this thread's processor: others may be busy
  std::size_t memory = 0;           // beyond what was held before, at its peak
};

template <class F>
Spent spent(F&& f) {
  std::ofstream("/proc/self/clear_refs") << "5";
  const std::size_t before = peak_memory();
  const auto start = processor_time();
  f();
  return {processor_time() - start, memory_tells ? peak_memory() - before : 0};
}

}  // namespace

TEST_CASE("mail::parse_message: the peak of memory is seen") {
  const Spent cost = spent([] { std::vector<char>(std::size_t{32} << 20, 'x'); });
  CHECK((!memory_tells || cost.memory >= (30U << 20)));
}

TEST_CASE("mail::parse_message: mails as large as may come, in bounded time and memory") {
  constexpr std::size_t largest = 64U << 20;
  constexpr auto patience = std::chrono::seconds(60);  // unoptimised and sanitized builds, too
  std::string mail = headers + "\n";
  SUBCASE("a diff of 64 MiB") {
    const std::size_t lines = (largest - mail.size() - 100) / 64;
    mail += "--- /dev/null\n+++ b/x\n@@ -0,0 +1," + std::to_string(lines) + " @@\n";
    for (std::size_t i = 0; i < lines; ++i) {
      mail += "+" + std::string(62, 'x') + "\n";
    }
    REQUIRE(mail.size() <= largest);
    REQUIRE(mail.size() > largest - 4096);
    Spent cost = spent([&] { CHECK(parsed(mail).diff.size() > lines * 64); });
    CHECK(cost.time < patience);
    CHECK(cost.memory < 8 * largest);
  }
  SUBCASE("64 MiB of text in one line, and of CRs") {
    mail += std::string((largest - mail.size()) / 2, 'x');
    mail += std::string(largest - mail.size(), '\r');
    REQUIRE(mail.size() == largest);
    Spent cost = spent([&] { CHECK(parsed(mail).diff.empty()); });
    CHECK(cost.time < patience);
    CHECK(cost.memory < 8 * largest);
  }
  SUBCASE("a byte more than 64 MiB") {
    mail.resize(largest + 1, 'x');
    const Spent cost = spent([&] { CHECK(refused(mail).kind == ErrorKind::limit); });
    CHECK(cost.time < std::chrono::seconds(5));
    CHECK(cost.memory < (8U << 20));
  }
  SUBCASE("10 000 references") {
    std::string many = headers + "References:";
    for (int i = 0; i < 10'000; ++i) {
      many += "\n <" + std::to_string(i) + "@example.org>";
    }
    const Spent cost = spent([&] {
      const Message message = parsed(many + "\n\nt\n");
      CHECK(message.references.size() == Limits().references);
      CHECK(message.references.front() == "0@example.org");
      CHECK(message.references.back() == "9999@example.org");
    });
    CHECK(cost.time < std::chrono::seconds(5));
    CHECK(cost.memory < (32U << 20));
  }
  SUBCASE("as many parts as are allowed, in as many levels") {
    const Limits limits;
    std::string deep = headers + "Content-Type: multipart/mixed; boundary=b0\n\n";
    for (std::size_t i = 1; i < limits.depth; ++i) {
      deep += "--b" + std::to_string(i - 1) + "\nContent-Type: multipart/mixed; boundary=b" +
              std::to_string(i) + "\n\n";
    }
    for (std::size_t i = 0; i < limits.parts; ++i) {
      deep += "--b" + std::to_string(limits.depth - 1) + "\n\n" + std::string(1000, 'x') + "\n";
    }
    const Spent cost = spent([&] { CHECK(parsed(deep).text.size() >= limits.parts * 1000); });
    CHECK(cost.time < std::chrono::seconds(5));
    CHECK(cost.memory < (32U << 20));
    CHECK(refused(deep + "--b" + std::to_string(limits.depth - 1) + "\n\nx\n").kind ==
          ErrorKind::limit);
  }
}

TEST_CASE("mail::parse_message: a diff of 100 000 lines") {
  std::string big = "--- /dev/null\n+++ b/x\n@@ -0,0 +1,100000 @@\n";
  for (int i = 0; i < 100'000; ++i) {
    big += "+line\n";
  }
  const Message message = parsed(headers + "\nt\n" + big);
  CHECK(message.diff == big);
  const auto files = parse_diff(message.diff);
  REQUIRE(files.has_value());
  CHECK(added_lines(*files).size() == 100'000);
}

TEST_CASE("mail::salvage: says what it can") {
  const Remains some = salvage("Subject: =?utf-8?q?x=C3=A4?=\nMessage-ID: <1@x>\n\ny\n");
  CHECK(some.message_id == "1@x");
  CHECK(some.subject == "x\xC3\xA4");
  CHECK(some.from.empty());
  CHECK_FALSE(salvage("").message_id.empty());
}

TEST_CASE("mail::parse_message: the same from several threads at once") {
  const std::string raw =
      headers +
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=koi8-r\n"
      "Content-Transfer-Encoding: base64\n\n8NLJDQo=\n--b\nContent-Type: text/plain; "
      "charset=gb2312; format=flowed\nContent-Disposition: inline\n\n\xD6\xD0 \nx\n--b--\n";
  const std::string expected = parsed(raw).text;
  std::vector<std::thread> threads;
  std::vector<int> same(4, 0);
  for (std::size_t t = 0; t < same.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto message = parse_message(raw);
        same[t] += message && message->text == expected ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(same == std::vector<int>(4, 200));
}
