#include "mail/transfer_encode.hpp"

#include "mail/transfer.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill::mail {
namespace {

std::string decoded(const EncodedBody& body) {
  return decode_transfer(body.bytes, parse_transfer_encoding(body.name));
}

TEST_CASE("mail::encode_body: the smallest encoding that is safe") {
  CHECK(encode_body("plain\n", BodyEncoding::automatic).name == "7bit");
  CHECK(encode_body("no end", BodyEncoding::automatic).bytes == "no end\n");
  CHECK(encode_body("", BodyEncoding::automatic).bytes == "\n");
  CHECK(encode_body("Größe of it, mostly ASCII\n", BodyEncoding::automatic).name ==
        "quoted-printable");
  CHECK(encode_body("漢字漢字漢字漢字\n", BodyEncoding::automatic).name == "base64");
  CHECK(encode_body("Größe\n", BodyEncoding::eight_bit).name == "8bit");
  CHECK(encode_body("plain\n", BodyEncoding::eight_bit).name == "7bit");
  // Lines over 998 bytes (RFC 5322 section 2.1.1).
  CHECK(encode_body(std::string(998, 'x') + "\n", BodyEncoding::automatic).name == "7bit");
  CHECK(encode_body(std::string(999, 'x') + "\n", BodyEncoding::automatic).name ==
        "quoted-printable");
  CHECK(encode_body(std::string(999, 'x') + "\n", BodyEncoding::eight_bit).name ==
        "quoted-printable");
  CHECK(encode_body("bell \x07\n", BodyEncoding::automatic).name == "quoted-printable");
}

TEST_CASE("mail::encode_body: what is written is read back, in short lines") {
  std::string all;
  for (int i = 1; i < 256; ++i) {
    all += static_cast<char>(i == '\r' ? ' ' : i);
  }
  for (const std::string& text :
       {std::string("a = b\n.\n..dots\nFrom here\n>From\ntrailing \t\n\n\nend"), all,
        std::string(5000, 'x') + " " + std::string(75, 'y') + ".\n", std::string("=3D=\n="),
        std::string(75, 'a') + ".x\n" + std::string(75, 'b') + "From x\n", std::string("ü\n"),
        std::string(74, 'x') + "ü" + std::string(10, 'y') + "\n"}) {
    for (const auto wanted : {BodyEncoding::automatic, BodyEncoding::quoted_printable,
                              BodyEncoding::base64, BodyEncoding::eight_bit}) {
      const EncodedBody body = encode_body(text, wanted);
      const std::string back = decoded(body);
      CHECK((back == text || back == text + "\n"));
      for (const auto line : split_lines(body.bytes)) {
        CHECK(line.size() <= (body.name == "8bit" || body.name == "7bit" ? 998u : 76u));
        if (body.name == "quoted-printable") {
          CHECK_FALSE(line.starts_with('.'));
          CHECK_FALSE(line.starts_with("From "));
          CHECK_FALSE((line.ends_with(' ') || line.ends_with('\t')));
        }
      }
    }
  }
}

}  // namespace
}  // namespace patchmill::mail
