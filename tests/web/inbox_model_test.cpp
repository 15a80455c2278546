#include "web/inbox_model.hpp"

#include "http/target.hpp"
#include "support/store_fixture.hpp"
#include "web/inbox_page.hpp"
#include "web/sample.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <algorithm>

using namespace patchmill;
using namespace patchmill::web;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;
using web::test::Sample;
using web::test::SampleSeries;

namespace {

InboxFilter filter_of(std::string_view query) {
  const auto params = http::parse_query(query);
  REQUIRE(params.has_value());
  const auto filter = inbox_filter(*params);
  REQUIRE_MESSAGE(filter.has_value(), (filter ? "" : filter.error().message));
  return *filter;
}

std::vector<std::int64_t> numbers(store::Database& database, std::string_view query,
                                  std::size_t limit = 50) {
  std::vector<std::int64_t> result;
  for (const InboxRow& row : read_inbox(database, filter_of(query), limit).rows) {
    result.push_back(row.number);
  }
  return result;
}

using Numbers = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("web::read_inbox: filters, alone and together") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto f = sample.fill();
    auto& db = store.database();
    CHECK(numbers(db, "") == Numbers{f.running, f.waiting, f.hostile, f.v2});
    CHECK(numbers(db, "state=all") == Numbers{f.running, f.waiting, f.hostile, f.v2, f.v1});
    CHECK(numbers(db, "state=superseded") == Numbers{f.v1});
    CHECK(numbers(db, "state=running") == Numbers{f.running});
    CHECK(numbers(db, "state=waiting") == Numbers{f.running, f.waiting});
    CHECK(numbers(db, "verdict=fail") == Numbers{f.hostile});
    CHECK(numbers(db, "verdict=fail&state=all") == Numbers{f.hostile, f.v1});
    CHECK(numbers(db, "verdict=fail&state=running").empty());
    CHECK(numbers(db, "q=FRAMES") == Numbers{f.v2});
    CHECK(numbers(db, "q=frames+ann&state=all") == Numbers{f.v2, f.v1});
    CHECK(numbers(db, "q=cara") == Numbers{f.running, f.waiting});
    CHECK(numbers(db, "q=%25").empty());
    CHECK(numbers(db, "q=f_ames").empty());
    CHECK(numbers(db, "tree=bpf-next") == Numbers{f.running});
    CHECK(numbers(db, "tree=net-next&state=all") == Numbers{f.hostile, f.v2, f.v1});
    CHECK(numbers(db, "list=bpf.example.org") == Numbers{f.running});
    CHECK(numbers(db, "list=example.org").empty());
    CHECK(numbers(db, "list=NETDEV.vger.example.org") == Numbers{f.v2});
    CHECK(numbers(db, "author=mallory@example.org") == Numbers{f.hostile});
    CHECK(numbers(db, "author=ann@example.org&tree=net-next&verdict=pass&q=count") ==
          Numbers{f.v2});
    CHECK(numbers(db, "q=%27%22%3B+DROP+TABLE+series%3B--").empty());
  });
}

TEST_CASE("web::read_inbox: letters beyond ASCII are searched as they are") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    SampleSeries one;
    one.id = "s1";
    one.patches = 1;
    one.title = "sch\xc3\xb6ne thing";
    sample.add(one);
    CHECK(numbers(store.database(), "q=sch%C3%B6NE").size() == 1);
    CHECK(numbers(store.database(), "q=SCH%C3%B6ne+THING").size() == 1);
    CHECK(numbers(store.database(), "q=sch%C3%96ne").empty());
  });
}

TEST_CASE("web::read_inbox: pages end where the next begins") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    for (int i = 0; i < 7; ++i) {
      SampleSeries one;
      one.id = fmt::format("s{}", i);
      one.patches = 1;
      one.title = fmt::format("title {}", i);
      sample.add(one);
    }
    Numbers seen;
    InboxFilter filter;
    for (int page = 0; page < 5; ++page) {
      const Inbox inbox = read_inbox(store.database(), filter, 3);
      for (const InboxRow& row : inbox.rows) {
        seen.push_back(row.number);
      }
      CHECK(inbox.next.has_value() == (page < 2));
      if (!inbox.next) {
        break;
      }
      filter.before = inbox.next;
    }
    CHECK(seen.size() == 7);
    CHECK(std::is_sorted(seen.rbegin(), seen.rend()));
    CHECK(read_inbox(store.database(), {}, 7).next == std::nullopt);
  });
}

