#include "tracker/revisions.hpp"

#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;

namespace {

RevisionFact fact(std::int64_t series, int version, int days, const std::string& title,
                  const std::vector<std::string>& patches = {},
                  const std::string& author = "alice@example.org", const std::string& change = "") {
  RevisionFact result;
  result.series = series;
  result.author = author;
  result.version = {version, 0};
  result.date = from_micros(days * 86'400'000'000LL);
  result.head_msgid = "m" + std::to_string(series);
  result.keys = revision_keys(author, change, title, patches);
  return result;
}

std::optional<std::int64_t> previous(const RevisionFact& of, std::vector<RevisionFact> candidates) {
  const auto forward = previous_of(of, candidates);
  std::reverse(candidates.begin(), candidates.end());
  CHECK(previous_of(of, candidates) == forward);
  return forward;
}

}  // namespace

TEST_CASE("tracker::previous_of: same author and title, at most a year before") {
  const RevisionFact v2 = fact(2, 2, 400, "Foo: do a thing");
  CHECK(previous(v2, {fact(1, 1, 399, "foo:  do a thing (v1)")}) == 1);
  CHECK(previous(v2, {fact(1, 1, 35, "Foo: do a thing")}) == 1);
  CHECK_FALSE(previous(v2, {fact(1, 1, 34, "Foo: do a thing")}));
  CHECK_FALSE(previous(v2, {fact(1, 1, 399, "Foo: do another thing")}));
  CHECK_FALSE(previous(v2, {fact(1, 1, 399, "Foo: do a thing", {}, "bob@example.org")}));
  CHECK_FALSE(previous(v2, {fact(1, 3, 399, "Foo: do a thing")}));
  CHECK(previous(v2, {fact(1, 1, 399, "Foo: do a thing"), fact(3, 1, 398, "Foo: do a thing")}) ==
        1);
  // Posted again without a new version.
  CHECK(previous(fact(2, 1, 9, "Foo"), {fact(1, 1, 8, "Foo")}) == 1);
}

TEST_CASE("tracker::previous_of: after requests for comments the count begins anew") {
  const auto rfc = [](std::int64_t series, int version, int days) {
    RevisionFact result = fact(series, version, days, "Foo");
    result.is_rfc = true;
    return result;
  };
  CHECK(previous(fact(3, 1, 15, "Foo"), {rfc(1, 1, 1), rfc(2, 2, 8)}) == 2);
  CHECK_FALSE(previous(rfc(2, 2, 8), {fact(3, 1, 15, "Foo")}));
  CHECK(previous(rfc(2, 2, 8), {rfc(1, 1, 1), fact(3, 1, 15, "Foo")}) == 1);
  CHECK(previous(fact(4, 2, 20, "Foo"), {rfc(2, 2, 8), fact(3, 1, 15, "Foo")}) == 3);
  // Or it goes on.
  CHECK(previous(rfc(5, 3, 30), {fact(3, 1, 15, "Foo"), fact(4, 2, 20, "Foo")}) == 4);
  CHECK_FALSE(previous(fact(4, 2, 20, "Foo"), {rfc(5, 3, 30)}));
  // Also by the change-id, and in answer.
  RevisionFact real = fact(7, 1, 40, "Bar", {}, "alice@example.org", "id");
  RevisionFact request = fact(6, 2, 8, "Foo", {}, "alice@example.org", "id");
  request.is_rfc = true;
  CHECK(previous(real, {request}) == 6);
  CHECK_FALSE(previous(request, {real}));
  real = fact(7, 1, 40, "Foo");
  real.answers = 2;
  CHECK(previous(real, {rfc(2, 2, 8)}) == 2);
}

TEST_CASE("tracker::sort_revisions: by version; what was posted for real stands above requests") {
  struct Posting {
    int version;
    bool is_rfc;
    int day;
  };
  const auto order = [](const std::vector<Posting>& postings) {
    std::vector<RevisionFact> facts;
    for (const Posting& one : postings) {
      facts.push_back(fact(static_cast<std::int64_t>(facts.size()), one.version, one.day, "Foo"));
      facts.back().is_rfc = one.is_rfc;
    }
    std::vector<const RevisionFact*> sorted;
    for (const RevisionFact& one : facts) {
      sorted.push_back(&one);
    }
    sort_revisions(sorted);
    std::vector<std::int64_t> backwards;
    for (auto at = sorted.rbegin(); at != sorted.rend(); ++at) {
      backwards.push_back((*at)->series);
    }
    std::ranges::reverse(sorted);
    sort_revisions(sorted);
    std::vector<std::int64_t> result;
    for (const RevisionFact* one : sorted) {
      result.push_back(one->series);
    }
    CHECK(std::vector(backwards.rbegin(), backwards.rend()) == result);
    return result;
  };
  using Numbers = std::vector<std::int64_t>;
  CHECK(order({{1, true, 1}, {2, true, 8}, {1, false, 15}}) == Numbers{0, 1, 2});
  CHECK(order({{1, true, 1}, {2, true, 8}, {1, false, 15}, {2, false, 20}}) == Numbers{0, 1, 2, 3});
  CHECK(order({{1, true, 1}, {2, false, 8}, {3, false, 15}}) == Numbers{0, 1, 2});
  CHECK(order({{1, false, 1}, {2, false, 8}, {3, true, 15}, {3, false, 20}}) ==
        Numbers{0, 1, 2, 3});
  CHECK(order({{2, false, 7}, {1, false, 7}, {1, true, 1}}) == Numbers{2, 1, 0});
  CHECK(order({{1, false, 5}, {1, true, 9}}) == Numbers{0, 1});
  CHECK(order({{1, false, 1}, {2, true, 5}, {1, false, 10}}) == Numbers{0, 1, 2});
  CHECK(order({{1, false, 1}, {2, false, 5}, {3, true, 7}, {2, false, 10}}) == Numbers{0, 1, 2, 3});
  // The count begins anew.
  CHECK(order({{1, false, 1}, {2, false, 3}, {1, false, 15}, {2, false, 17}, {3, false, 20}}) ==
        Numbers{0, 1, 2, 3, 4});
  CHECK(order({{1, false, 1}, {3, false, 3}, {2, false, 15}, {1, false, 17}}) ==
        Numbers{0, 1, 2, 3});
  CHECK(order({{1, true, 1}, {1, false, 3}, {2, false, 5}, {1, false, 15}, {2, true, 16}}) ==
        Numbers{0, 1, 2, 3, 4});
  // One that was under way for long does not.
  CHECK(order({{1, false, 3}, {2, false, 3}, {3, false, 3}}) == Numbers{0, 1, 2});
}

TEST_CASE("tracker::sort_revisions: a part, or what is for another tree, begins no count anew") {
  std::vector<RevisionFact> facts{fact(1, 1, 1, "Foo"), fact(2, 2, 3, "Foo"),
                                  fact(3, 1, 15, "Foo")};
  std::vector<const RevisionFact*> sorted{&facts[0], &facts[1], &facts[2]};
  SUBCASE("a part") {
    facts[2].is_whole = false;
  }
  SUBCASE("an older version once more, by accident") {
    facts[0].diffs = facts[2].diffs = "a ";
    facts[1].diffs = "b ";
  }
  SUBCASE("another tree") {
    facts[2].tags = {"6.1.y"};
  }
  sort_revisions(sorted);
  CHECK(sorted == std::vector<const RevisionFact*>{&facts[0], &facts[2], &facts[1]});
}

TEST_CASE("tracker::sort_revisions: the highest version once more, under a lower one") {
  std::vector<RevisionFact> facts{fact(1, 1, 1, "Foo"), fact(2, 2, 3, "Foo"), fact(3, 1, 4, "Foo")};
  facts[0].diffs = "a ";
  facts[1].diffs = facts[2].diffs = "b ";
  std::vector<const RevisionFact*> sorted{&facts[0], &facts[1], &facts[2]};
  SUBCASE("more than half a day after it") {
    sort_revisions(sorted);
    CHECK(sorted == std::vector<const RevisionFact*>{&facts[0], &facts[1], &facts[2]});
  }
  SUBCASE("within hours, it was under way for long") {
    facts[2].date = facts[1].date + std::chrono::hours(12);
    sort_revisions(sorted);
    CHECK(sorted == std::vector<const RevisionFact*>{&facts[0], &facts[2], &facts[1]});
  }
}

TEST_CASE("tracker::previous_of: most patch titles, when the cover was renamed") {
  const RevisionFact v2 = fact(2, 2, 9, "new name", {"a", "b", "c"});
  CHECK(previous(v2, {fact(1, 1, 1, "old name", {"a", "b", "x", "y"})}) == 1);
  CHECK_FALSE(previous(v2, {fact(1, 1, 1, "old name", {"a", "x", "y", "z"})}));
  CHECK_FALSE(previous(fact(2, 1, 9, "new name", {"a"}), {fact(1, 1, 1, "old name", {"a"})}));
}

TEST_CASE("tracker::work_tags: words that name a tree, without those for the state of a posting") {
  const std::vector<std::string> lists{"ltp.lists.example.org"};
  CHECK(work_tags({"RFC", "net-next", "RESEND", "LTP", "Net-Next", "AUTOSEL"}, lists) ==
        std::vector<std::string>{"autosel", "net-next"});
  CHECK(work_tags({"COMMITTED"}, {}).empty());
}

TEST_CASE("tracker::previous_of: at one version the same title for another tree is another work") {
  const auto tagged = [](std::int64_t series, int version, std::vector<std::string> tags) {
    RevisionFact result = fact(series, version, static_cast<int>(series), "foo: fix bar");
    result.tags = std::move(tags);
    return result;
  };
  CHECK_FALSE(previous(tagged(2, 1, {"5.15.y"}), {tagged(1, 1, {"5.10.y"})}));
  CHECK_FALSE(previous(tagged(2, 1, {"net-next"}), {tagged(1, 1, {"net"})}));
  CHECK_FALSE(previous(tagged(2, 1, {"net-next"}), {tagged(1, 1, {})}));
  CHECK(previous(tagged(2, 1, {"net"}), {tagged(1, 1, {"net"})}) == 1);
  // In answer to it as well: git send-email makes one thread of what it is given.
  RevisionFact answer = tagged(2, 1, {"5.15.y"});
  answer.answers = 1;
  CHECK_FALSE(previous(answer, {tagged(1, 1, {"5.10.y"})}));
  // A newer version may go to another tree, not to another numbered branch.
  CHECK(previous(tagged(2, 2, {"net-next"}), {tagged(1, 1, {"net"})}) == 1);
  CHECK_FALSE(previous(tagged(2, 2, {"5.15.y"}), {tagged(1, 1, {"5.10.y"})}));
  CHECK(previous(tagged(9, 2, {"net"}), {tagged(1, 1, {"net"}), tagged(2, 1, {"net-next"})}) == 1);
}

TEST_CASE("tracker::previous_of: at one version lists must have one in common") {
  const auto listed = [](std::int64_t series, int version, std::vector<std::string> lists) {
    RevisionFact result = fact(series, version, static_cast<int>(series), "README: update");
    result.lists = std::move(lists);
    return result;
  };
  CHECK_FALSE(previous(listed(2, 1, {"b.x"}), {listed(1, 1, {"a.x"})}));
  CHECK(previous(listed(2, 1, {"a.x", "b.x"}), {listed(1, 1, {"a.x"})}) == 1);
  CHECK(previous(listed(2, 1, {}), {listed(1, 1, {"a.x"})}) == 1);
  CHECK(previous(listed(2, 2, {"b.x"}), {listed(1, 1, {"a.x"})}) == 1);
}

TEST_CASE("tracker::previous_of: what one run of a mailer sent are different works") {
  RevisionFact v1 = fact(1, 1, 1, "foo", {"foo"}), v2 = fact(2, 2, 1, "bar", {"bar"});
  v2.answers = 1;
  CHECK(previous(v2, {v1}) == 1);
  v1.head_msgid = "20230914114520.5212-1-alice@example.org";
  v2.head_msgid = "20230914114520.5212-2-alice@example.org";
  CHECK_FALSE(previous(v2, {v1}));
}

TEST_CASE("tracker::previous_of: what says more counts more") {
  RevisionFact v3 = fact(9, 3, 9, "title", {}, "alice@example.org", "20260101-x");
  const RevisionFact by_title = fact(1, 2, 8, "title");
  const RevisionFact by_change = fact(2, 1, 1, "other", {}, "carol@example.org", "20260101-x");
  const RevisionFact answered = fact(3, 1, 2, "something else");
  CHECK(previous(v3, {by_title, answered}) == 1);
  v3.answers = 3;
  CHECK(previous(v3, {by_title, answered}) == 3);
  CHECK(previous(v3, {by_title, answered, by_change}) == 2);
  v3.supersedes = 1;
  CHECK(previous(v3, {by_title, answered, by_change}) == 1);
  v3.rerolls = 3;
  CHECK(previous(v3, {by_title, answered, by_change}) == 3);
}

TEST_CASE("tracker::previous_by_answers: what a newer one of the title was posted in answer to") {
  const RevisionFact v1 = fact(1, 1, 1, "old title");
  const RevisionFact v2 = fact(2, 2, 2, "title");
  RevisionFact v3 = fact(3, 3, 3, "title"), v4 = fact(4, 4, 4, "title");
  RevisionFact other = fact(5, 1, 1, "other");
  v3.answers = 1;
  v4.answers = 5;
  const std::vector<Answer> answers{{&v4, &other}, {&v3, &v1}};
  CHECK(previous_by_answers(v2, answers) == 1);
  CHECK_FALSE(previous_by_answers(v2, {}));
  CHECK_FALSE(previous_by_answers(fact(6, 1, 2, "title"), answers));
  CHECK_FALSE(previous_by_answers(fact(6, 5, 2, "title"), answers));
  CHECK_FALSE(previous_by_answers(fact(6, 2, 2, "another title"), answers));
  CHECK_FALSE(previous_by_answers(fact(6, 2, 2, "title", {}, "bob@example.org"), answers));
}

TEST_CASE("tracker::Tracker::ingest: links v1 to v3 whatever comes first") {
  patchmill::test::on_each_engine([](patchmill::test::TestStore& store) {
    Harness harness(store);
    const MailSpec v1{"v1@x", "[PATCH] foo: bar"};
    const MailSpec v2{"v2@x", "[PATCH v2] foo: bar", "", "", day};
    const MailSpec v3{"v3@x", "[PATCH v3] foo: bar", "", "", 2 * day};
    harness.feed_one_by_one({v3, v1, v2});
    const Series one = harness.of("v1@x"), two = harness.of("v2@x"), three = harness.of("v3@x");
    CHECK_FALSE(one.revision_of);
    CHECK(two.revision_of == one.number);
    CHECK(three.revision_of == two.number);
    CHECK(one.superseded);
    CHECK(two.superseded);
    CHECK_FALSE(three.superseded);
    CHECK(one.work == three.work);
    CHECK(harness.queries().revisions(two.number) ==
          std::vector<std::int64_t>{one.number, two.number, three.number});
  });
}

TEST_CASE("tracker::Tracker::ingest: a resend is a newer revision, a lone cover letter is none") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed(
      {MailSpec{"a0@x", "[PATCH 0/1] foo", "", "", 0, "Alice A <alice@example.org>", false},
       MailSpec{"a1@x", "[PATCH 1/1] bar", "a0@x", "", 1},
       MailSpec{"b0@x", "[PATCH 0/1] foo", "", "", 2 * day, "Alice A <alice@example.org>", false}});
  CHECK_FALSE(harness.of("a1@x").superseded);
  CHECK(harness.of("b0@x").note.find("posted before") != std::string::npos);
  harness.feed({MailSpec{"b1@x", "[PATCH 1/1] bar", "b0@x", "", 2 * day + 1}});
  CHECK(harness.of("a1@x").superseded);
  CHECK(harness.of("b1@x").revision_of == harness.of("a1@x").number);
}

