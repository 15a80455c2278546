#include "mail/diff.hpp"
#include "mail/message.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>

using namespace patchmill;
using namespace patchmill::mail;

namespace {

const std::string k_head = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n a\n+b\n";

}  // namespace

// The values are those of hash_diff() in patchwork/hasher.py.
TEST_CASE("mail::patchwork_hash: without white space around the diff") {
  const std::string plain = patchwork_hash(k_head);
  CHECK(plain == "c35a1276d917dc69c7bfe8bcdf1ab5adedbad285");
  CHECK(patchwork_hash(k_head + " \n") == plain);
  CHECK(patchwork_hash(k_head + " \n \t\n\n") == plain);
  CHECK(patchwork_hash(k_head + "\u00A0\n\u2003\x1C\n") == plain);
  CHECK(patchwork_hash("\n\u3000\n" + k_head) == plain);
  CHECK(patchwork_hash(k_head + "+c \t\n") == patchwork_hash(k_head + "+c\n"));
  CHECK(patchwork_hash(k_head + " \r\n") == plain);
  CHECK(patchwork_hash(k_head + "+c\n") == "74446c45720cc15da3adf9e7d332784387cefbb1");
  // Only at the ends, and only what Python calls white space.
  CHECK(patchwork_hash(k_head + " \n c\n") == "ee3c2edd829a7eab8597b555f503c1fb98d1c8bb");
  CHECK(patchwork_hash(k_head + "+\u200B\n") == "c370adba28d35cec185b86bcd26ddaff052cf2b1");
  CHECK(patchwork_hash(" \n\t\n") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST_CASE("mail::patchwork_hash: names of files stand after one blank") {
  CHECK(patchwork_hash("--- old/x 2020\n+++ new/x\n@@ -1 +1 @@\n---\ta/b\n+++  c/d\n") ==
        "75a3d3c6a9868e6f4037196e00aefd0f5891a01e");
}

TEST_CASE("mail::patchwork_hash: a last line of context that is empty, as Patchwork has it") {
  const std::string diff =
      "diff --git a/lib/bcd.c b/lib/bcd.c\n--- a/lib/bcd.c\n+++ b/lib/bcd.c\n"
      "@@ -10,5 +10,5 @@\n }\n-EXPORT_SYMBOL(a);\n+EXPORT_SYMBOL(b);\n \n int c;\n \n";
  CHECK(patchwork_hash(diff) == "7b1fffcbfd1b5812656d43102f4ca31073a4c5f2");
}

TEST_CASE("mail::patchwork_hash: mails that a real Patchwork was given") {
  const auto list = read_file(std::filesystem::path(PATCHMILL_SOURCE_DIR) / "examples" / "list" /
                              "linux-demo.mbox");
  REQUIRE(list.has_value());
  const std::map<std::string, std::string> known = {
      {"20260306174410.90-1-rolf@example.org", "6f714b71a3cf42d9e6a69cae784a77fad07fbbda"},
      {"20260319080000.12-1-bela@example.org", "ddb747d842aef0209b6d9dc777d7e8a935fcaca6"},
      {"20260312080000.6-2-vera@example.org", "214e792a55bc167aa8541d48db49fc020d425676"}};
  for (const auto& [msgid, hash] : known) {
    CAPTURE(msgid);
    const std::size_t id = list->find("Message-ID: <" + msgid + ">");
    REQUIRE(id != std::string::npos);
    const std::size_t start = list->rfind("\nFrom ", id) + 1;
    const auto message =
        parse_message(std::string_view(*list).substr(start, list->find("\nFrom ", id) - start));
    REQUIRE(message.has_value());
    CHECK(patchwork_hash(message->diff) == hash);
  }
}
