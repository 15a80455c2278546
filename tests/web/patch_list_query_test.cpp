#include "web/patch_list_query.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;

namespace {

Result<PatchListQuery> parse(std::string_view query) {
  return patch_list_query(*http::parse_query(query));
}

}  // namespace

TEST_CASE("web::patch_list_query: what Patchwork's addresses say") {
  const auto empty = parse("series=&submitter=&state=&q=&delegate=&archive=");
  REQUIRE(empty.has_value());
  CHECK(*empty == PatchListQuery{});
  CHECK(empty->default_states());
  CHECK_FALSE(empty->any_state());
  CHECK(empty->archived() == Archive::no);
  CHECK(empty->query().empty());
  CHECK(*parse("series=*&submitter=*&delegate=*") == *empty);

  const auto full =
      parse("state=3&state=new&q=a%26b&submitter=7&delegate=Nobody&archive=both&order=state");
  REQUIRE(full.has_value());
  CHECK(full->states == std::vector<std::string>{"3", "new"});
  CHECK(full->nobody());
  CHECK(full->archived() == Archive::both);
  CHECK(full->query() ==
        "state=3&state=new&submitter=7&delegate=Nobody&q=a%26b&archive=both&order=state");
  CHECK(*parse(full->query()) == *full);

  for (const std::string order : {"name", "state", "submitter", "delegate", "date"}) {
    CHECK(parse("order=" + order)->order == order);
    CHECK(parse("order=-" + order)->order == "-" + order);
  }
  CHECK(parse("state=*")->any_state());
  CHECK(parse("archive=True")->archived() == Archive::yes);
  CHECK(parse("archive=false")->archived() == Archive::no);
}

TEST_CASE("web::patch_list_query: of a series everything, unless something else is said") {
  const auto series = parse("series=12");
  CHECK(series->any_state());
  CHECK_FALSE(series->default_states());
  CHECK(series->archived() == Archive::both);
  CHECK_FALSE(parse("series=12&state=new")->any_state());
  const auto kept = parse("series=12&archive=false");
  CHECK(kept->archived() == Archive::no);
  CHECK(*parse(kept->query()) == *kept);
}

TEST_CASE("web::patch_list_query: what it does not know is said") {
  for (const auto* query :
       {"series=x", "series=1%20OR%201", "archive=maybe", "order=title", "order=--date", "order=-",
        "page=0", "page=-1", "page=99999999999999999999", "per_page=251", "per_page=x"}) {
    CAPTURE(query);
    const auto refused = parse(query);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::invalid);
  }
  std::string many;
  for (int i = 0; i < 51; ++i) {
    many += "&state=new";
  }
  CHECK_FALSE(parse(many.substr(1)).has_value());
  CHECK(parse("q=" + std::string(5000, 'x'))->text.size() <= 200);
}

TEST_CASE("web::PatchListQuery::ordered_by: a second time is the other way round") {
  const PatchListQuery list;
  CHECK(list.order == "-date");
  CHECK(list.ordered_by("date").order == "date");
  CHECK(list.ordered_by("date").ordered_by("date").order == "-date");
  CHECK(list.ordered_by("state").order == "state");
  CHECK(list.ordered_by("state").ordered_by("state").order == "-state");
  PatchListQuery later;
  later.page = 7;
  CHECK(later.ordered_by("state").page == 1);
}