TEST_CASE("tracker::Tracker::ingest: backports to several trees stand side by side") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed({MailSpec{"a@x", "[PATCH 5.10.y] foo: fix bar"},
                MailSpec{"b@x", "[PATCH 5.15.y] foo: fix bar", "a@x", "", 1},
                MailSpec{"c@x", "[PATCH 6.1.y] foo: fix bar", "", "", 2},
                MailSpec{"d@x", "[PATCH net] foo: fix bar", "", "", 3},
                MailSpec{"s1@x", "[PATCH AUTOSEL 5.10 1/2] a", "", "", 60},
                MailSpec{"s2@x", "[PATCH AUTOSEL 5.10 2/2] b", "s1@x", "", 61},
                MailSpec{"t1@x", "[PATCH AUTOSEL 4.19 1/2] a", "", "", 70},
                MailSpec{"t2@x", "[PATCH AUTOSEL 4.19 2/2] b", "t1@x", "", 71}});
  for (const Series& series : harness.all()) {
    CAPTURE(series.name);
    CHECK_FALSE(series.superseded);
    CHECK_FALSE(series.revision_of);
  }
  harness.feed({MailSpec{"e@x", "[PATCH net v2] foo: fix bar", "", "", day}});
  CHECK(harness.of("d@x").superseded);
  CHECK_FALSE(harness.of("b@x").superseded);
}

