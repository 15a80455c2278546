#include "registry/follow_rules.hpp"

#include "registry/change.hpp"
#include "registry/follow_support.hpp"
#include "registry/get.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

const UserSetup ann{"ann", "Ann", "Ample", "Ann@Example.org"};
const UserSetup ben{"ben", "Ben", "", "ben@example.org"};

std::string patch_touching(const std::vector<std::string>& files, const std::string& headers = "") {
  static int count = 0;
  std::string mail = headers + "From: Alice A <alice@example.org>\nSubject: [PATCH] a thing\n" +
                     fmt::format("Message-Id: <d{}@x>\n", ++count) +
                     "Date: Tue, 14 Nov 2023 22:13:20 +0000\n\nWords.\n---\n";
  for (const std::string& file : files) {
    mail +=
        fmt::format("diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -1 +1 @@\n-a\n+b\n", file);
  }
  return mail;
}

}  // namespace

TEST_CASE("registry::FollowRules: state and delegate as the mail or the files say") {
  on_each_engine([](TestStore& store) {
    ProjectSetup with_rules = project("test");
    with_rules.maintainers = {"ben"};
    with_rules.delegation = {{"*.c", "ann", 0}, {"drivers/*", "ben", 5}, {"docs/[a-m]*", "ben", 0}};
    Follower follower(store, {{ann, ben}, {with_rules}, {}, {}});
    struct Case {
      std::string headers;
      std::vector<std::string> files;
      std::string state, delegate;
    };
    const std::vector<Case> cases = {
        {"", {"a.c", "lib/b.c"}, "new", "ann"},
        {"", {"drivers/net/x.c"}, "new", "ben"},
        {"", {"a.c", "drivers/x.c"}, "new", "nobody"},
        {"", {"a.c", "Makefile"}, "new", "nobody"},
        {"", {"docs/index.rst", "drivers/x.c"}, "new", "ben"},
        {"X-Patchwork-Delegate: BEN@example.org\n", {"a.c"}, "new", "ben"},
        {"X-Patchwork-Delegate: nobody@example.org\n", {"a.c"}, "new", "ann"},
        {"X-Patchwork-Delegate: ann@example.org\n", {"README"}, "new", "nobody"},
        {"X-Patchwork-State: under REVIEW\n", {"README"}, "under-review", "nobody"},
        {"X-Patchwork-State: under-review\n", {"README"}, "new", "nobody"},
        {"X-Patchwork-State: nonsense\n", {"README"}, "new", "nobody"},
    };
    std::vector<std::string> expected;
    for (const Case& c : cases) {
      follower.mails.feed(std::vector{tracker::test::incoming(patch_touching(c.files, c.headers))});
      expected.push_back(c.state + " " + c.delegate);
    }
    follower.follow();
    CHECK(follower.lines("SELECT s.slug, COALESCE(u.username, 'nobody') FROM registry_patches p"
                         " JOIN registry_states s ON s.id = p.state"
                         " LEFT JOIN registry_users u ON u.id = p.delegate ORDER BY p.id",
                         [](const store::Row& row) {
                           return row.get<std::string>(0) + " " + row.get<std::string>(1);
                         }) == expected);
  });
}

TEST_CASE(
    "registry::FollowRules::delegate_of: a mail gives no rights to another project's people") {
  on_each_engine([](TestStore& store) {
    ProjectSetup here = project("here"), there = project("there", "there.example.com");
    here.maintainers = {"ann"};
    there.maintainers = {"ben"};
    Follower follower(store, {{ann, ben}, {here, there}, {}, {}});
    const TempDir folder;
    const auto file = folder.path() / "log";
    REQUIRE(log::set_file(file));
    for (const char* whom : {"ben@example.org", "ann@example.org"}) {
      follower.mails.feed(std::vector{tracker::test::incoming(
          patch_touching({"a.c"}, fmt::format("X-Patchwork-Delegate: {}\n", whom)))});
    }
    follower.follow();
    REQUIRE(log::set_file({}));
    auto& database = follower.database();
    CHECK_FALSE(patch(database, 1)->delegate.has_value());
    CHECK(patch(database, 2)->delegate->username == "ann");
    PatchChange change;
    change.state = "accepted";
    const auto done =
        change_patch(database, store.clock(), *user_by_name(database, "ben"), 1, change);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == Refusal::Kind::forbidden);
    const std::string said = read_file(file).value();
    CHECK(said.find("X-Patchwork-Delegate is ignored: 'ben@example.org' is no maintainer") !=
          std::string::npos);
    CHECK(said.find("'ann@example.org'") == std::string::npos);
  });
}

TEST_CASE("registry::FollowRules: projects that share a list are told apart by the subject") {
  on_each_engine([](TestStore& store) {
    ProjectSetup iproute = project("iproute");
    iproute.project.subject_match = R"(\[[^]]*iproute)";
    ProjectSetup rest = project("rest"), never = project("never");
    never.project.subject_match = "^(?!.*)$";
    Follower follower(store, {{}, {never, rest, iproute}, {}, {}});
    follower.feed_and_follow({{.msgid = "1@x", .subject = "[PATCH IPRoute2-next] tc: a thing"},
                              {.msgid = "2@x", .subject = "[PATCH net] mend iproute"}});
    CHECK(follower.patches() == Lines{"p1 in 3: 1@x 0/0/0", "p2 in 2: 2@x 0/0/0"});
  });
}

TEST_CASE("registry::follow: a pull request has its URL and no hash") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow(
        {{.msgid = "1@x",
          .subject = "[GIT PULL] things",
          .diff = false,
          .text =
              "The following changes since commit 0123456789012345678901234567890123456789:\n\n"
              "  One (2023-01-01 00:00:00 +0000)\n\nare available in the Git repository at:\n\n"
              "  git://git.example.org/linux.git tags/for-6.2\n\nfor you to fetch changes.\n"}});
    CHECK(follower.lines("SELECT pull_url, hash FROM registry_patches", [](const store::Row& row) {
      return row.get<std::string>(0) + (row.is_null(1) ? "" : " with a hash");
    }) == Lines{"git://git.example.org/linux.git tags/for-6.2"});
  });
}
