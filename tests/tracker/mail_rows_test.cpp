#include "tracker/mail_rows.hpp"

#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

const std::vector<MailSpec> thread = {
    {.msgid = "c@x", .subject = "[PATCH 0/2] A thing", .diff = false},
    {.msgid = "1@x", .subject = "[PATCH 1/2] one", .in_reply_to = "c@x", .seconds = 1},
    {.msgid = "2@x", .subject = "[PATCH 2/2] two", .in_reply_to = "c@x", .seconds = 2},
    {.msgid = "r@x", .subject = "Re: [PATCH 1/2] one", .in_reply_to = "1@x", .diff = false},
    {.msgid = "v2@x", .subject = "[PATCH v2 2/2] two", .in_reply_to = "2@x", .seconds = day}};

}  // namespace

TEST_CASE("tracker::mail_rows: every kind of mail, with its place in the series it was posted in") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    harness.feed(thread);
    const auto ids = mails_with_ids(store.database(),
                                    std::vector<std::string>{"c@x", "1@x", "no@x", "r@x", "v2@x"});
    REQUIRE(ids.size() == 5);
    CHECK(ids[2] == 0);
    std::map<std::string, MailRow> rows;
    for (MailRow& row : mail_rows(store.database(), ids)) {
      rows.insert_or_assign(row.msgid, std::move(row));
    }
    REQUIRE(rows.size() == 4);
    const MailRow& cover = rows.at("c@x");
    CHECK(cover.kind == MessageKind::cover);
    CHECK(cover.name == "[0/2] A thing");
    CHECK(cover.number == 0);
    CHECK(cover.series == 1);
    CHECK(cover.list_ids == std::vector<std::string>{"test.example.com"});
    CHECK(cover.from.email == "alice@example.org");
    CHECK_FALSE(cover.parent.has_value());
    const MailRow& patch = rows.at("1@x");
    CHECK(patch.name == "[1/2] one");
    CHECK(patch.number == 1);
    CHECK(patch.patch_hash.value_or("").size() == 40);
    CHECK(patch.parent == cover.id);
    CHECK(rows.at("r@x").series == 0);
    CHECK(rows.at("r@x").parent == patch.id);
    CHECK(rows.at("v2@x").series == 2);
    CHECK(rows.at("v2@x").number == 2);
  });
}

TEST_CASE("tracker::mails_of_series: what a series carries over is not its own") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    harness.feed(thread);
    const auto ids =
        mails_with_ids(store.database(), std::vector<std::string>{"c@x", "1@x", "2@x", "v2@x"});
    auto first = mails_of_series(store.database(), std::vector<std::int64_t>{1});
    std::sort(first.begin(), first.end());
    CHECK(first == std::vector<std::int64_t>(ids.begin(), ids.begin() + 3));
    CHECK(mails_of_series(store.database(), std::vector<std::int64_t>{2}) ==
          std::vector<std::int64_t>{ids[3]});
    const auto series = series_rows(store.database(), std::vector<std::int64_t>{2, 7});
    REQUIRE(series.size() == 1);
    CHECK(series[0].name == "A thing");
    CHECK(series[0].version == 2);
    CHECK(series[0].total == 2);
    CHECK(series[0].submitter.name == "Alice A");
  });
}

TEST_CASE("tracker::each_raw: mails as received, small, compressed and large") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    MailSpec small{.msgid = "s@x", .subject = "hi", .diff = false, .text = "x\n"};
    MailSpec medium = small, large = small;
    medium.msgid = "m@x";
    medium.text = std::string(100'000, 'y') + "\n";
    large.msgid = "l@x";
    large.text = std::string((1u << 20) + 1, 'z') + "\n";
    harness.feed({small, medium, large});
    std::map<std::int64_t, std::string> found;
    const auto ids = mails_after(store.database(), 0, 10);
    REQUIRE(ids.size() == 3);
    CHECK(mails_after(store.database(), ids[1], 10) == std::vector<std::int64_t>{ids[2]});
    CHECK(mails_after(store.database(), 0, 2).size() == 2);
    each_raw(
        store.database(), store.blobs(), ids,
        [&](std::int64_t id, const Result<std::string>& raw) { found[id] = raw.value_or("?"); });
    CHECK(found == std::map<std::int64_t, std::string>{
                       {ids[0], small.raw()}, {ids[1], medium.raw()}, {ids[2], large.raw()}});
  });
}
