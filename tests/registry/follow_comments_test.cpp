#include "registry/follow_support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::registry;
using namespace patchmill::registry::test;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

const MailSpec cover_mail{.msgid = "c@x", .subject = "[PATCH 0/1] A thing", .diff = false};
const MailSpec first_patch{.msgid = "1@x", .subject = "[PATCH 1/1] one", .in_reply_to = "c@x"};

}  // namespace

TEST_CASE("registry::FollowComments: replies belong to the nearest patch or cover") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    const std::vector<MailSpec> mails = {
        cover_mail,
        first_patch,
        reply("a@x", "1@x", "Reviewed-by: Bob <bob@example.org>\n"),
        reply("b@x", "a@x", "> Reviewed-by: quoted\nacked-by: Bob\nTested-by: Bob\n"),
        reply("k@x", "c@x", "Acked-by: the whole series\n"),
        reply("l@x", "k@x", "thanks\n")};
    SUBCASE("in order") {
      follower.feed_and_follow(mails);
      CHECK(follower.comments() ==
            Lines{"r1 of p1: a@x", "r2 of p1: b@x", "r1 of c1: k@x", "r2 of c1: l@x"});
      const auto events = follower.events();
      CHECK(Lines(events.end() - 4, events.end()) ==
            Lines{"patch-comment-created p1 r1", "patch-comment-created p1 r2",
                  "cover-comment-created c1 r1", "cover-comment-created c1 r2"});
    }
    SUBCASE("replies first") {
      follower.feed_and_follow({mails.rbegin(), mails.rend()});
    }
    SUBCASE("replies first, at once") {
      follower.mails.feed(std::vector<MailSpec>(mails.rbegin(), mails.rend()));
      follower.follow();
    }
    SUBCASE("event by event") {
      follower.mails.feed(std::vector<MailSpec>(mails.rbegin(), mails.rend()));
      while (follower.follow(1) == 1) {
      }
    }
    CHECK(follower.comments().size() == 4);
    CHECK(follower.patches() == Lines{"p1 in 1: 1@x 1/1/1"});
    CHECK(follower.database().value<int>("SELECT COUNT(*) FROM registry_waiting") == 0);
  });
}

TEST_CASE("registry::FollowComments: what lies between a reply and its patch may be lost") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    MailSpec far = reply("far@x", "lost@x", "words\n");
    far.references = "<c@x> <1@x> <lost@x>";
    follower.feed_and_follow({cover_mail, first_patch, far});
    CHECK(follower.comments() == Lines{"r1 of p1: far@x"});
    follower.feed_and_follow({reply("lost@x", "1@x", "found\n")});
    CHECK(follower.comments() == Lines{"r1 of p1: far@x", "r2 of p1: lost@x"});
  });
}

TEST_CASE("registry::FollowComments: talk that answers no patch is no comment") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    follower.feed_and_follow({{.msgid = "t@x", .subject = "A question", .diff = false},
                              reply("u@x", "t@x", "An answer\n"),
                              reply("v@x", "u@x", "Thanks\n")});
    CHECK(follower.comments().empty());
    CHECK(follower.events().empty());
  });
}

TEST_CASE(
    "registry::FollowComments: comments of a mail on two lists are comments in both projects") {
  on_each_engine([](TestStore& store) {
    Follower follower(store, {{}, {project("one"), project("two", "two.example.com")}, {}, {}});
    const auto from = [](const MailSpec& spec, const std::string& list) {
      return tracker::test::incoming(spec.raw(), list);
    };
    MailSpec alone = first_patch;
    alone.in_reply_to = "";
    alone.subject = "[PATCH] one";
    const MailSpec first = reply("a@x", "1@x", "Acked-by: Bob <bob@example.org>\n");
    const MailSpec second = reply("b@x", "a@x", "Acked-by: Carl <carl@example.org>\n");
    SUBCASE("the second list comes with the mails") {
      follower.mails.feed(
          std::vector{from(alone, "two.example.com"), from(first, ""), from(second, "")});
    }
    SUBCASE("the second list comes later") {
      follower.mails.feed(std::vector{from(alone, ""), from(first, ""), from(second, "")});
      follower.follow();
      CHECK(follower.patches() == Lines{"p1 in 1: 1@x 2/0/0"});
      follower.mails.feed(std::vector{from(alone, "two.example.com")});
    }
    follower.follow();
    CHECK(follower.patches() == Lines{"p1 in 1: 1@x 2/0/0", "p2 in 2: 1@x 2/0/0"});
    CHECK(follower.series() == Lines{"s1 v1 1/1: one 1=p1", "s2 v1 1/1: one 1=p2"});
    auto comments = follower.comments();
    std::sort(comments.begin(), comments.end(),
              [](const auto& a, const auto& b) { return a.substr(3) < b.substr(3); });
    REQUIRE(comments.size() == 4);
    CHECK(comments[0].substr(3) == "of p1: a@x");
    CHECK(comments[1].substr(3) == "of p1: b@x");
    CHECK(comments[2].substr(3) == "of p2: a@x");
    CHECK(comments[3].substr(3) == "of p2: b@x");
  });
}

TEST_CASE("registry::FollowComments: an action that is asked for is to be addressed") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    const auto asking = [](const std::string& msgid, const std::string& to) {
      std::string raw = reply(msgid, to, "Please mend this.\n").raw();
      return tracker::test::incoming("X-Patchwork-Action-Required: yes\n" + raw);
    };
    follower.mails.feed({cover_mail, first_patch});
    follower.mails.feed(std::vector{asking("a@x", "1@x"), asking("k@x", "c@x")});
    follower.follow();
    CHECK(follower.comments() ==
          Lines{"r1 of p1: a@x to be addressed", "r1 of c1: k@x to be addressed"});
  });
}

TEST_CASE("registry::FollowComments: the whole patch in place of one cut off is counted anew") {
  on_each_engine([](TestStore& store) {
    Follower follower(store);
    MailSpec whole = first_patch;
    whole.in_reply_to = "";
    whole.subject = "[PATCH] one";
    whole.text = "Words.\n\nReviewed-by: Bob <bob@example.org>\n";
    std::string cut = whole.raw();
    cut.resize(cut.size() - 10);
    follower.mails.feed(std::vector{tracker::test::incoming(cut)});
    follower.mails.feed({reply("a@x", "1@x", "Tested-by: Carl <carl@example.org>\n")});
    follower.follow();
    const auto hash = [&] {
      return follower.database().value<std::string>("SELECT hash FROM registry_patches");
    };
    const std::string before = hash();
    follower.mails.feed({whole});
    follower.follow();
    CHECK(hash() != before);
    CHECK(follower.patches() == Lines{"p1 in 1: 1@x 0/1/1"});
    const auto events = follower.events();
    CHECK(std::count(events.begin(), events.end(), "patch-created p1") == 1);
  });
}
