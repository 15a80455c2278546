#include "intake/imap_response.hpp"

#include "intake/imap_text.hpp"
#include "intake/memory_stream.hpp"
#include "intake/wire_mail.hpp"

#include <doctest/doctest.h>

namespace patchmill::intake {
namespace {

using Status = ImapResponse::Status;
using Kind = ImapResponse::Kind;

Result<ImapResponse> parse(std::string text, std::size_t longest = 1000) {
  const std::size_t step = text.size() < 10000 ? 3 : 10000;
  test::MemoryStream stream(std::move(text), step);
  StreamReader reader(stream);
  return read_imap_response(reader, longest);
}

TEST_CASE("intake::read_imap_response: statuses, with text that looks like anything") {
  auto response = parse("* OK [UIDVALIDITY 7] uid's \"valid\" (x {5}\r\n").value();
  CHECK(response.kind == Kind::untagged);
  CHECK(response.status == Status::ok);
  CHECK(response.code_number("uidvalidity") == 7u);
  CHECK_FALSE(response.code_number("UIDNEXT").has_value());
  CHECK(response.text == "uid's \"valid\" (x {5}");
  response = parse("p3 no\r\n").value();
  CHECK(response.kind == Kind::tagged);
  CHECK(response.tag == "p3");
  CHECK(response.status == Status::no);
  CHECK(parse("+ go on\n")->kind == Kind::continuation);
  CHECK(parse("+\r\n")->kind == Kind::continuation);
  CHECK(parse("* BYE\r\n")->status == Status::bye);
  CHECK(parse("* OK [UIDNEXT 4294967296] x\r\n")->code_number("UIDNEXT") == std::nullopt);
  CHECK(parse("* OK [no end\r\n")->text == "[no end");
}

TEST_CASE("intake::fetched_of: finds the mail wherever it stands") {
  const auto uid_and_body = [](std::string text, std::size_t longest = 1000) {
    const auto response = parse(std::move(text), longest);
    REQUIRE(response);
    const auto fetched = fetched_of(*response);
    return !fetched ? "none"
                    : fmt::format("{} {}", fetched->uid, fetched->body.value_or("nothing"));
  };
  CHECK(uid_and_body("* 1 FETCH (UID 5 BODY[]<0> {3}\r\nabc)\r\n") == "5 abc");
  CHECK(uid_and_body("* 1 FETCH (BODY[] {3}\r\na)c UID 5)\r\n") == "5 a)c");
  CHECK(uid_and_body("* 1 fetch (body[] \"a\\\"c\" uid 5)\r\n") == "5 a\"c");
  CHECK(uid_and_body("* 1 FETCH (BODY[] NIL UID 5)\r\n") == "5 nothing");
  CHECK(uid_and_body("* 1 FETCH (FLAGS (\\Seen ($a)) BODY[HEADER.FIELDS (A B)] {4}\r\nX: y "
                     "UID 5 BODY[] ~{2}\r\nhi ENVELOPE ((NIL \"x\") ()))\r\n") == "5 hi");
  CHECK(uid_and_body("* 1 FETCH (UID 5 BODY[] {10}\r\n0123456789)\r\n", 4) == "5 0123");
  CHECK(uid_and_body("* 1 FETCH (FLAGS ())\r\n") == "0 nothing");
  CHECK(uid_and_body("* 1 FETCH (UID x BODY[]\r\n") == "0 nothing");
  CHECK(uid_and_body("* 1 FETCH (UID 5 BODY[] (\r\n") == "5 nothing");
  CHECK(uid_and_body("* 1 FETCH )))\r\n") == "none");
  CHECK(uid_and_body("* 1 EXISTS\r\n") == "none");
}

TEST_CASE("intake::read_imap_response: numbers and data") {
  CHECK(parse("* 23 EXISTS\r\n")->number_of("exists") == 23u);
  CHECK_FALSE(parse("* -1 EXISTS\r\n")->number_of("EXISTS").has_value());
  CHECK(numbers_of_search(*parse("* SEARCH 3 1 0 x 4294967295 4294967296\r\n")) ==
        std::vector<std::uint32_t>{3, 1, 4294967295});
  CHECK(numbers_of_search(*parse("* SEARCH\r\n")).empty());
  CHECK(parse("* CAPABILITY A B\r\n")->is_data("CAPABILITY"));
}

TEST_CASE("intake::read_imap_response: what is no IMAP, or too much") {
  for (const auto* bad : {"", "\r\n", " x\r\n", "p1 what\r\n", "* 1 FETCH (UID 1 BODY[] {3}\r\nab",
                          "* X \"no end\r\n"}) {
    CHECK_FALSE_MESSAGE(parse(bad).has_value(), bad);
  }
  const auto huge = parse("* 1 FETCH (BODY[] {99999999999}\r\n");
  REQUIRE_FALSE(huge);
  CHECK(huge.error().kind == ErrorKind::limit);
  std::string many = "* X";
  for (int i = 0; i < 3000; ++i) {
    many += " {0}\r\n";
  }
  CHECK(parse(many + "\r\n").error().kind == ErrorKind::limit);
  CHECK(parse("* X " + std::string(std::size_t{17} << 20, 'x')).error().kind == ErrorKind::limit);
}

TEST_CASE("intake::imap_folder_name: modified UTF-7 as in RFC 3501") {
  CHECK(imap_folder_name("INBOX").value() == "INBOX");
  CHECK(imap_folder_name("a&b").value() == "a&-b");
  CHECK(
      imap_folder_name("~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e")
          .value() == "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
  CHECK(imap_folder_name("\xc3\xa4").value() == "&AOQ-");
  CHECK(imap_folder_name("\xf0\x9f\x90\xa7").value() == "&2D3cJw-");
  CHECK_FALSE(imap_folder_name("\xff").has_value());
}

TEST_CASE("intake::imap_quoted, imap_set and SASL") {
  CHECK(imap_quoted("a\"b\\").value() == "\"a\\\"b\\\\\"");
  CHECK_FALSE(imap_quoted("a\r\nLOGOUT").has_value());
  CHECK_FALSE(imap_quoted("\xc3\xa4").has_value());
  const std::vector<std::uint32_t> uids = {1, 2, 3, 7, 9, 10};
  CHECK(imap_set(uids) == "1:3,7,9:10");
  CHECK(sasl_plain("tim", "tanstaaftanstaaf") == "AHRpbQB0YW5zdGFhZnRhbnN0YWFm");  // RFC 4616
  CHECK(sasl_xoauth2("someuser@example.com", "ya29.x") ==
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LngBAQ==");
}

TEST_CASE("intake::with_unix_line_ends: changes line ends and nothing else") {
  CHECK(with_unix_line_ends("a\r\nb\r\n") == "a\nb\n");
  CHECK(with_unix_line_ends("a\rb\n\r\r\n\r") == "a\rb\n\r\n\r");
  CHECK(with_unix_line_ends("") == "");
}

TEST_CASE("intake::StreamReader::dotted: dots, whatever pieces they come in") {
  for (std::size_t step = 1; step < 12; ++step) {
    test::MemoryStream stream("a\r\n..\r\n...b\r\n.c\r\n.\n.\r\nrest\r\n", step);
    StreamReader reader(stream);
    CHECK(reader.dotted(100).value() == "a\r\n.\r\n..b\r\nc\r\n");
    CHECK(reader.line(10).value() == ".");
    test::MemoryStream again("0123456789\r\n.\r\nx", step);
    StreamReader bounded(again);
    CHECK(bounded.dotted(4).value() == "0123");
  }
}

}  // namespace
}  // namespace patchmill::intake
