#include "tracker/incoming.hpp"

#include "mail/diff.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;

namespace {

constexpr const char* k_patch =
    "From: A <a@example.org>\nSubject: [PATCH] x: y\nMessage-ID: <p@x>\n\nWhy.\n---\n"
    "diff --git a/f b/f\nindex 1111111..2222222 100644\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n";

}  // namespace

TEST_CASE("tracker::parse_and_pack: what it makes ahead is what is made later without it") {
  const Incoming ahead = make_incoming(k_patch, "", "test");
  REQUIRE(ahead.parsed);
  CHECK(ahead.diff_fault.empty());
  CHECK(ahead.patch_hash == mail::patchwork_hash(ahead.parsed->diff));
  const Incoming late{k_patch, mail::parse_message(k_patch), "", "test"};
  CHECK(content_hash_of(late) == content_hash_of(ahead));
  CHECK(patch_hash_of(late) == patch_hash_of(ahead));
}

TEST_CASE("tracker::parse_and_pack: no diff, a damaged one, no mail") {
  const std::string head = "From: A <a@example.org>\nMessage-ID: <r@x>\nSubject: ";
  CHECK(patch_hash_of(make_incoming(head + "hello\n\ntext\n", "", "test")).empty());
  const Incoming damaged =
      make_incoming(head + "[PATCH] x\n\n--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n-a\n+b\n", "", "test");
  CHECK(damaged.diff_fault.find("missing") != std::string::npos);
  CHECK_FALSE(make_incoming("no mail", "", "test").parsed);
}
