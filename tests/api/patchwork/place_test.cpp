#include "api/patchwork/place.hpp"

#include "util/text.hpp"

#include <doctest/doctest.h>

namespace patchmill::api::patchwork {
namespace {

std::optional<Place> place(std::string_view path) {
  std::vector<std::string> segments;
  for (const auto part : path.empty() ? std::vector<std::string_view>() : split(path, '/')) {
    segments.emplace_back(part);
  }
  return find_place(segments);
}

TEST_CASE("find_place: versions") {
  CHECK(place("")->kind == Kind::index);
  CHECK_FALSE(place("")->version.named);
  CHECK(place("")->version.prefix() == "/api");
  CHECK(place("1.0")->kind == Kind::index);
  CHECK(place("1.2/patches")->version.prefix() == "/api/1.2");
  for (const auto* none : {"1.5", "2.0", "1.", "1.10", "1.2.3", "1.x", "01.2", ".", "v1.2"}) {
    CAPTURE(none);
    CHECK_FALSE(place(none).has_value());
  }
}

TEST_CASE("find_place: what there is") {
  CHECK(place("patches")->kind == Kind::patches);
  CHECK(place("1.4/patches/12")->id == 12);
  CHECK(place("patches/12/checks")->kind == Kind::checks);
  CHECK(place("patches/12/checks/5")->part == 5);
  CHECK(place("covers/3/comments/4")->kind == Kind::cover_comment);
  CHECK(place("projects/linux-next")->name == "linux-next");
  CHECK(place("events")->kind == Kind::events);
  CHECK(place("series")->kind == Kind::series_list);
  CHECK(place("series/1")->kind == Kind::series);
}

TEST_CASE("find_place: where Patchwork has no route") {
  for (const auto* none :
       {"nothing", "patches/x", "patches/-1", "patches/1/x", "patches/1/checks/x", "events/1",
        "series/1/comments", "covers/1/checks", "patches/1/checks/2/3", "patches/1/", "users/maint",
        "patches/1.0", "patches//checks"}) {
    CAPTURE(none);
    CHECK_FALSE(place(none).has_value());
  }
}

TEST_CASE("find_place: numbers beyond all ids are of nothing") {
  CHECK(place("patches/99999999999999999999")->id == -1);
  CHECK(place("patches/9223372036854775808")->id == -1);
  CHECK(place("patches/1/checks/99999999999999999999")->part == -1);
}

TEST_CASE("find_place: what came later") {
  CHECK_FALSE(place("1.0/patches/1/comments").has_value());
  CHECK(place("1.1/patches/1/comments").has_value());
  CHECK_FALSE(place("1.2/patches/1/comments/1").has_value());
  CHECK(place("1.3/covers/1/comments/1").has_value());
  CHECK(place("patches/1/comments/1").has_value());
}

TEST_CASE("allows") {
  CHECK(allows(*place("patches/1"), "PATCH"));
  CHECK(allows(*place("patches/1/checks"), "POST"));
  CHECK(allows(*place("series/1"), "HEAD"));
  CHECK_FALSE(allows(*place("series/1"), "PATCH"));
  CHECK_FALSE(allows(*place("patches/1/checks/1"), "DELETE"));
  CHECK_FALSE(allows(*place("patches/1"), "PA"));
}

TEST_CASE("allowed: bundles can be changed since 1.2") {
  for (const auto* old : {"1.0/bundles", "1.1/bundles", "1.0/bundles/1", "1.1/bundles/1"}) {
    CAPTURE(old);
    CHECK(allowed(*place(old)) == "GET, HEAD, OPTIONS");
  }
  for (const auto* list : {"1.2/bundles", "1.4/bundles", "bundles"}) {
    CAPTURE(list);
    CHECK(allowed(*place(list)) == "GET, POST, HEAD, OPTIONS");
  }
  CHECK(allow_header(Kind::bundles) == "GET, POST, HEAD, OPTIONS");
  CHECK(allowed(*place("1.2/bundles/1")) == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS");
  CHECK(allowed(*place("1.0/patches/1/checks")) == "GET, POST, HEAD, OPTIONS");
}

}  // namespace
}  // namespace patchmill::api::patchwork
