#include "intake/inbox_mirror.hpp"

#include "intake/detect.hpp"
#include "intake/mails.hpp"
#include "support/store_fixture.hpp"

#include <doctest/doctest.h>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;
using test::InboxMaker;
using test::simple_mail;

std::vector<std::string> read_url(test::TestStore& store, const std::string& url) {
  const auto detected = detect_source(url);
  REQUIRE(detected);
  auto sources = open_sources(*detected, store.folder() / "inbox");
  REQUIRE_MESSAGE(sources.has_value(), (sources ? "" : sources.error().message));
  std::vector<std::string> mails;
  for (const auto& source : *sources) {
    for (auto& mail : test::read_all(*source, store.database())) {
      mails.push_back(std::move(mail));
    }
  }
  return mails;
}

TEST_CASE("intake::mirror_inbox: all epochs of an inbox, also those that come later") {
  test::TestStore store(store::Engine::sqlite);
  const auto inbox = store.folder() / "remote" / "list";
  const std::string url = "file://" + inbox.string();
  InboxMaker first(inbox / "git" / "0.git");
  first.add(simple_mail(1));
  first.finish();
  CHECK(read_url(store, url) == std::vector<std::string>{simple_mail(1)});
  CHECK(read_url(store, url + "/").empty());
  first.add(simple_mail(2));
  first.finish();
  InboxMaker second(inbox / "git" / "1.git");
  second.add(simple_mail(3));
  second.finish();
  CHECK(read_url(store, url) == std::vector<std::string>{simple_mail(2), simple_mail(3)});
}

TEST_CASE("intake::mirror_inbox: one repository") {
  test::TestStore store(store::Engine::sqlite);
  InboxMaker repository(store.folder() / "remote" / "v1.git");
  repository.add(simple_mail(1));
  repository.finish();
  CHECK(read_url(store, "file://" + repository.git_dir().string()) ==
        std::vector<std::string>{simple_mail(1)});
}

TEST_CASE("intake::mirror_inbox: an inbox that is gone is an error, its mirror stays") {
  test::TestStore store(store::Engine::sqlite);
  const auto inbox = store.folder() / "remote";
  InboxMaker first(inbox / "git" / "0.git");
  first.add(simple_mail(1));
  first.finish();
  const auto mirrors = store.folder() / "inbox";
  const auto epochs = mirror_inbox(mirrors, "file://" + inbox.string());
  REQUIRE(epochs);
  REQUIRE(epochs->size() == 1);
  fs::rename(inbox, store.folder() / "moved");
  CHECK(mirror_inbox(mirrors, "file://" + inbox.string()).error().kind ==
        ErrorKind::infrastructure);
  CHECK(fs::exists(epochs->front().git_dir));
}

TEST_CASE("intake::mirror_inbox: URLs that could run programs or leave the folder") {
  const TempDir folder;
  for (const auto* url : {"ext::sh -c true", "ext://x", "--upload-pack=x://y", "fd://17"}) {
    CAPTURE(url);
    CHECK_FALSE(mirror_inbox(folder.path(), url).has_value());
  }
  CHECK_FALSE(mirror_inbox(folder.path(), "file:///nonexistent/../..").has_value());
}

}  // namespace
}  // namespace patchmill::intake