TEST_CASE("tracker::Tracker::ingest: change-id and Supersedes link what titles do not") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  MailSpec one{"1@x", "[PATCH] one"}, two{"2@x", "[PATCH v2] two", "", "", day};
  one.text = two.text =
      "Text.\n\nSigned-off-by: A <a@example.org>\n---\nchange-id: 20260101-thing-abcdef\n";
  MailSpec three{"3@x", "[PATCH v3] three", "", "", 2 * day};
  three.text = "Supersedes: <2@x>\n";
  harness.feed_one_by_one({three, two, one});
  CHECK(harness.of("2@x").change_id == "20260101-thing-abcdef");
  CHECK(harness.of("2@x").revision_of == harness.of("1@x").number);
  CHECK(harness.of("3@x").revision_of == harness.of("2@x").number);
}

TEST_CASE("tracker::Tracker::ingest: a single patch with the change-id is the whole version") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  const std::string change =
      "Text.\n\nSigned-off-by: A <a@example.org>\n---\nchange-id: 20260101-x\n";
  MailSpec one{"1@x", "[PATCH v2 1/2] lib: one"},
      two{"2@x", "[PATCH v2 2/2] lib: two", "1@x", "", 1};
  MailSpec three{"3@x", "[PATCH v3] lib: two", "", "", day};
  one.text = two.text = change;
  SUBCASE("b4 sends all that is on the branch") {
    three.text = change;
    harness.feed_one_by_one({three, two, one});
    CHECK(harness.of("3@x").total == 1);
    CHECK(harness.of("3@x").revision_of == harness.of("1@x").number);
    CHECK(harness.of("1@x").superseded);
  }
  SUBCASE("without it the rest is carried over") {
    harness.feed_one_by_one({three, two, one});
    CHECK(harness.of("3@x").total == 2);
  }
}

