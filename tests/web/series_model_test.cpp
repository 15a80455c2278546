#include "web/series_model.hpp"

#include "support/contains.hpp"
#include "support/store_fixture.hpp"
#include "web/log_page.hpp"
#include "web/node_page.hpp"
#include "web/patch_page.hpp"
#include "web/sample.hpp"
#include "web/series_page.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;
using findings::Verdict;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;
using web::test::Sample;

namespace {

using patchmill::test::contains;

struct Filled {
  explicit Filled(TestStore& store)
      : sample(store.database(), store.blobs(), store.clock(), store.folder() / "live"),
        ids(sample.fill()) {}
  Sample sample;
  Sample::Filled ids;
};

// Whether a tag of an attacker got through. Attributes of ours never contain these.
bool pwned(const std::string& html) {
  for (const auto* tag : {"<script>", "<img", "<svg onload", "onerror=window.pwned=2>"}) {
    if (contains(html, tag) && std::string_view(tag) != "onerror=window.pwned=2>") {
      return true;
    }
  }
  return contains(html, "\xE2\x80\xAE") || contains(html, "href=\"javascript:");
}

}  // namespace

TEST_CASE("web::read_series: revisions, changes, nodes, placement, mail") {
  on_each_engine([](TestStore& store) {
    const Filled f(store);
    const auto model = read_series(store.database(), store.blobs(), store.clock(), f.ids.v2);
    REQUIRE(model.has_value());
    CHECK(model->revisions.size() == 2);
    CHECK(model->previous == f.ids.v1);
    CHECK(model->changes.at(1) == PatchChange::changed);
    CHECK(model->changes.at(3) == PatchChange::added);
    CHECK(model->dropped.empty());
    CHECK(model->by_patch.at(2).pass == 1);
    REQUIRE(model->nodes.size() == 6);
    CHECK(model->nodes[0].node.name == "checkout");
    CHECK(model->nodes[5].node.name == "boot");
    CHECK(model->nodes[5].depth == 2);
    REQUIRE(model->placement.has_value());
    CHECK(model->placement->candidates.size() == 2);
    CHECK(model->placement->candidates[0].chosen);
    CHECK(model->placement->candidates[1].conflict ==
          "patch 1, net/core/frames.c, hunk 1: the context is not there");
    CHECK(model->base_described == "v6.12-rc3-77-g0123456789ab");
    CHECK_FALSE(model->running);

    const auto first = read_series(store.database(), store.blobs(), store.clock(), f.ids.v1);
    CHECK(first->changes.empty());
    CHECK(first->mails.size() == 1);
    CHECK(first->mails[0].recipients.at(0) == "ann@example.org: pending");
    const auto running = read_series(store.database(), store.blobs(), store.clock(), f.ids.running);
    CHECK(running->running);
    CHECK_FALSE(read_series(store.database(), store.blobs(), store.clock(), 12345).has_value());
  });
}

TEST_CASE("web::read_series: what builds on it, the newest first, and not without a bound") {
  on_each_engine([](TestStore& store) {
    const Filled f(store);
    const auto depend = [&](std::int64_t series) {
      store.database().exec(
          "INSERT INTO series_dependencies (series, position, kind, target, lookup, resolved,"
          " reason) VALUES (?, 50, 0, 'x', 'm:x', ?, '')",
          series, f.ids.v1);
    };
    depend(f.ids.v2);
    depend(f.ids.waiting);
    const auto read = [&] {
      return *read_series(store.database(), store.blobs(), store.clock(), f.ids.v1);
    };
    const auto few = read();
    REQUIRE(few.dependents.size() == 2);
    CHECK(few.dependents[0].number == f.ids.waiting);
    CHECK_FALSE(few.more_dependents);
    const auto json = series_json({}, few);
    CHECK(json.at("dependents").at(1).at("number") == f.ids.v2);
    CHECK(json.at("more_dependents") == false);
    CHECK_FALSE(contains(series_page({}, few, store.clock().now(), true).body.string(),
                         "And more; these are the newest"));
    for (std::int64_t series = 1000; series < 1099; ++series) {
      depend(series);
    }
    const auto many = read();
    CHECK(many.more_dependents);
    REQUIRE(many.dependents.size() == 1);  // the others have gone
    CHECK(many.dependents[0].number == f.ids.waiting);
    CHECK(contains(series_page({}, many, store.clock().now(), true).body.string(),
                   "And more; these are the newest"));
  });
}

