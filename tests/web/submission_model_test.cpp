#include "web/submission_model.hpp"

#include "support/store_fixture.hpp"
#include "web/patch_sample.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace patchmill;
using namespace patchmill::web;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

std::string thread(const std::vector<std::int64_t>& mails,
                   const std::vector<std::int64_t>& parents) {
  std::vector<registry::Comment> comments;
  for (const auto mail : mails) {
    comments.emplace_back().message = mail;
  }
  std::string text;
  for (const web::CommentRow& row : as_thread(std::move(comments), parents)) {
    text += fmt::format("{}@{} ", row.comment.message, row.depth);
  }
  return text;
}

}  // namespace

TEST_CASE("web::as_thread: answers stand behind what they answer") {
  CHECK(thread({1, 2, 3, 4}, {0, 1, 0, 1}) == "1@0 2@1 4@1 3@0 ");
  CHECK(thread({1, 2, 3}, {0, 99, 2}) == "1@0 2@0 3@1 ");
  // An answer may say it is older than what it answers.
  CHECK(thread({1, 2, 3}, {3, 0, 2}) == "2@0 3@1 1@2 ");
  CHECK(thread({1, 2, 3, 4}, {2, 1, 3, 0}) == "3@0 4@0 1@0 2@1 ");
  std::vector<std::int64_t> mails;
  std::vector<std::int64_t> parents;
  for (int i = 1; i <= 20'000; ++i) {
    mails.push_back(i);
    parents.push_back(i - 1);
  }
  CHECK(thread(mails, parents).ends_with("20000@6 "));
}

TEST_CASE("web::read_submission: a patch with all that is said about it") {
  on_each_engine([](TestStore& store) {
    web::test::Sample sample(store.database(), store.blobs(), store.clock(),
                             store.folder() / "live");
    const auto ids = sample.fill();
    const auto data = web::test::add_projects(store.database(), store.blobs(), store.clock());
    const auto read = [&](const std::string& msgid, bool cover) {
      return read_submission(store.database(), store.blobs(), store.clock(), data.netdev, msgid,
                             cover);
    };
    const auto patch = read("frames-v2-1@example.org", false);
    REQUIRE(patch.has_value());
    CHECK(patch->state == "Under Review");
    CHECK(patch->patch->tags == registry::TagCounts{0, 1, 0});
    CHECK(patch->patch->checks == CheckCounts{1, 1, 0, 1});
    CHECK(patch->checks.size() == 3);
    CHECK(patch->number == 1);
    REQUIRE(patch->revisions.size() == 2);
    CHECK(patch->revisions[0].number == ids.v1);
    CHECK(patch->series->number == ids.v2);
    std::string comments;
    for (const web::CommentRow& row : patch->comments) {
      CHECK(row.whole);
      comments += fmt::format("{}@{}{} ", row.comment.msgid.substr(0, 6), row.depth,
                              row.comment.addressed == false ? "!" : "");
    }
    CHECK(comments == "said-1@0 said-3@1 said-2@0! ");
    CHECK(patch->comments[0].text.find("Looks good.") != std::string::npos);

    const auto cover = read("frames-v2-0@example.org", true);
    REQUIRE(cover.has_value());
    CHECK_FALSE(cover->patch.has_value());
    CHECK(cover->comments.size() == 1);
    CHECK(cover->series->patches.size() == 3);
    // Findings stand in the diff here, too.
    CHECK(read("frames-v1-1@example.org", false)->about.size() == 2);

    CHECK_FALSE(read("frames-v2-1@example.org", true).has_value());
    CHECK_FALSE(read("frames-v2-0@example.org", false).has_value());
    CHECK_FALSE(read("said-1@example.org", false).has_value());
    CHECK_FALSE(read("evil-1@example.org", false).has_value());  // of another project
  });
}

TEST_CASE("web::read_submission: long and many comments are cut") {
  TestStore store(store::Engine::sqlite);
  web::test::Sample sample(store.database(), store.blobs(), store.clock(), store.folder() / "live");
  sample.fill();
  const auto data = web::test::add_projects(store.database(), store.blobs(), store.clock());
  std::vector<tracker::Incoming> mails;
  for (int i = 0; i < 210; ++i) {
    mails.push_back(web::test::reply_mail(fmt::format("many-{}", i), "frames-v2-2",
                                          std::string(i == 0 ? 200'000 : 10, 'x')));
  }
  tracker::Tracker(store.database(), store.blobs(), store.clock()).ingest(mails);
  while (registry::follow(store.database(), store.blobs(), store.clock().now(), 1000) > 0) {
  }
  const auto patch = read_submission(store.database(), store.blobs(), store.clock(), data.netdev,
                                     "frames-v2-2@example.org", false);
  REQUIRE(patch.has_value());
  CHECK(patch->comments.size() == 200);
  CHECK(patch->more_comments == 10);
  CHECK_FALSE(patch->comments[0].whole);
  CHECK(patch->comments[0].text.size() < 70'000);
  CHECK(patch->comments[1].whole);
}