TEST_CASE("tracker::Tracker::ingest: a count that begins anew takes over from the one before") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  std::vector<MailSpec> mails{{"1@x", "[PATCH] thermal: add group"},
                              {"2@x", "[PATCH v2] thermal: add group", "", "", day},
                              {"3@x", "[PATCH v3] thermal: add group", "", "", 2 * day},
                              {"4@x", "[PATCH] thermal: add group", "", "", 60 * day},
                              {"5@x", "[PATCH v2] thermal: add group", "", "", 61 * day}};
  std::ranges::reverse(mails);
  harness.feed_one_by_one(mails);
  for (const auto& [later, earlier] :
       {std::pair("2@x", "1@x"), {"3@x", "2@x"}, {"4@x", "3@x"}, {"5@x", "4@x"}}) {
    CHECK(harness.of(later).revision_of == harness.of(earlier).number);
    CHECK(harness.of(earlier).superseded);
  }
  CHECK_FALSE(harness.of("5@x").superseded);
}

TEST_CASE("tracker::Tracker::ingest: a count that begins anew is at no time superseded") {
  patchmill::test::on_each_engine([](patchmill::test::TestStore& store) {
    Harness harness(store);
    harness.feed_one_by_one({{"1@x", "[PATCH v2 1/2] foo: one"},
                             {"2@x", "[PATCH v2 2/2] foo: two", "1@x", "", 1},
                             {"0@x", "[PATCH 1/2] foo: one", "", "", -9 * day},
                             {"00@x", "[PATCH 2/2] foo: two", "0@x", "", -9 * day + 1}});
    for (const MailSpec& mail : {MailSpec{"3@x", "[PATCH 1/2] foo: one", "", "", 9 * day},
                                 MailSpec{"4@x", "[PATCH 2/2] foo: two", "3@x", "", 9 * day + 1}}) {
      harness.feed_one_by_one({mail});
      CHECK_FALSE(harness.of("3@x").superseded);
      CHECK(harness.of("3@x").revision_of == harness.of("1@x").number);
    }
    CHECK(harness.of("1@x").superseded);
  });
}