TEST_CASE("web::as_tree: children after their parent, whatever the order of ids") {
  std::vector<pipeline::Node> nodes(5);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].id = static_cast<std::int64_t>(i + 1);
  }
  nodes[1].parent = 1;
  nodes[2].parent = 1;
  nodes[3].parent = 2;
  nodes[4].parent = 99;
  const auto rows = as_tree(nodes);
  std::string order;
  for (const auto& row : rows) {
    order += fmt::format("{}@{} ", row.node.id, row.depth);
  }
  CHECK(order == "1@0 2@1 4@2 3@1 5@0 ");
}

TEST_CASE("web::parse_placement: takes nothing for granted") {
  CHECK_FALSE(parse_placement("").has_value());
  CHECK_FALSE(parse_placement("[]").has_value());
  CHECK_FALSE(parse_placement(std::string(100, '[')).has_value());
  CHECK(parse_placement("{}")->candidates.empty());
  const auto odd = parse_placement(
      R"({"state":1,"candidates":[1,{"tree":2,"reasons":"x","score":"y","conflict":[]}],"chosen":"0"})");
  REQUIRE(odd.has_value());
  CHECK(odd->candidates.size() == 1);
  CHECK_FALSE(odd->candidates[0].chosen);
}

TEST_CASE("web::series_page: what failed comes first; everything is there for programs") {
  TestStore store(store::Engine::sqlite);
  const Filled f(store);
  SiteWords words;
  const auto model = read_series(store.database(), store.blobs(), store.clock(), f.ids.v1);
  const std::string html = series_page(words, *model, store.clock().now(), true).body.string();
  CHECK(html.find("build-um") < html.find("checkpatch (patch 1)"));
  CHECK(contains(html, "too few arguments to function"));
  CHECK(contains(html, "A newer revision has taken its place"));
  CHECK(contains(html, fmt::format("/series/{}/range-diff/{}/", f.ids.v2, f.ids.v1)));
  CHECK(contains(html, "<svg class=\"chart timeline\" role=\"img\""));
  CHECK(contains(html, "all 2 blobs the patches start from are in it"));
  CHECK(contains(html, "Re: [PATCH net-next 0/2]"));
  CHECK_FALSE(contains(series_page(words, *model, store.clock().now(), false).body.string(),
                       "range-diff</a>"));
  const auto json = series_json(words, *model);
  CHECK(json.at("number") == f.ids.v1);
  CHECK(json.at("node_tree").as_array().size() == 5);
  CHECK(json.at("placement").at("candidates").as_array().size() == 2);
  CHECK(json.at("revisions").as_array().size() == 2);
}

TEST_CASE("web::series_page: a job that is a check has a log, a built-in check has none") {
  TestStore store(store::Engine::sqlite);
  Filled f(store);
  const auto root = f.sample.checkout(f.ids.waiting, "net");
  const auto job = f.sample.run(root, "spell", pipeline::NodeKind::check, Verdict::fail, "1 error",
                                {}, {}, "spell: teh\n");
  const auto check =
      f.sample.run(root, "spdx", pipeline::NodeKind::check, Verdict::fail, "1 error", 1);
  auto never = f.sample.plan(root, "boot", pipeline::NodeKind::job);
  f.sample.nodes().finish(never, Verdict::skip, "it needs spell");
  const auto model = read_series(store.database(), store.blobs(), store.clock(), f.ids.waiting);
  const std::string html = series_page({}, *model, store.clock().now(), true).body.string();
  CHECK(contains(html, fmt::format("/nodes/{}/log", job.id)));
  CHECK_FALSE(contains(html, fmt::format("/nodes/{}/log", check.id)));
  CHECK(is_timed(*f.sample.nodes().node(f.ids.failed_node)));
  CHECK_FALSE(is_timed(check));
  CHECK_FALSE(is_timed(never));
}

