#include "api/patchwork/paging.hpp"

#include <doctest/doctest.h>

namespace patchmill::api::patchwork {
namespace {

http::Params page_params(std::string_view query) {
  auto parsed = http::parse_query(query);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

std::uint64_t per_page(std::string_view query) {
  return page_asked(page_params(query))->page.per_page;
}

TEST_CASE("page_asked: sizes") {
  CHECK(per_page("") == 30);
  CHECK(per_page("per_page=7") == 7);
  CHECK(per_page("per_page=250") == 250);
  CHECK(per_page("per_page=251") == 250);
  CHECK(per_page("per_page=99999999999999999999999999") == 250);
  for (const auto* senseless :
       {"per_page=0", "per_page=-1", "per_page=x", "per_page=", "per_page=1e3"}) {
    CHECK(per_page(senseless) == 30);
  }
}

TEST_CASE("page_asked: numbers") {
  CHECK(page_asked(page_params(""))->page.page == 1);
  CHECK(page_asked(page_params("page=3"))->page.page == 3);
  CHECK(page_asked(page_params("page=last"))->last);
  for (const auto* none : {"page=0", "page=-1", "page=x", "page=", "page=1.5",
                           "page=99999999999999999999", "page=18446744073709551615"}) {
    CAPTURE(none);
    CHECK_FALSE(page_asked(page_params(none)).has_value());
  }
}

TEST_CASE("page_count: there is always a first page") {
  CHECK(page_count(0, 30) == 1);
  CHECK(page_count(30, 30) == 1);
  CHECK(page_count(31, 30) == 2);
}

TEST_CASE("link_header: order, spelling, sorted keys") {
  const std::string url = "http://h/api/patches/";
  CHECK(link_header(url, page_params(""), 1, 1) ==
        "<http://h/api/patches/?page=1>; rel=\"first\", "
        "<http://h/api/patches/?page=1>; rel=\"last\"");
  CHECK(link_header(url, page_params("per_page=2&page=2&order=-id"), 2, 3) ==
        "<http://h/api/patches/?order=-id&page=3&per_page=2>; rel=\"next\", "
        "<http://h/api/patches/?order=-id&per_page=2>; rel=\"prev\", "
        "<http://h/api/patches/?order=-id&page=1&per_page=2>; rel=\"first\", "
        "<http://h/api/patches/?order=-id&page=3&per_page=2>; rel=\"last\"");
  CHECK(link_header(url, page_params("page=2"), 2, 2) ==
        "<http://h/api/patches/>; rel=\"prev\", "
        "<http://h/api/patches/?page=1>; rel=\"first\", "
        "<http://h/api/patches/?page=2>; rel=\"last\"");
}

TEST_CASE("link_header: nothing in a query can end a link") {
  const std::string made =
      link_header("http://h/", page_params("q=a,b>;c%22%0d%0ad&z=1&z=0&q="), 1, 2);
  CHECK(made ==
        "<http://h/?page=2&q=a%2Cb%3E%3Bc%22%0D%0Ad&q=&z=1&z=0>; rel=\"next\", "
        "<http://h/?page=1&q=a%2Cb%3E%3Bc%22%0D%0Ad&q=&z=1&z=0>; rel=\"first\", "
        "<http://h/?page=2&q=a%2Cb%3E%3Bc%22%0D%0Ad&q=&z=1&z=0>; rel=\"last\"");
}

}  // namespace
}  // namespace patchmill::api::patchwork