TEST_CASE(
    "tracker::Tracker::ingest: an old version sent once more by accident takes over nothing") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  MailSpec one{"1@x", "[PATCH] foo: fix"}, two{"2@x", "[PATCH v2] foo: fix", "", "", 3 * day};
  MailSpec again{"3@x", "[PATCH] foo: fix", "", "", 9 * day};
  const auto set_diff = [](MailSpec& mail, const std::string& line) {
    mail.diff = false;
    mail.text += "---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-old\n+" + line + "\n";
  };
  set_diff(one, "first");
  set_diff(two, "second");
  SUBCASE("equal to the old one") {
    set_diff(again, "first");
    harness.feed_one_by_one({one, two, again});
    CHECK_FALSE(harness.of("2@x").superseded);
    CHECK(harness.of("3@x").superseded);
  }
  SUBCASE("new") {
    set_diff(again, "third");
    harness.feed_one_by_one({one, two, again});
    CHECK(harness.of("2@x").superseded);
    CHECK_FALSE(harness.of("3@x").superseded);
  }
}

TEST_CASE(
    "tracker::Tracker::ingest: a stranger supersedes nothing, who goes on with a patch does") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  const std::string change = "---\nchange-id: 20260101-thing-abcdef\n";
  MailSpec one{"1@x", "[PATCH 1/2] one"}, two{"2@x", "[PATCH 2/2] two", "1@x", "", 1};
  one.text = change;
  MailSpec thief{"3@x", "[PATCH v9] evil", "", "", 2, "Mallory <mallory@example.org>"};
  MailSpec copycat{"4@x", "[PATCH v8] evil too", "", "", 3, "Mallory <mallory@example.org>"};
  thief.text = "Supersedes: <1@x>\n";
  copycat.text = change;
  harness.feed({thief, copycat, one, two});
  const Series kept = harness.of("1@x");
  CHECK_FALSE(kept.superseded);
  CHECK(kept.note.find("mallory@example.org posted what claims") != std::string::npos);
  CHECK(harness.of("3@x").work == kept.work);
  // Somebody who takes the work up posts one of its patches, or patches of its author.
  MailSpec heir{"5@x", "[PATCH v2] other", "", "", day, "Bob B <bob@example.org>"};
  heir.text = "From: Alice A <alice@example.org>\n\nSupersedes: <1@x>\n";
  harness.feed({heir});
  CHECK(harness.of("1@x").superseded);
  CHECK(harness.of("1@x").note.empty());
}