TEST_CASE("web::series_page: when an incomplete series is tried again") {
  TestStore store(store::Engine::sqlite);
  Filled f(store);
  const auto html = [&](std::chrono::minutes after) {
    const auto now = store.clock().now();
    f.sample.nodes().set_verdict(f.ids.waiting,
                                 {Verdict::incomplete, "waits", now, "k", 1, now + after});
    const auto model = read_series(store.database(), store.blobs(), store.clock(), f.ids.waiting);
    return series_page({}, *model, now, true).body.string();
  };
  CHECK(contains(html(std::chrono::minutes(5)), "tried again <time"));
  const std::string news = html(std::chrono::minutes(0));
  CHECK_FALSE(contains(news, "tried again <time"));
  CHECK(contains(news, "tried again when a mail or a commit comes"));
}

TEST_CASE("web pages: nothing of an attacker's becomes part of a page") {
  TestStore store(store::Engine::sqlite);
  const Filled f(store);
  const SiteWords words;
  const auto now = store.clock().now();
  const auto series = read_series(store.database(), store.blobs(), store.clock(), f.ids.hostile);
  REQUIRE(series.has_value());
  CHECK_FALSE(pwned(render_page(words, series_page(words, *series, now, true))));
  const auto patch = read_patch(store.database(), store.blobs(), store.clock(), f.ids.hostile, 1);
  REQUIRE(patch.has_value());
  const std::string patch_html = render_page(words, patch_page(words, *patch, now, true));
  CHECK_FALSE(pwned(patch_html));
  CHECK(contains(patch_html, "href=\"https://evil.example.org/\""));
  CHECK(contains(patch_html, "href=\"https://ok.example.org/a?b=1&amp;c=2\""));
  const auto node = read_node(store.database(), store.clock(), f.ids.hostile_node);
  REQUIRE(node.has_value());
  CHECK_FALSE(pwned(render_page(words, node_page(words, *node, now))));
  const auto place = find_log(store.database(), store.blobs(), store.clock(),
                              store.folder() / "live", f.ids.hostile_node);
  REQUIRE(place.has_value());
  const auto file = LogFile::open(place->file);
  LogIndex index;
  REQUIRE(index.extend(*file, file->size()).has_value());
  LogRequest request;
  request.search = "<script>";
  auto view = read_log(*place, *file, index, request);
  REQUIRE(view.has_value());
  const std::string log = render_page(words, log_page(words, *view));
  CHECK_FALSE(pwned(log));
  CHECK(contains(log, "no newline at the end"));
  CHECK(view->matches.lines.size() >= 6);
  CHECK_FALSE(
      pwned(range_diff_page(words, series->series, series->series, RangeDiff{"<script>", true})
                .body.string()));
  const auto compared = [&](bool of_mails) {
    return range_diff_page(words, series->series, series->series, RangeDiff{"x\n", of_mails})
        .body.string();
  };
  CHECK(contains(compared(true), "The mails were compared, not commits"));
  CHECK_FALSE(contains(compared(false), "The mails were compared"));
  CHECK_FALSE(pwned(render_error(words, 404, Sample::k_attack)));
}