TEST_CASE("web::read_rows: what a row tells") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto f = sample.fill();
    const std::int64_t wanted[] = {f.v1, 999, f.running, f.waiting, f.v2};
    const auto rows = read_rows(store.database(), wanted);
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].number == f.v1);
    CHECK(rows[0].superseded);
    CHECK(rows[0].verdict == findings::Verdict::fail);
    CHECK(rows[0].tree == "net-next");
    CHECK(rows[0].counts.fail == 1);
    CHECK(rows[0].counts.warning == 1);
    CHECK(rows[0].counts.pass == 1);
    CHECK(rows[0].counts.skip == 1);
    CHECK(rows[0].received == 2);
    CHECK(rows[1].running);
    CHECK(rows[1].counts.open == 2);
    CHECK(rows[1].counts.active == 1);
    CHECK_FALSE(rows[2].verdict.has_value());
    CHECK(rows[2].lists == std::vector<std::string>{"linux-mm.example.org"});
    CHECK(rows[3].version == 2);
    CHECK_FALSE(rows[3].superseded);
    CHECK(read_rows(store.database(), {}).empty());
  });
}

TEST_CASE("web::read_rows: counts are those of the newest attempt") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto number = sample.add({});
    auto root = sample.checkout(number, "net", findings::Verdict::pass, {}, 1);
    sample.run(root, "build", pipeline::NodeKind::job, findings::Verdict::incomplete, "no disk");
    root = sample.checkout(number, "net-next", findings::Verdict::pass, {}, 2);
    sample.run(root, "build", pipeline::NodeKind::job, findings::Verdict::pass, "fine");
    const std::int64_t wanted[] = {number};
    const auto rows = read_rows(store.database(), wanted);
    CHECK(rows.at(0).counts.pass == 1);
    CHECK(rows.at(0).counts.incomplete == 0);
    CHECK(rows.at(0).tree == "net-next");
  });
}

TEST_CASE("web::inbox_filter: says what is wrong, bounds what is right") {
  const auto error = [](std::string_view query) {
    const auto filter = inbox_filter(*http::parse_query(query));
    REQUIRE_FALSE(filter.has_value());
    return filter.error().message;
  };
  CHECK(error("verdict=good").find("pass, warning, fail") != std::string::npos);
  CHECK(error("state=x").find("current, all, running") != std::string::npos);
  CHECK(error("before=-1").find("number of a series") != std::string::npos);
  CHECK(error("before=99999999999999999999").find("number") != std::string::npos);
  CHECK(filter_of("q=" + std::string(5000, 'a')).text.size() <= 200);
  const InboxFilter filter =
      filter_of("q=a%26b&verdict=fail&state=all&tree=t&list=l&author=a%40b&before=5");
  CHECK(filter.before == 5);
  InboxFilter again = filter_of(filter.query());
  again.before = 5;
  CHECK(again == filter);
}

TEST_CASE("web::read_judged: newest verdict first") {
  on_each_engine([](TestStore& store) {
    Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
    const auto f = sample.fill();
    store.clock().advance(std::chrono::hours(1));
    sample.judge(f.v1, findings::Verdict::incomplete, "once more", 2);
    const auto rows = read_judged(store.database(), {}, 10);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].number == f.v1);
    CHECK(rows[1].number == f.hostile);
    InboxFilter filter;
    filter.author = "mallory@example.org";
    CHECK(read_judged(store.database(), filter, 10).size() == 1);
  });
}

TEST_CASE("web::inbox_page, inbox_json, atom_feed: hostile titles stay text") {
  TestStore store(store::Engine::sqlite);
  Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
  const auto f = sample.fill();
  SiteWords words;
  words.title = "CI";
  words.base = "/ci";
  words.origin = "https://ci.example.org";
  const Inbox inbox = read_inbox(store.database(), {}, 50);
  const Page page = inbox_page(words, inbox, {{"net", "net-next"}, {}});
  const std::string html = render_page(words, page);
  CHECK(html.find("<script>") == std::string::npos);
  CHECK(html.find("<img") == std::string::npos);
  CHECK(html.find("&lt;script&gt;window.pwned=1&lt;/script&gt;") != std::string::npos);
  CHECK(html.find("href=\"/ci/series/" + std::to_string(f.hostile) + "/\"") != std::string::npos);
  CHECK(html.find("\xE2\x80\xAE") == std::string::npos);

  const auto json = inbox_json(words, inbox);
  CHECK(json.at("series").as_array().size() == 4);
  CHECK(json.at("series").at(2).at("submitter").at("email") == "mallory@example.org");
  CHECK(json.at("series").at(3).at("web_url").as_string() ==
        fmt::format("https://ci.example.org/ci/series/{}/", f.v2));
  CHECK(json.at("next").is_null());

  const std::string feed = atom_feed(words, "CI: all", "/feed.atom",
                                     read_judged(store.database(), {}, 50), store.clock().now());
  CHECK(feed.starts_with("<?xml"));
  CHECK(feed.find("<script") == std::string::npos);
  CHECK(feed.find("<id>https://ci.example.org/ci/feed.atom</id>") != std::string::npos);
  CHECK(feed.find("<title>pass: net: count frames</title>") != std::string::npos);
}