TEST_CASE("tracker::previous_of: the author's own earlier version before a stranger's") {
  const std::string change = "20260101-x";
  const RevisionFact v3 = fact(9, 3, 9, "t", {}, "alice@example.org", change);
  CHECK(previous(v3, {fact(1, 1, 1, "t", {}, "alice@example.org", change),
                      fact(2, 2, 2, "u", {}, "mallory@example.org", change)}) == 1);
}

TEST_CASE("tracker::Tracker::ingest: a single patch makes a revision of the series it is part of") {
  const MailSpec one{"1@x", "[PATCH 1/2] lib: add macro"};
  const MailSpec two{"2@x", "[PATCH 2/2] swapping01: use it", "1@x", "", 1};
  const MailSpec v2{"3@x", "[PATCH v2] swapping01: use it", "", "", day};
  const MailSpec v3{"4@x", "[PATCH v3] swapping01: use it", "", "", 2 * day};
  std::vector<MailSpec> mails{one, two, v2, v3};
  std::sort(mails.begin(), mails.end(),
            [](const MailSpec& a, const MailSpec& b) { return a.msgid < b.msgid; });
  do {
    patchmill::test::TestStore store(store::Engine::sqlite);
    Harness harness(store);
    harness.feed_one_by_one(mails);
    CHECK(harness.all().size() == 3);
    const Series second = *harness.queries().series(*harness.of("4@x").revision_of);
    CHECK(describe(harness.of("4@x")) ==
          "v3 2/2 alice@example.org: [1/2] lib: add macro 1=1@x+ 2=4@x");
    CHECK(describe(second) == "v2 2/2 alice@example.org: [1/2] lib: add macro 1=1@x+ 2=3@x");
    CHECK(second.superseded);
    CHECK(describe(*harness.queries().series(second.revision_of.value_or(0))) ==
          "v1 2/2 alice@example.org: [1/2] lib: add macro 1=1@x 2=2@x");
  } while (std::next_permutation(
      mails.begin(), mails.end(),
      [](const MailSpec& a, const MailSpec& b) { return a.msgid < b.msgid; }));
}

