#include "web/patch_list_page.hpp"

#include "support/contains.hpp"
#include "web/sample.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;
using web::test::Sample;

namespace {

using patchmill::test::contains;

PatchList one_page(std::string_view query, std::uint64_t total, std::size_t rows) {
  PatchList list;
  list.query = *patch_list_query(*http::parse_query(query));
  registry::Project project;
  project.link_name = "a/b";
  project.name = "A & B";
  list.project = project;
  list.total = total;
  list.states = {{1, "New", "new", 0, true}, {3, "Accepted", "accepted", 1, false}};
  for (std::size_t i = 0; i < rows; ++i) {
    web::PatchRow row;
    row.project = "a/b";
    row.patch.self.msgid = "x/y?#" + std::to_string(i);
    row.patch.self.name = Sample::k_attack;
    row.patch.state = "accepted";
    row.patch.submitter.name = Sample::k_attack;
    row.checks = {2, 0, 1, 0};
    row.tags = {0, 3, 1};
    list.rows.push_back(std::move(row));
  }
  return list;
}

std::string html(const PatchList& list) {
  return patch_list_page({}, list).body.string();
}

}  // namespace

TEST_CASE("web::patch_list_page: what Patchwork's list shows") {
  const std::string page = html(one_page("", 1, 1));
  CHECK(contains(page, "<h1>Patches: A &amp; B</h1>"));
  CHECK(contains(page, "href=\"/project/a%2Fb/patch/x%2Fy%3F%230/\""));
  CHECK(contains(page, "title=\"2 success\""));
  CHECK(contains(page, "title=\"1 fail\""));
  CHECK_FALSE(contains(page, "0 warning"));
  CHECK(contains(page, ">-/3/1</td>"));
  CHECK(contains(page, ">Accepted</td>"));
  CHECK(contains(page, "1 to 1 of 1"));
  CHECK_FALSE(contains(page, "<script>"));
  CHECK_FALSE(contains(page, "<img"));
}

TEST_CASE("web::patch_list_page: orders and pages keep the filter") {
  const std::string page = html(one_page("state=3&q=net&page=2&per_page=10&order=state", 35, 10));
  const std::string kept = "/project/a%2Fb/list/?state=3&amp;q=net&amp;";
  CHECK(contains(page, "rel=\"prev\" href=\"" + kept + "order=state&amp;per_page=10\""));
  CHECK(contains(page, "rel=\"next\" href=\"" + kept + "order=state&amp;per_page=10&amp;page=3\""));
  CHECK(contains(page, kept + "order=-state&amp;per_page=10\">State"));
  CHECK(contains(page, kept + "per_page=10\">Date"));
  for (const std::string column : {"name=Patch", "submitter=Submitter", "delegate=Delegate"}) {
    const auto equals = column.find('=');
    CHECK(contains(page, kept + "order=" + column.substr(0, equals) + "&amp;per_page=10\">" +
                             column.substr(equals + 1)));
  }
  CHECK(contains(page, "aria-sort=\"ascending\""));
  CHECK(contains(page, "11 to 20 of 35"));
  CHECK(contains(page, "<option value=\"accepted\" selected>Accepted"));
  const std::string last = html(one_page("page=4&per_page=10", 35, 5));
  CHECK_FALSE(contains(last, "rel=\"next\""));
  CHECK(contains(last, "31 to 35 of 35"));
}

TEST_CASE("web::patch_list_page: an empty list says why and what next") {
  CHECK(contains(html(one_page("", 0, 0)), "Nothing needs action"));
  CHECK(contains(html(one_page("q=x", 0, 0)), "No patch matches"));
  const std::string beyond = html(one_page("page=1000000000&per_page=10", 35, 0));
  CHECK(contains(beyond, "has 35 patches and ends before this page"));
  CHECK(contains(beyond, "page=4\">Its last page"));
}

TEST_CASE("web::patch_list_json: the same for programs") {
  const auto json = patch_list_json({}, one_page("per_page=10", 35, 10));
  CHECK(json.at("total") == 35);
  CHECK(json.at("next") == "/project/a%2Fb/list/?per_page=10&page=2&format=json");
  const auto& first = json.at("patches").at(0);
  CHECK(first.at("web_url") == "/project/a%2Fb/patch/x%2Fy%3F%230/");
  CHECK(first.at("checks").at("success") == 2);
  CHECK(first.at("tags").at("reviewed") == 3);
  CHECK(patch_list_json({}, one_page("page=4&per_page=10", 35, 5)).at("next").is_null());
}
