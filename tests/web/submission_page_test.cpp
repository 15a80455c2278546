#include "web/submission_page.hpp"

#include "support/contains.hpp"
#include "support/store_fixture.hpp"
#include "web/patch_sample.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::web;
using patchmill::test::TestStore;

namespace {

using patchmill::test::contains;

struct FilledPage {
  FilledPage()
      : store(store::Engine::sqlite),
        sample(store.database(), store.blobs(), store.clock(), store.folder() / "live"),
        ids(sample.fill()),
        data(web::test::add_projects(store.database(), store.blobs(), store.clock())) {}
  SubmissionModel read(const registry::Project& project, const std::string& msgid,
                       bool cover = false) {
    return *read_submission(store.database(), store.blobs(), store.clock(), project, msgid, cover);
  }

  TestStore store;
  web::test::Sample sample;
  web::test::Sample::Filled ids;
  web::test::PatchSample data;
};

}  // namespace

TEST_CASE("web::comment_html: what is quoted stands apart") {
  CHECK(comment_html("").empty());
  CHECK(comment_html("> a\n>> b\nc <d>\n\n>e").string() ==
        "<span class=\"quote\">&gt; a\n&gt;&gt; b\n</span>c &lt;d&gt;\n\n"
        "<span class=\"quote\">&gt;e</span>");
}

TEST_CASE("web::filled_url: only to the web, and the value stays a value") {
  CHECK(filled_url("https://lore.example.org/{}/", "a/b@c?d") ==
        "https://lore.example.org/a%2Fb%40c%3Fd/");
  CHECK(filled_url("", "x").empty());
  CHECK(filled_url("https://lore.example.org/", "x").empty());
  CHECK(filled_url("javascript:{}", "x").empty());
  CHECK(filled_url("{}", "https://evil.example.org/").empty());
}

TEST_CASE("web::submission_page: a patch") {
  FilledPage f;
  const auto model = f.read(f.data.netdev, "frames-v2-1@example.org");
  const std::string html = submission_page({}, model, true).body.string();
  const std::string own = "/project/netdev/patch/frames-v2-1%40example.org/";
  for (const std::string& what :
       {std::string("<dd>Under Review</dd>"), std::string("href=\"/user/ann/todo/\">Ann Example"),
        "href=\"" + own + "mbox/\">mbox", "href=\"" + own + "raw/\">diff",
        fmt::format("href=\"/series/{}/mbox/\">series", model.series->self.id),
        fmt::format("href=\"/series/{}/range-diff/{}/\"", f.ids.v2, f.ids.v1),
        fmt::format("href=\"/series/{}/patches/1/\"", f.ids.v2),
        std::string("href=\"https://ci.example.org/2\">build</a>"), std::string("-/1/-"),
        std::string("href=\"https://archive.example.org/frames-v2-1%40example.org/\""),
        std::string("rel=\"next\" href=\"/project/netdev/patch/frames-v2-2%40example.org/\""),
        std::string("Message-ID: &lt;frames-v2-1@example.org&gt;"), std::string("to be addressed"),
        std::string("<span class=\"quote\">&gt; count frames"),
        std::string("<details class=\"file\" id=\"f")}) {
    CAPTURE(what);
    CHECK(contains(html, what));
  }
  CHECK_FALSE(contains(html, "was broken"));  // an older check of the same context
  CHECK_FALSE(contains(submission_page({}, model, false).body.string(), "range-diff"));
  for (const auto& row : model.comments) {
    CHECK(contains(html, fmt::format("id=\"{}\"", row.comment.id)));
  }
  const auto json = submission_json({}, model);
  CHECK(json.at("state") == "under-review");
  CHECK(json.at("delegate") == "ann");
  CHECK(json.at("newest_checks").as_array().size() == 3);
  CHECK(json.at("comments").at(1).at("depth") == 1);
  CHECK(json.at("revisions").as_array().size() == 2);
  CHECK(contains(std::string(json.at("diff").as_string()), "diff --git"));
}

TEST_CASE("web::submission_page: a cover letter has no state, no diff, no checks") {
  FilledPage f;
  const auto model = f.read(f.data.netdev, "frames-v2-0@example.org", true);
  const std::string html = submission_page({}, model, true).body.string();
  CHECK(contains(html, "/project/netdev/cover/frames-v2-0%40example.org/mbox/"));
  CHECK(contains(html, "/project/netdev/patch/frames-v2-3%40example.org/"));
  CHECK(contains(html, "first patch</a>"));
  CHECK(contains(html, "Which tree is it for?"));
  for (const auto* what : {"<dt>State", "h-checks", "h-diff", "/raw/\">diff"}) {
    CAPTURE(what);
    CHECK_FALSE(contains(html, what));
  }
  CHECK(submission_json({}, model).at("diff").is_null());
}

TEST_CASE("web::submission_page: nothing of an attacker's becomes part of it") {
  FilledPage f;
  const auto model = f.read(f.data.evil, "evil-1@example.org");
  CHECK(model.comments.size() == 1);
  const std::string html = render_page({}, submission_page({}, model, true));
  for (const auto* what :
       {"<script>", "<img", "<svg onload", "href=\"javascript:", "\xE2\x80\xAE", "</pre></main>"}) {
    CAPTURE(what);
    CHECK_FALSE(contains(html, what));
  }
  CHECK(contains(html, "href=\"https://evil.example.org/\""));
}