TEST_CASE("tracker::Tracker::ingest: a single patch that has nothing of a series leaves it alone") {
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed({MailSpec{"0@x", "[PATCH 0/2] foo", "", "", 0, "Alice A <alice@example.org>", false},
                MailSpec{"1@x", "[PATCH 1/2] one", "0@x", "", 1},
                MailSpec{"2@x", "[PATCH 2/2] two", "0@x", "", 2},
                MailSpec{"3@x", "[PATCH v2] quite another thing", "0@x", "", day},
                MailSpec{"4@x", "[PATCH v2] foo", "", "", 2 * day}});
  CHECK_FALSE(harness.of("1@x").superseded);
  CHECK_FALSE(harness.of("3@x").revision_of);
  CHECK(harness.of("4@x").revision_of == harness.of("1@x").number);
}

namespace {

// What became of each mail's series, whatever the order of arrival.
std::string chain_of(std::vector<MailSpec> mails) {
  const auto by_id = [](const MailSpec& a, const MailSpec& b) { return a.msgid < b.msgid; };
  std::sort(mails.begin(), mails.end(), by_id);
  const std::vector<MailSpec> sorted = mails;
  std::string first;
  do {
    patchmill::test::TestStore store(store::Engine::sqlite);
    Harness harness(store);
    harness.feed_one_by_one(mails);
    std::map<std::int64_t, std::string> heads;
    for (const MailSpec& mail : sorted) {
      heads.emplace(harness.of(mail.msgid).number, mail.msgid);
    }
    std::string line;
    for (const MailSpec& mail : sorted) {
      const Series series = harness.of(mail.msgid);
      line += mail.msgid + " after " + (series.revision_of ? heads[*series.revision_of] : "-") +
              (series.superseded ? ", superseded; " : "; ");
    }
    first = first.empty() ? line : first;
    REQUIRE(line == first);
  } while (std::next_permutation(mails.begin(), mails.end(), by_id));
  return first;
}

}  // namespace

TEST_CASE("tracker::Tracker::ingest: an answer to an older version hides no newer one") {
  const MailSpec v1{"1@x", "[PATCH] revert commit aaa"};
  const MailSpec v2{"2@x", "[PATCH v2] revert commit bbb", "", "", day};
  const MailSpec v3{"3@x", "[PATCH v3] revert commit bbb", "1@x", "", 2 * day};
  const MailSpec v4{"4@x", "[PATCH v4] revert commit bbb", "1@x", "", 3 * day};
  CHECK(chain_of({v1, v2, v3}) ==
        "1@x after -, superseded; 2@x after 1@x, superseded; 3@x after 2@x; ");
  CHECK(chain_of({v1, v2, v3, v4}) ==
        "1@x after -, superseded; 2@x after 1@x, superseded; 3@x after 2@x, superseded; 4@x after "
        "3@x; ");
  // In answer to a review of the first version.
  MailSpec review{"r@x", "Re: [PATCH] revert commit aaa", "1@x"};
  review.diff = false;
  MailSpec late = v3;
  late.in_reply_to = "r@x";
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed_one_by_one({late, v2, v1});
  CHECK_FALSE(harness.of("2@x").revision_of);  // the review is what ties them together
  harness.feed({review});
  CHECK(harness.of("2@x").revision_of == harness.of("1@x").number);
  CHECK(harness.of("3@x").revision_of == harness.of("2@x").number);
}

TEST_CASE("tracker::Tracker::ingest: a slip in one counter does not follow the next versions") {
  const MailSpec v1{"1@x", "[PATCH] mend it"};
  const MailSpec v2{"2@x", "[PATCH v2 1/3] mend it", "1@x", "", day};
  const MailSpec v3{"3@x", "[PATCH v3] mend it", "2@x", "", 2 * day};
  const MailSpec v4{"4@x", "[PATCH v4] mend it", "", "", 3 * day};
  CHECK(chain_of({v1, v2, v3, v4}) ==
        "1@x after -, superseded; 2@x after 1@x, superseded; 3@x after 2@x, superseded; 4@x after "
        "3@x; ");
  patchmill::test::TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed_one_by_one({v4, v3, v2, v1});
  CHECK(describe(harness.of("4@x")) == "v4 1/1 alice@example.org: [v4] mend it 1=4@x");
  // Then the rest of the second version comes.
  harness.feed({MailSpec{"5@x", "[PATCH v2 2/3] more", "2@x", "", day + 1}});
  CHECK(describe(harness.of("4@x")) == "v4 2/3 alice@example.org: [v4] mend it 1=4@x 2=5@x+");
}
