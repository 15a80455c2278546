#include "intake/mbox_splitter.hpp"

#include "intake/mbox.hpp"
#include "intake/source.hpp"

#include <doctest/doctest.h>

#include <cstring>

namespace patchmill::intake {
namespace {

using Mails = std::vector<std::string>;

const std::string from = "From someone@example.org Mon Jan  5 10:00:00 2026\n";
const std::string rd = "From mboxrd@z Thu Jan  1 00:00:00 1970\n";

// Splits with reads of `step` bytes.
Mails split(std::string_view text, std::size_t step, std::size_t bound = 1u << 20) {
  MboxSplitter splitter(
      [text, step](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
        const auto piece = text.substr(0, std::min(size, step));
        std::memcpy(buffer, piece.data(), piece.size());
        text.remove_prefix(piece.size());
        return piece.size();
      },
      bound);
  Mails mails;
  while (auto mail = splitter.next().value()) {
    mails.push_back(*mail);
  }
  return mails;
}

TEST_CASE("intake::split_mbox: mails without the lines around them") {
  CHECK(split_mbox("").empty());
  CHECK(split_mbox("\n\r\n").empty());
  CHECK(split_mbox(from + "A: 1\n\nx\n\n" + from + "A: 2\n\ny\n\n") ==
        Mails{"A: 1\n\nx\n", "A: 2\n\ny\n"});
  CHECK(split_mbox("\n" + from + "A: 1\n\nx") == Mails{"A: 1\n\nx"});
  // Empty lines at the end of a body stay, but for the one of the format.
  CHECK(split_mbox(from + "A: 1\n\nx\n\n\n\n" + from + "A: 2\n\n") ==
        Mails{"A: 1\n\nx\n\n\n", "A: 2\n"});
}

TEST_CASE("intake::split_mbox: a file that is one mail") {
  CHECK(split_mbox("A: 1\n\nx\n\n") == Mails{"A: 1\n\nx\n\n"});
  CHECK(split_mbox("A: 1\n\nx\n\n" + from + "A: 2\n\ny\n") ==
        Mails{"A: 1\n\nx\n\n", "A: 2\n\ny\n"});
  CHECK(split_mbox(">" + from + "A: 1\n\nx\n") == Mails{"A: 1\n\nx\n"});
}

TEST_CASE("intake::split_mbox: marks of mboxrd and mboxo") {
  CHECK(split_mbox(from + "A: 1\n\n>From here\n> From\n") == Mails{"A: 1\n\nFrom here\n> From\n"});
  // Only mboxrd has these, whatever its first line looks like.
  CHECK(split_mbox(from + "A: 1\n\n>From here\n>>From there\n>>>From far\n> From\n") ==
        Mails{"A: 1\n\nFrom here\n>From there\n>>From far\n> From\n"});
  CHECK(split_mbox("A: 1\n\n>>From a mail that was never in an mbox\n") ==
        Mails{"A: 1\n\n>>From a mail that was never in an mbox\n"});
  CHECK(split_mbox(rd + "A: 1\n\n>From here\n>>From there\nx >From\n>>>Fromage\n\n" + rd +
                   "A: 2\n\n>>>From far\n") ==
        Mails{"A: 1\n\nFrom here\n>From there\nx >From\n>>>Fromage\n", "A: 2\n\n>>From far\n"});
}

TEST_CASE("intake::split_mbox: what looks like the beginning of a mail and is none") {
  const std::string body =
      "A: 1\n\nFrom here on it is text\n\nFrom the manual: see 10:20 below\n\nFrom: not this\n"
      " From someone Mon Jan  5 10:00:00 2026\nFrom someone Mon Jan  5 10:00:00 2026 in text\n";
  CHECK(split_mbox(from + body) == Mails{body});
}

TEST_CASE("intake::split_mbox: lines without a time before the year, told by the header behind") {
  const std::string one = "From: a@example.org\nSubject: one\n\nx\n";
  const std::string two = "Received: from here\n\tby there\nX-Odd: 1\n\ny\n";
  for (const std::string line :
       {"From nobody\n", "From MAILER-DAEMON Mon, 05 Jan 2026 10:00:00 +0000\n", "From \n",
        "From a@example.org Mon Jan  5\n"}) {
    CAPTURE(line);
    CHECK(split_mbox(line + one + "\n" + line + two + "\n" + from + one) == Mails{one, two, one});
    std::string crlf;
    for (const char c : line + one + "\n" + line + two) {
      crlf += c == '\n' ? "\r\n" : std::string(1, c);
    }
    CHECK(split_mbox(crlf).size() == 2);
    // Not without the empty line, and not without a header.
    CHECK(split_mbox(from + one + line + two).size() == 1);
    CHECK(split_mbox(from + one + "\n" + line + "it is written:\nDate: today\n").size() == 1);
    CHECK(split_mbox(from + one + "\n" + line + "Note: a\nPS: b\n\nDate: c\n").size() == 1);
    CHECK(split_mbox(from + one + "\n" + line + "Date: only one field\n\nx\n").size() == 1);
    CHECK(split_mbox(from + one + "\n" + line + " Date: folded\nFrom: x\n").size() == 1);
  }
  // Long signatures in front of what tells.
  const std::string sealed = "ARC-Seal: " + std::string(3000, 's') + "\n\t" +
                             std::string(4000, 't') + "\nDKIM-Signature: x\nmessage-id: <a@b>\n\nz";
  CHECK(split_mbox(from + one + "\nFrom nobody\n" + sealed) == Mails{one, sealed});
}

TEST_CASE("intake::split_mbox: a mail that was cut off does not swallow the next") {
  CHECK(split_mbox(from + "A: 1\n\ncut" + "\n" + from + "A: 2\n\ny\n") ==
        Mails{"A: 1\n\ncut\n", "A: 2\n\ny\n"});
  CHECK(split_mbox(from + from + "A: 2\n\ny\n") == Mails{"", "A: 2\n\ny\n"});
  CHECK(split_mbox(from) == Mails{""});
  CHECK(split_mbox("From ") == Mails{""});
  CHECK(split_mbox("F") == Mails{"F"});
}

TEST_CASE("intake::split_mbox: CRLF line ends") {
  const std::string crlf = "From a@example.org Mon Jan  5 10:00:00 2026\r\n";
  CHECK(split_mbox(crlf + "A: 1\r\n\r\n>From x\r\n\r\n" + crlf + "A: 2\r\n\r\ny\r\n\r\n") ==
        Mails{"A: 1\r\n\r\nFrom x\r\n", "A: 2\r\n\r\ny\r\n"});
}

TEST_CASE("intake::split_mbox: NUL bytes are bytes") {
  const std::string nul("A: 1\n\n\0\0From \0\n", 15);
  CHECK(split_mbox(from + nul + "\n" + from + nul) == Mails{nul, nul});
}

TEST_CASE("intake::MboxSplitter: pieces of any size give the same mails") {
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += (i % 3 == 0 ? rd : from) + "A: " + std::to_string(i) + "\n\n";
    for (int line = 0; line < i * 7 % 11; ++line) {
      text += line % 3 == 0 ? "\n" : line % 3 == 1 ? ">>From x\n" : "From nobody\n";
    }
    text += i % 4 == 0 ? "cut\n" : "\n";
    text += i % 5 == 0 ? "\nFrom nobody\nA: x\n y\nDate: now\n\nz\n\n" : "";
  }
  const auto whole = split(text, text.size());
  CHECK(whole.size() == 24);
  for (const std::size_t step : {1u, 2u, 3u, 5u, 7u, 64u, 100u}) {
    CAPTURE(step);
    CHECK(split(text, step) == whole);
  }
}

TEST_CASE("intake::MboxSplitter: a mail that is too long is cut, the next one is whole") {
  const std::string huge(5u << 20, 'x');
  for (const std::string end : {"\n\n", "\n"}) {
    const auto mails = split(from + "A: 1\n\n" + huge + end + from + "A: 2\n\ny\n", 100'000, 1000);
    REQUIRE(mails.size() == 2);
    CHECK(mails[0].size() + from.size() == 1000);
    CHECK(mails[0].starts_with("A: 1\n\nxxx"));
    CHECK(mails[1] == "A: 2\n\ny\n");
  }
  const auto last = split(from + "A: 1\n\n" + huge, 100'000, 1000);
  REQUIRE(last.size() == 1);
  CHECK(last[0].size() + from.size() == 1000);
}

TEST_CASE("intake::MboxSplitter: a read error is passed on") {
  MboxSplitter splitter(
      [](char*, std::size_t) -> Result<std::size_t> {
        return fail(ErrorKind::infrastructure, "disk");
      },
      1000);
  CHECK(splitter.next().error().message == "disk");
}

TEST_CASE("intake::is_from_line: a time and a year") {
  for (const auto* good :
       {"From mboxrd@z Thu Jan  1 00:00:00 1970", "From a@example.org  Mon Jan 5 10:00 2026",
        "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
        "From a at example.org  Tue Jan  6 10:00:00 2026\r",
        "From a@b Mon Jan  5 10:00:00 +0100 2026", "From a@b Mon Jan  5 10:00:00 2026 +0100"}) {
    CAPTURE(good);
    CHECK(is_from_line(good));
  }
  for (const auto* bad :
       {"", "From ", "From here on", "From: a@example.org Mon Jan  5 10:00:00 2026",
        "From a Mon Jan  5 2026", "From 12:30 to 13:00 we eat", "from a Mon Jan  5 10:00:00 2026",
        "From a 10:00:00 20266"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_from_line(bad));
  }
}

TEST_CASE("intake::without_from_line: the line of delivery programs") {
  CHECK(without_from_line("From x\nA: 1\n") == "A: 1\n");
  CHECK(without_from_line(">From x\nA: 1\n") == "A: 1\n");
  CHECK(without_from_line("From: x\n") == "From: x\n");
  CHECK(without_from_line("From x").empty());
}

TEST_CASE("intake::find_second_mail: as programs write it") {
  const std::string header = "Subject: x\nFrom: a@example.org\n", mail = header + "\ntext\n";
  CHECK(find_second_mail(from + mail + "\n" + from + mail) == from.size() + mail.size() + 1);
  CHECK(find_second_mail(mail + "\r\n" + rd + header) == mail.size() + 2);
  CHECK_FALSE(find_second_mail(""));
  CHECK_FALSE(find_second_mail(from + mail));
  CHECK_FALSE(find_second_mail(mail + from + mail));
  CHECK_FALSE(find_second_mail(mail + "\n>" + from + mail));
  CHECK_FALSE(find_second_mail(mail + "\n" + from + "He said:\n"));
  CHECK_FALSE(find_second_mail(mail + "\nFrom now on\n" + mail));
}

}  // namespace
}  // namespace patchmill::intake
