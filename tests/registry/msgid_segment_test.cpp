#include "registry/msgid_segment.hpp"

#include <doctest/doctest.h>

namespace patchmill::registry {
namespace {

TEST_CASE("registry::segment_of_msgid: brackets only where the id would be folded away") {
  CHECK(segment_of_msgid("a@x.org") == "a@x.org");
  CHECK(segment_of_msgid(".") == "<.>");
  CHECK(segment_of_msgid("..") == "<..>");
  CHECK(segment_of_msgid("...") == "...");
  CHECK(segment_of_msgid("").empty());
}

TEST_CASE("registry::msgid_of_segment: with or without brackets") {
  for (const auto* msgid : {"a@x.org", ".", "..", "a<b"}) {
    CHECK(msgid_of_segment(msgid) == msgid);
    CHECK(msgid_of_segment("<" + std::string(msgid) + ">") == msgid);
    CHECK(msgid_of_segment(segment_of_msgid(msgid)) == msgid);
  }
  for (const auto* none : {"", "<", ">", "<>", "<a", "a>"}) {
    CHECK(msgid_of_segment(none) == none);
  }
}

}  // namespace
}  // namespace patchmill::registry
