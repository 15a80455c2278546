#include "mail/header_encode.hpp"

#include "mail/address.hpp"
#include "mail/encoded_words.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill::mail {
namespace {

void check_lines(const std::string& header) {
  REQUIRE(header.ends_with('\n'));
  bool first = true;
  for (const auto line : split_lines(header)) {
    CHECK(line.size() <= 998);
    CHECK((first || line.starts_with(' ')));
    CHECK(!trim(line).empty());
    for (const char c : line) {
      CHECK(static_cast<unsigned char>(c) >= 0x20);
      CHECK(static_cast<unsigned char>(c) < 0x7f);
    }
    first = false;
  }
}

TEST_CASE("mail::header_text: nothing that ends a line or misleads the eye") {
  CHECK(header_text("a\r\nBcc: x@y\r\n\r\nbody") == "a Bcc: x@y body");
  CHECK(header_text("tab\tand  blanks \x01\x7f end") == "tab and blanks end");
  CHECK(header_text("a\u202Eb\u200Bc\u2066d") == "abcd");
  CHECK(header_text("c1 \xC2\x85 next line") == "c1 next line");
  CHECK(header_text("\xff\xfe") == "ÿþ");
  CHECK(header_text("Jörg Müller 王") == "Jörg Müller 王");
  CHECK(header_text("line\u2028separator") == "lineseparator");
}

TEST_CASE("mail::is_plain_address: what may stand in an envelope") {
  for (const char* good : {"a@b", "first.last+tag@sub.example.org", "o'neil@x.org", "x@[127.0.0.1]",
                           "x@[IPv6:::1]", "a=b/c@x-y.org"}) {
    CHECK_MESSAGE(is_plain_address(good), good);
  }
  for (const char* bad : {"",
                          "a",
                          "@b",
                          "a@",
                          "a b@c",
                          "a@b c",
                          "a@b>",
                          "<a@b",
                          "a\n@b",
                          "a@b\r\nRCPT TO:<c@d>",
                          "\"a b\"@c",
                          "a..b@c",
                          ".a@c",
                          "a@.c",
                          "a@c.",
                          "a@b,c@d",
                          "j\xC3\xB6@x.org",
                          "a@-x.org",
                          "a@[x y]",
                          "a@b@",
                          "a;b@c",
                          "a(b)@c"}) {
    CHECK_FALSE_MESSAGE(is_plain_address(bad), bad);
  }
  CHECK_FALSE(is_plain_address(std::string(65, 'a') + "@x.org"));
  CHECK_FALSE(is_plain_address("a@" + std::string(253, 'x')));
}

TEST_CASE("mail::encode_text_header: plain, folded, encoded") {
  CHECK(encode_text_header("Subject", "Re: [PATCH] net: fix it") ==
        "Subject: Re: [PATCH] net: fix it\n");
  CHECK(encode_text_header("Subject", "Größe") == "Subject: =?UTF-8?Q?Gr=C3=B6=C3=9Fe?=\n");
  // Looks like an encoded word, is not one.
  const std::string tricky = encode_text_header("Subject", "a =?UTF-8?Q?Bcc:=0A?= b");
  CHECK(tricky.find("=?UTF-8?Q?a_=3D=3F") != std::string::npos);
  CHECK(decode_header(tricky.substr(9)) == "a =?UTF-8?Q?Bcc:=0A?= b");
  CHECK(encode_text_header("Subject", "") == "Subject:\n");
}

TEST_CASE("mail::encode_text_header: what is written is read back") {
  for (std::string text : {std::string("short"), std::string("Jörg fixes 漢字 and more"),
                           std::string("Re: [PATCH v3 02/10] a/b: ") + std::string(300, 'x'),
                           std::string("many words ") +
                               [] {
                                 std::string words;
                                 for (int i = 0; i < 60; ++i) {
                                   words += "word" + std::to_string(i) + " ";
                                 }
                                 return words;
                               }(),
                           std::string(2000, 'y'),
                           [] {
                             std::string wide;
                             for (int i = 0; i < 300; ++i) {
                               wide += "漢";
                             }
                             return wide;
                           }()}) {
    const std::string header = encode_text_header("Subject", text);
    check_lines(header);
    for (const auto line : split_lines(header)) {
      CHECK(line.size() <= 210);
    }
    CHECK(decode_header(trim(header.substr(8))) == header_text(text));
  }
}

TEST_CASE("mail::encode_address_header: names in every alphabet, no injection") {
  const std::vector<Address> people = {{"Ann Example", "ann@x.org"},
                                       {"Müller, Jörg", "j@x.org"},
                                       {"A. B. \"Quote\" \\", "q@x.org"},
                                       {"evil\r\nBcc: victim@x.org", "evil@x.org"},
                                       {"no mail", "not an address\r\nBcc: x@y"},
                                       {"", "bare@x.org"},
                                       {"王小明 " + std::string(150, 'z'), "w@x.org"},
                                       {"=?UTF-8?Q?fake?=", "f@x.org"}};
  const std::string header = encode_address_header("Cc", people);
  check_lines(header);
  CHECK(header.find("\nBcc") == std::string::npos);
  CHECK(header.find("not an address") == std::string::npos);
  const auto back = parse_addresses(decode_header(header.substr(3)));
  const auto raw = parse_addresses(header.substr(3));
  REQUIRE(raw.size() == 7);
  CHECK(raw[0] == Address{"Ann Example", "ann@x.org"});
  CHECK(raw[1] == Address{"Müller, Jörg", "j@x.org"});
  CHECK(raw[2] == Address{"A. B. \"Quote\" \\", "q@x.org"});
  CHECK(raw[3] == Address{"evil Bcc: victim@x.org", "evil@x.org"});
  CHECK(raw[4] == Address{"", "bare@x.org"});
  CHECK(raw[5].name.starts_with("王小明 zzz"));
  CHECK(raw[6].name == "=?UTF-8?Q?fake?=");
  CHECK(encode_address_header("Cc", std::vector<Address>{{"x", "bad"}}).empty());
}

TEST_CASE("mail::encode_id_header: one a line, broken ones left out") {
  const std::vector<std::string> ids = {"a@x", "b c@x", "d>\r\nBcc: e@x",
                                        "",    "f@x",   std::string(950, 'g')};
  CHECK(encode_id_header("References", ids) == "References: <a@x>\n <f@x>\n");
  CHECK(encode_id_header("References", std::vector<std::string>{""}).empty());
}

}  // namespace
}  // namespace patchmill::mail
