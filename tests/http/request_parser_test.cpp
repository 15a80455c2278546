#include "http/request_parser.hpp"

#include <doctest/doctest.h>

namespace patchmill::http {
namespace {

struct Parsed {
  int refused = 0;  // status, 0 when it was accepted
  bool incomplete = false;
  RequestHead head;
};

Parsed parse(std::string_view in, HeadLimits limits = {}) {
  RequestParser parser;
  std::size_t consumed = 0;
  auto result = parser.parse_head(in, limits, consumed);
  Parsed parsed;
  if (!result) {
    parsed.refused = result.error().status;
    CHECK_FALSE(result.error().detail.empty());
  } else if (!*result) {
    parsed.incomplete = true;
  } else {
    parsed.head = std::move(**result);
    CHECK(consumed > 0);
    CHECK(consumed <= in.size());
  }
  return parsed;
}

int refused(std::string_view fields, std::string_view line = "GET / HTTP/1.1") {
  const Parsed parsed = parse(std::string(line) + "\r\n" + std::string(fields) + "\r\n");
  CHECK_FALSE(parsed.incomplete);
  return parsed.refused;
}

TEST_CASE("RequestParser::parse_head: takes a request apart") {
  const Parsed parsed =
      parse("POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-One:  two \r\nContent-Length: 5\r\n\r\nhello");
  REQUIRE(parsed.refused == 0);
  CHECK(parsed.head.method == "POST");
  CHECK(parsed.head.target == "/a?b=c");
  CHECK(parsed.head.headers.get("x-one") == "two");
  CHECK(parsed.head.content_length == 5u);
  CHECK(parsed.head.keep_alive);
  CHECK_FALSE(parsed.head.chunked);
}

TEST_CASE("RequestParser::parse_head: an odd but legal request") {
  CHECK(refused("Host: x\r\nContent-Length: 0\r\n") == 0);
  CHECK(refused("Host: [::1]:80\r\nTransfer-Encoding: Chunked\r\n") == 0);
  CHECK(refused("Host:\r\n") == 0);
  CHECK(refused("", "GET / HTTP/1.0") == 0);
  CHECK(refused("Host: x\r\nConnection: Keep-Alive, Upgrade\r\n") == 0);
  CHECK(refused("Host: x\r\n", "MERGE /x HTTP/1.1") == 0);
}

TEST_CASE("RequestParser::parse_head: forms that smuggle a second request are refused") {
  const std::string host = "Host: x\r\n";
  CHECK(refused(host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(refused(host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") == 400);
  CHECK(refused(host + "Content-Length: 5\r\nContent-Length: 6\r\n") == 400);
  CHECK(refused(host + "Content-Length: 5\r\nContent-Length: 5\r\n") == 400);
  CHECK(refused(host + "Content-Length: 5, 5\r\n") == 400);
  CHECK(refused(host + "Content-Length: +5\r\n") == 400);
  CHECK(refused(host + "Content-Length: -1\r\n") == 400);
  CHECK(refused(host + "Content-Length: 0x5\r\n") == 400);
  CHECK(refused(host + "Content-Length: \r\n") == 400);
  CHECK(refused(host + "Content-Length: 99999999999999999999\r\n") == 400);
  CHECK(refused(host + "Content-Length : 5\r\n") == 400);
  CHECK(refused(host + "Transfer-Encoding: gzip\r\n") == 501);
  CHECK(refused(host + "Transfer-Encoding: gzip, chunked\r\n") == 501);
  CHECK(refused(host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(refused(host + "Transfer-Encoding: xchunked\r\n") == 501);
  CHECK(refused(host + "Transfer-Encoding:\x0b"
                       "chunked\r\n") != 0);
  CHECK(refused(host + "Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0") == 400);
  CHECK(refused(host + "X: a\r\n folded\r\n") == 400);
  CHECK(refused(host + "X: a\r\n\tfolded\r\n") == 400);
  CHECK(refused(" Host: x\r\n") == 400);
}

TEST_CASE("RequestParser::parse_head: what is not HTTP is refused") {
  CHECK(refused("") == 400);                        // no Host
  CHECK(refused("Host: a\r\nHost: b\r\n") == 400);  // two
  CHECK(refused("Host: a b\r\n") == 400);
  CHECK(refused("Host: a/b\r\n") == 400);
  CHECK(refused("Host: a:999999\r\n") == 400);
  CHECK(refused("Host: x\r\n", "GET / HTTP/1.2") == 505);
  CHECK(refused("Host: x\r\n", "GET / HTTP/2.0") == 505);
  CHECK(refused("Host: x\r\n", "GET /a b HTTP/1.1") != 0);
  CHECK(refused("Host: x\r\n", "GET  / HTTP/1.1") == 400);
  CHECK(refused("Host: x\r\n", "GE(T / HTTP/1.1") == 400);
  CHECK(refused("Host: x\r\n", "GET /") == 400);
  CHECK(refused("Host: x\r\nNo colon\r\n") == 400);
  CHECK(refused("Host: x\r\n: empty\r\n") == 400);
  CHECK(refused("Host: x\r\nA\xff: b\r\n") == 400);
  CHECK(refused(std::string("Host: x\r\nA: b\0c\r\n", 17)) == 400);
  CHECK(refused("Host: x\r\nA: b\rc\r\n") == 400);
  CHECK(parse("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n").refused == 400);
  CHECK(parse("GET / HTTP/1.1\nHost: x\n\n").refused == 400);
  CHECK(parse("GET / HTTP/1.1\r\nHost: x\n\r\n").refused == 400);
  CHECK(parse("GET / HTTP/1.1\r\nHost: x\nY: z\r\n\r\n").refused == 400);
  CHECK(parse("\x16\x03\x01\x02 TLS\r\n\r\n").refused == 400);
}

TEST_CASE("RequestParser::parse_head: limits") {
  HeadLimits limits;
  limits.request_line = 100;
  limits.head = 1000;
  limits.fields = 5;
  CHECK(parse("GET /" + std::string(200, 'a'), limits).refused == 414);
  CHECK(parse("GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", limits).refused ==
        414);
  CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(2000, 'a'), limits).refused == 431);
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 4; ++i) {
    many += "A: b\r\n";
  }
  CHECK(parse(many + "\r\n", limits).refused == 0);
  CHECK(parse(many + "A: b\r\n\r\n", limits).refused == 431);
  CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\n", limits).incomplete);
  CHECK(parse("", limits).incomplete);
}

TEST_CASE("RequestParser::parse_head: byte by byte gives the same") {
  const std::string text = "GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
  RequestParser parser;
  std::size_t consumed = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto result = parser.parse_head(std::string_view(text).substr(0, i), {}, consumed);
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->has_value());
  }
  const auto result = parser.parse_head(text, {}, consumed);
  REQUIRE((result.has_value() && result->has_value()));
  CHECK(consumed == text.size());
}

// Feeds a chunked body in pieces of a size; the decoded text or "refused".
std::string decode(std::string_view body, std::size_t piece, std::size_t room = 4096) {
  RequestParser parser;
  std::size_t consumed = 0;
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  REQUIRE(parser.parse_head(head, {}, consumed).has_value());
  std::string decoded;
  std::string held;
  std::string out(room, '\0');
  std::size_t at = 0;
  while (true) {
    const auto step = parser.decode_body(held, out);
    if (!step) {
      return "refused";
    }
    decoded.append(out.data(), step->produced);
    held.erase(0, step->consumed);
    if (step->done) {
      return decoded + (held.empty() && at == body.size() ? "" : "|more");
    }
    if (step->consumed == 0 && step->produced == 0) {
      if (at == body.size()) {
        return decoded + "|cut";
      }
      held += body.substr(at, piece);
      at = std::min(at + piece, body.size());
    }
  }
}

TEST_CASE("RequestParser::decode_body: chunks, whatever the pieces") {
  const std::string body = "5\r\nhello\r\n6;ext=\"q\"\r\n world\r\n0\r\nT: v\r\n\r\n";
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u}) {
    for (const std::size_t room : {1u, 4u, 4096u}) {
      CAPTURE(piece);
      CAPTURE(room);
      CHECK(decode(body, piece, room) == "hello world");
    }
  }
  CHECK(decode("000000A\r\n0123456789\r\n0\r\n\r\nGET", 1000) == "0123456789|more");
}

TEST_CASE("RequestParser::decode_body: malformed chunks are refused") {
  for (const std::size_t piece : {1u, 1000u}) {
    CHECK(decode("g\r\n", piece) == "refused");
    CHECK(decode("-1\r\nx\r\n", piece) == "refused");
    CHECK(decode("0x5\r\nhello\r\n0\r\n\r\n", piece) == "refused");
    CHECK(decode("11111111111111111\r\n", piece) == "refused");
    CHECK(decode("5\r\nhelloXX0\r\n\r\n", piece) == "refused");
    CHECK(decode("5 \r\nhello\r\n0\r\n\r\n", piece) != "hello");
    CHECK(decode("5\nhello\r\n0\r\n\r\n", piece) != "hello");
    CHECK(decode("\r\n5\r\nhello\r\n0\r\n\r\n", piece) == "refused");
    CHECK(decode("5;a\rb\r\nhello\r\n0\r\n\r\n", piece) == "refused");
    CHECK(decode("5;" + std::string(40000, 'x'), piece == 1 ? 500 : 40000) == "refused");
    CHECK(decode("0\r\n" + std::string(40000, 'x'), piece == 1 ? 500 : 40000) == "refused");
  }
}

}  // namespace
}  // namespace patchmill::http