TEST_CASE("web::find_mail: patches, covers and replies lead to their place") {
  on_each_engine([](TestStore& store) {
    const Filled f(store);
    auto& db = store.database();
    CHECK(find_mail(db, store.blobs(), "frames-v2-2@example.org")->series == f.ids.v2);
    CHECK(find_mail(db, store.blobs(), "frames-v2-2@example.org")->patch == 2);
    CHECK(find_mail(db, store.blobs(), "frames-v1-0@example.org")->series == f.ids.v1);
    CHECK_FALSE(find_mail(db, store.blobs(), "frames-v1-0@example.org")->patch.has_value());
    CHECK_FALSE(find_mail(db, store.blobs(), "nobody@example.org").has_value());
    std::vector<tracker::Incoming> mails;
    for (const auto* id : {"answer", "again"}) {
      const std::string raw = fmt::format(
          "From: Bob <bob@example.org>\nSubject: Re: x\nMessage-ID: <{}@example.org>\n"
          "In-Reply-To: <{}@example.org>\nDate: Mon, 12 Jan 2026 10:00:00 +0000\n\nlooks good\n",
          id, std::string_view(id) == "answer" ? "frames-v1-1" : "answer");
      mails.push_back({raw, mail::parse_message(raw), "netdev.vger.example.org", "test"});
    }
    tracker::Tracker(db, store.blobs(), store.clock()).ingest(mails);
    const auto place = find_mail(db, store.blobs(), "again@example.org");
    CHECK(place->series == f.ids.v1);
    CHECK(place->patch == 1);
  });
}

TEST_CASE("web::read_log: windows, errors, the end of a live log") {
  TestStore store(store::Engine::sqlite);
  Filled f(store);
  const auto live = store.folder() / "live";
  std::string text;
  for (int i = 1; i <= 2500; ++i) {
    text += i % 1000 == 0 ? fmt::format("error: {}\n", i) : fmt::format("line {}\n", i);
  }
  f.sample.write_live(f.ids.running_node, text + "not yet whole");
  const auto place =
      find_log(store.database(), store.blobs(), store.clock(), live, f.ids.running_node);
  REQUIRE(place.has_value());
  CHECK(place->live);
  const auto file = LogFile::open(place->file);
  LogIndex index;
  REQUIRE(index.extend(*file, file->size()).has_value());
  const auto look = [&](const std::string& query) {
    auto request = log_request(*http::parse_query(query));
    REQUIRE(request.has_value());
    auto view = read_log(*place, *file, index, *request);
    REQUIRE(view.has_value());
    return std::move(*view);
  };
  const LogView end = look("");
  CHECK(end.window.lines.front().number == 1503);
  CHECK(end.window.lines.back().number == 2502);
  CHECK(end.at_end);
  CHECK(end.tail.line == 2502);
  CHECK(end.tail.offset == file->size() - std::string_view("not yet whole").size());
  const LogView error = look("line=error");
  CHECK(error.target == 1002);
  CHECK(error.window.lines.front().number == 952);
  CHECK(error.next_error == 2002);
  CHECK(error.previous_error == 0);
  CHECK(look("line=2002").previous_error == 1002);
  CHECK(look("line=999999").target == 2502);
  CHECK(look("from=10").window.lines.front().number == 10);
  CHECK_FALSE(look("from=1").at_end);
  for (const auto* wrong : {"line=0", "line=x", "from=-1", "from=99999999999999999999"}) {
    CHECK_FALSE(log_request(*http::parse_query(wrong)).has_value());
  }
  const auto none = find_log(store.database(), store.blobs(), store.clock(), live, 1);
  CHECK(contains(none.error().message, "left no log"));
}

TEST_CASE("web::attachment_header: a name cannot break out") {
  CHECK(attachment_header("log") == "attachment; filename=\"log\"; filename*=UTF-8''log");
  CHECK(attachment_header("a/b/../x\"\r\ny.html") ==
        "attachment; filename=\"x___y.html\"; filename*=UTF-8''x%22%0D%0Ay.html");
  CHECK(attachment_header("..") == "attachment; filename=\"artifact\"; filename*=UTF-8''..");
}
