#include "api/patchwork/parameters.hpp"

#include <doctest/doctest.h>

namespace patchmill::api::patchwork {
namespace {

constexpr Version k_latest{};
constexpr Version v(int minor) {
  return {minor, true};
}

http::Params params(std::string_view query) {
  auto parsed = http::parse_query(query, 20'000);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

std::int64_t date(std::string_view text) {
  const auto read = parse_api_date(text);
  return read ? to_micros(*read) : -1;
}

TEST_CASE("parse_api_date: naive dates are UTC") {
  CHECK(date("2023-11-15T12:00:00") == 1'700'049'600'000'000);
  CHECK(date("2023-11-15 12:00:00") == 1'700'049'600'000'000);
  CHECK(date("2023-11-15T12:00") == 1'700'049'600'000'000);
  CHECK(date("2023-11-15T12:00:00.25") == 1'700'049'600'250'000);
  CHECK(date("2023-11-15T12:00:00.123456789") == 1'700'049'600'123'456);
  CHECK(date("2023-11-15") == 1'700'006'400'000'000);
}

TEST_CASE("parse_api_date: with a zone") {
  CHECK(date("2023-11-15T12:00:00Z") == 1'700'049'600'000'000);
  CHECK(date("2023-11-15T12:00:00+00:00") == 1'700'049'600'000'000);
  CHECK(date("2023-11-15T14:00:00+02:00") == 1'700'049'600'000'000);
  CHECK(date("2023-11-15T14:00:00 02:00") == 1'700'049'600'000'000);  // a plus in a query
  CHECK(date("2023-11-15T06:30:00-0530") == 1'700'049'600'000'000);
  CHECK(date("2023-11-15T13:00:00+01") == 1'700'049'600'000'000);
}

TEST_CASE("parse_api_date: what is none") {
  for (const auto* text :
       {"", "yesterday", "2023", "2023-11", "2023-02-30", "2023-13-01", "0000-01-01", "2023-11-15T",
        "2023-11-15T24:00:00", "2023-11-15T12:60:00", "2023-11-15T12:00:60", "2023-11-15T12:00:00.",
        "2023-11-15T12:00:00Q", "2023-11-15T12:00:00+", "1e9", "2023-11-15T12:00:00+1:00",
        "99999-01-01", "２０２３-11-15", "2023-11-15T12:00:00.1234567890123"}) {
    CAPTURE(text);
    CHECK(date(text) == -1);
  }
}

TEST_CASE("parse_api_bool") {
  for (const auto* yes : {"true", "True", "TRUE", "1", "yes", "on", "T", "y"}) {
    CHECK(parse_api_bool(yes) == true);
  }
  for (const auto* no : {"false", "False", "0", "no", "off", "F", "N"}) {
    CHECK(parse_api_bool(no) == false);
  }
  CHECK_FALSE(parse_api_bool("").has_value());
  CHECK_FALSE(parse_api_bool("2").has_value());
}

TEST_CASE("Query::patches: what a client asks for") {
  const auto query = params(
      "project=lorem&state=new&state=under-review&state=new&archived=False&since=2023-11-15&"
      "before=x&q=say+dolor&order=-date&submitter=a@x&series=3&hash=&unknown=1");
  Query read(query, k_latest);
  const auto filter = read.patches();
  CHECK(filter.project == registry::Values{"lorem"});
  CHECK(filter.state == registry::Values{"new", "under-review"});
  CHECK(filter.archived == false);
  CHECK(filter.submitter == registry::Values{"a@x"});
  CHECK(filter.series == registry::Values{"3"});
  CHECK(filter.delegate.empty());
  REQUIRE(filter.date.since.size() == 1);
  CHECK(filter.date.since[0].has_value());
  REQUIRE(filter.date.before.size() == 1);
  CHECK_FALSE(filter.date.before[0].has_value());
  CHECK(filter.q == "say dolor");
  CHECK(filter.order.field == "date");
  CHECK(filter.order.descending);
  CHECK_FALSE(read.finds_nothing());
  CHECK(read.check().has_value());
}

TEST_CASE("Query: filters by version") {
  const auto query = params("hash=ab&msgid=m%40x&state=new&state=rfc&actor=7");
  CHECK(Query(query, v(2)).patches().hash == registry::Values{"ab"});
  CHECK(Query(query, v(2)).patches().msgid == registry::Values{"m@x"});
  CHECK(Query(query, v(1)).patches().hash.empty());
  CHECK(Query(query, v(1)).patches().msgid.empty());
  CHECK(Query(query, v(0)).covers().msgid.size() == 1);
  CHECK(Query(query, v(0)).patches().state.size() == 2);
  CHECK(Query(query, v(1)).events().actor.empty());
  CHECK(Query(query, v(2)).events().actor.size() == 1);
  CHECK_FALSE(Query(query, v(2)).events().comments);
  CHECK(Query(query, v(3)).events().comments);
  CHECK(Query(query, k_latest).events().comments);
}

TEST_CASE("Query: an empty value names nothing where things are chosen, else it is none") {
  const auto patches = [](std::string_view text) {
    const auto query = params(text);
    Query read(query, k_latest);
    (void)read.patches();
    return read.finds_nothing();
  };
  for (const auto* filter : {"project", "series", "submitter", "delegate", "state"}) {
    CAPTURE(filter);
    CHECK(patches(std::string(filter) + "="));
    CHECK(patches(std::string(filter) + "=%20"));
    CHECK(patches(std::string(filter) + "=1&" + filter + "="));
    CHECK_FALSE(patches(std::string(filter) + "=1"));
  }
  for (const auto* filter :
       {"archived", "hash", "msgid", "since", "before", "q", "order", "page"}) {
    CAPTURE(filter);
    CHECK_FALSE(patches(std::string(filter) + "="));
  }
  const auto others = [](std::string_view text, auto read_it) {
    const auto query = params(text);
    Query read(query, k_latest);
    read_it(read);
    return read.finds_nothing();
  };
  const auto series = [](Query& query) { (void)query.series(); };
  const auto covers = [](Query& query) { (void)query.covers(); };
  const auto events = [](Query& query) { (void)query.events(); };
  const auto checks = [](Query& query) { (void)query.checks(); };
  const auto bundles = [](Query& query) { (void)query.bundles(); };
  CHECK(others("project=", series));
  CHECK(others("submitter=", series));
  CHECK_FALSE(others("state=", series));  // no filter of it
  CHECK(others("series=", covers));
  for (const auto* filter : {"project=", "series=", "patch=", "cover="}) {
    CHECK(others(filter, events));
  }
  CHECK_FALSE(others("category=&actor=", events));
  CHECK(others("user=", checks));
  CHECK_FALSE(others("state=&context=", checks));
  CHECK(others("owner=", bundles));
  CHECK_FALSE(others("public=", bundles));
}

TEST_CASE("Query: the last hash and msgid count") {
  const auto query = params("hash=a&hash=b&msgid=m&msgid=n%40x&order=id&order=-date");
  const auto filter = Query(query, k_latest).patches();
  CHECK(filter.hash == registry::Values{"b"});
  CHECK(filter.msgid == registry::Values{"n@x"});
  CHECK(filter.order.field == "date");
  const auto emptied = params("hash=a&hash=&msgid=m&msgid=");
  CHECK(Query(emptied, k_latest).patches().hash.empty());
  CHECK(Query(emptied, k_latest).covers().msgid.empty());
}

TEST_CASE("Query::order: every field counts once") {
  const auto query = params("order=-project,bogus,%20name%20,project,-id");
  const auto order = Query(query, k_latest).patches().order;
  CHECK(order.field == "project");
  CHECK(order.descending);
  REQUIRE(order.then.size() == 2);
  CHECK(order.then[0].field == "name");
  CHECK_FALSE(order.then[0].descending);
  CHECK(order.then[1].field == "id");
  CHECK(order.then[1].descending);
}

TEST_CASE("Query::order: unknown fields are ignored, with their direction") {
  const auto order = [](std::string_view value) {
    const auto query = params("order=" + std::string(value));
    return Query(query, k_latest).series().order;
  };
  CHECK(order("-id").descending);
  CHECK(order("received_all").field.empty());
  CHECK(order("-received_all").field.empty());
  CHECK_FALSE(order("-received_all").descending);
  CHECK(order("bogus,-name").field == "name");
  CHECK(order("id;DROP TABLE x").field.empty());
  const auto none = params("");
  CHECK(Query(none, k_latest).events().order.field == "date");
  CHECK(Query(none, k_latest).events().order.descending);
  const auto ascending = params("order=date");
  CHECK_FALSE(Query(ascending, k_latest).events().order.descending);
}

TEST_CASE("Query: bounded, whatever comes") {
  std::string many = "project=0";
  for (int i = 1; i < 10'000; ++i) {
    many += "&project=" + std::to_string(i);
  }
  const auto query = params(many);
  Query read(query, k_latest);
  CHECK(read.patches().project.size() == 100);
  REQUIRE_FALSE(read.check().has_value());
  CHECK(read.check().error().message ==
        "At most 100 values of 'project' can be asked for at once.");

  const auto absurd = params("msgid=" + std::string(5000, 'x') + "&q=" + std::string(2000, 'y'));
  Query long_one(absurd, k_latest);
  const auto filter = long_one.patches();
  CHECK(filter.msgid.empty());
  CHECK(filter.q.empty());
  CHECK(long_one.finds_nothing());
}

}  // namespace
}  // namespace patchmill::api::patchwork
