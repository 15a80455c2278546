#include "tracker/assembly.hpp"

#include "tracker/posting_slips.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;

namespace {

MailFact fact(const std::string& msgid, const std::string& subject,
              std::vector<std::string> parents = {}, int seconds = 0,
              const std::string& from = "alice@example.org") {
  MailFact result;
  result.msgid = msgid;
  result.subject = mail::parse_subject(subject);
  result.parents = std::move(parents);
  result.from = {"", from};
  result.date = from_micros((1'700'000'000LL + seconds) * 1'000'000);
  return result;
}

// One line a series: "v1 2/2 cover: 1=a 2=b", carried-over ones with +.
std::vector<std::string> lines(std::vector<MailFact> facts, const ReplyParents& replies = {}) {
  std::int64_t id = 0;
  for (MailFact& one : facts) {
    one.id = ++id;
    one.thread = one.thread == 0 ? 1 : one.thread;
  }
  const Assembly assembly = assemble(std::move(facts), replies);
  std::vector<std::string> result;
  for (const AssembledSeries& series : assembly.series) {
    std::string line = "v" + std::to_string(series.version.number) + " " +
                       std::to_string(series.patches.size()) + "/" + std::to_string(series.total) +
                       " " + (series.cover ? assembly.facts[*series.cover].msgid : "-") + ":";
    for (const AssembledPatch& patch : series.patches) {
      line += " " + std::to_string(patch.number) + "=" + assembly.facts[patch.fact].msgid +
              (patch.carried_over ? "+" : "");
    }
    result.push_back(line);
  }
  return result;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("tracker::assemble: nothing gives nothing") {
  CHECK(lines({}).empty());
}

TEST_CASE("tracker::assemble: 1/12 and 11/12 are different patches") {
  std::vector<MailFact> facts{fact("c", "[PATCH 00/12] c")};
  for (int number = 1; number <= 12; ++number) {
    facts.push_back(fact("p" + std::to_string(number),
                         "[PATCH " + std::to_string(number) + "/12] t", {"c"}, number));
  }
  CHECK(lines(facts) == Lines{"v1 12/12 c: 1=p1 2=p2 3=p3 4=p4 5=p5 6=p6 7=p7 8=p8 9=p9 10=p10 "
                              "11=p11 12=p12"});
}

TEST_CASE("tracker::assemble: authors in one thread are not merged by their subjects") {
  CHECK(lines({fact("c", "[PATCH 0/2] c"), fact("a1", "[PATCH 1/2] x", {"c"}, 1),
               fact("b2", "[PATCH 2/2] y", {"c"}, 2, "bob@example.org")}) ==
        Lines{"v1 1/2 c: 1=a1", "v1 1/2 -: 2=b2"});
  // A list that hides authors behind its own address leaves their names.
  MailFact bob = fact("b2", "[PATCH 2/2] y", {"a1"}, 2, "list@example.org");
  MailFact alice = fact("a1", "[PATCH 1/2] x", {}, 1, "list@example.org");
  bob.from.name = "Bob via list";
  alice.from.name = "Alice via list";
  CHECK(lines({alice, bob}).size() == 2);
  bob.from.name = alice.from.name;
  CHECK(lines({alice, bob}).size() == 1);
}

TEST_CASE("tracker::assemble: senders are merged where the Message-IDs show one run") {
  const auto id = [](int number, const char* time = "1700000000") {
    const std::string digits = std::to_string(number);
    return std::string(40 - digits.size(), 'a') + digits + "." + time + ".git.alice@example.org";
  };
  const std::string cover = "cover.1700000000.git.alice@example.org";
  const std::string bob = "bob@example.org";
  // Dates are those of the commits: days apart, and before the cover letter.
  const MailFact one = fact(id(1), "[PATCH 1/3] x", {cover}, -900'000);
  const MailFact two = fact(id(2), "[PATCH 2/3] y", {cover}, -500'000, bob);
  const MailFact three = fact(id(3), "[PATCH 3/3] z", {cover}, -100'000, "carol@example.org");
  const MailFact head = fact(cover, "[PATCH 0/3] c");
  const std::string all = " 1=" + id(1) + " 2=" + id(2) + " 3=" + id(3);
  CHECK(lines({head, one, two, three}) == Lines{"v1 3/3 " + cover + ":" + all});
  CHECK(lines({one, two, three}) == Lines{"v1 3/3 -:" + all});  // the cover is lost
  // A cover letter over the patches of somebody else.
  MailFact his = head;
  his.from.email = bob;
  CHECK(lines({his, fact(id(1), "[PATCH 1/1] x", {cover})}).size() == 2);  // counts differ
  CHECK(lines({fact(cover, "[PATCH 0/1] c", {}, 0, bob), fact(id(1), "[PATCH 1/1] x", {cover})}) ==
        Lines{"v1 1/1 " + cover + ": 1=" + id(1)});

  SUBCASE("but not another run, version, count, thread or the same number") {
    CHECK(lines({head, one, fact(id(2, "1700000009"), "[PATCH 2/3] y", {cover}, 2, bob)}).size() ==
          2);
    CHECK(lines({head, one, fact(id(2), "[PATCH v2 2/3] y", {cover}, 2, bob)}).size() == 2);
    CHECK(lines({head, one, fact(id(2), "[PATCH 2/4] y", {cover}, 2, bob)}).size() == 2);
    CHECK(lines({head, one, fact(id(9), "[PATCH 1/3] y", {cover}, 2, bob)}).size() == 2);
    MailFact elsewhere = two;
    elsewhere.thread = 2;
    CHECK(lines({head, one, elsewhere}).size() == 2);
  }
  SUBCASE("and the note says so") {
    std::vector<MailFact> facts{head, one, two, three};
    for (MailFact& each : facts) {
      each.thread = 1;
    }
    CHECK(assemble(facts).series.at(0).note == "Its mails name different senders.");
  }
}

TEST_CASE("tracker::assemble: GitGitGadget names the author of each patch") {
  const std::string run = "1700000000.git.gitgitgadget@gmail.com";
  const std::string cover = "pull.1829.v2.git." + std::string("1700000000.gitgitgadget@gmail.com");
  MailFact head = fact(cover, "[PATCH v2 0/2] c", {}, 0, "gitgitgadget@gmail.com");
  MailFact one = fact(std::string(40, 'a') + "." + run, "[PATCH v2 1/2] x", {cover}, 1,
                      "gitgitgadget@gmail.com");
  MailFact two = fact(std::string(40, 'b') + "." + run, "[PATCH v2 2/2] y", {cover}, 2,
                      "gitgitgadget@gmail.com");
  head.from.name = "Cleo via GitGitGadget";
  one.from.name = "Alice via GitGitGadget";
  two.from.name = "Bob via GitGitGadget";
  CHECK(lines({head, one, two}) ==
        Lines{"v2 2/2 " + cover + ": 1=" + one.msgid + " 2=" + two.msgid});
}

TEST_CASE("tracker::assemble: an unknown cover holds its patches together") {
  CHECK(lines({fact("p1", "[PATCH 1/2] x", {"lost"}),
               fact("p2", "[PATCH 2/2] y", {"lost"}, 9999)}) == Lines{"v1 2/2 -: 1=p1 2=p2"});
}

TEST_CASE("tracker::assemble: a missing middle of a deep thread does not split it") {
  CHECK(lines({fact("c", "[PATCH 0/3] c"), fact("p1", "[PATCH 1/3] x", {"c"}, 1),
               fact("p3", "[PATCH 3/3] z", {"p2", "p1", "c"}, 3)}) == Lines{"v1 2/3 c: 1=p1 3=p3"});
}

TEST_CASE("tracker::assemble: without references dates and prefixes decide") {
  auto apart = [](int seconds, const char* second) {
    MailFact one = fact("p1", "[PATCH net 1/2] x");
    MailFact two = fact("p2", second, {}, seconds);
    one.thread = 1;
    two.thread = 2;
    return lines({one, two}).size();
  };
  CHECK(apart(20 * 60, "[PATCH net 2/2] y") == 1);
  CHECK(apart(20 * 60 + 1, "[PATCH net 2/2] y") == 2);
  CHECK(apart(1, "[PATCH net-next 2/2] y") == 2);
  MailFact undated = fact("p2", "[PATCH net 2/2] y");
  undated.date.reset();
  undated.thread = 2;
  CHECK(lines({fact("p1", "[PATCH net 1/2] x"), undated}).size() == 2);
}

TEST_CASE("tracker::assemble: two postings sent at once keep their own patches") {
  // Dates interleave; the Message-IDs of git send-email tell the runs apart.
  auto id = [](const char* run, int number) {
    return std::string("20231114221320.") + run + "-" + std::to_string(number) +
           "-alice@example.org";
  };
  std::vector<MailFact> facts{
      fact(id("77", 1), "[PATCH 1/2] a", {}, 0), fact(id("78", 1), "[PATCH 1/2] b", {}, 1),
      fact(id("77", 2), "[PATCH 2/2] a", {}, 2), fact(id("78", 2), "[PATCH 2/2] b", {}, 3)};
  for (std::size_t i = 0; i < facts.size(); ++i) {
    facts[i].thread = static_cast<std::int64_t>(i) + 1;
  }
  CHECK(lines(facts) == Lines{"v1 2/2 -: 1=" + id("77", 1) + " 2=" + id("77", 2),
                              "v1 2/2 -: 1=" + id("78", 1) + " 2=" + id("78", 2)});
}

TEST_CASE("tracker::assemble: a complete resend in the thread is a series of its own") {
  CHECK(lines({fact("c", "[PATCH 0/2] c"), fact("p1", "[PATCH 1/2] x", {"c"}, 1),
               fact("p2", "[PATCH 2/2] y", {"c"}, 2), fact("d", "[PATCH RESEND 0/2] c", {"c"}, 99),
               fact("q1", "[PATCH RESEND 1/2] x", {"d", "c"}, 100),
               fact("q2", "[PATCH RESEND 2/2] y", {"d", "c"}, 101)}) ==
        Lines{"v1 2/2 c: 1=p1 2=p2", "v1 2/2 d: 1=q1 2=q2"});
}

TEST_CASE("tracker::assemble: partial rerolls carry the rest over") {
  const std::vector<MailFact> first{
      fact("c", "[PATCH 0/3] c"), fact("p1", "[PATCH 1/3] x", {"c"}, 1),
      fact("p2", "[PATCH 2/3] y", {"c"}, 2), fact("p3", "[PATCH 3/3] z", {"c"}, 3)};
  auto with = [&](std::vector<MailFact> more, const ReplyParents& replies = {}) {
    std::vector<MailFact> facts = first;
    facts.insert(facts.end(), more.begin(), more.end());
    Lines result = lines(facts, replies);
    REQUIRE(result.front() == "v1 3/3 c: 1=p1 2=p2 3=p3");
    result.erase(result.begin());
    return result;
  };
  SUBCASE("in answer to the patch") {
    CHECK(with({fact("r2", "[PATCH v2 2/3] y", {"p2"}, 500)}) ==
          Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
  }
  SUBCASE("patch 1 in answer to patch 1") {
    CHECK(with({fact("r1", "[PATCH v2 1/3] x", {"p1"}, 500)}) ==
          Lines{"v2 3/3 c: 1=r1 2=p2+ 3=p3+"});
  }
  SUBCASE("patch 1 in answer to the cover may begin a whole posting") {
    CHECK(with({fact("r1", "[PATCH v2 1/3] x", {"c"}, 500)}) == Lines{"v2 1/3 -: 1=r1"});
  }
  SUBCASE("without counter") {
    CHECK(with({fact("r2", "[PATCH v2] y", {"p2"}, 500)}) == Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
    CHECK(with({fact("r2", "[PATCH] Y", {"p2"}, 500)}) == Lines{"v1 3/3 c: 1=p1+ 2=r2 3=p3+"});
    CHECK(with({fact("r2", "[PATCH v2 1/1] y", {"p2"}, 500)}) ==
          Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
  }
  SUBCASE("without counter, in answer to another mail of the series") {
    CHECK(with({fact("r2", "[PATCH v2] y", {"p1"}, 500)}) == Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
    CHECK(with({fact("r2", "[PATCH v2] y", {"c"}, 500)}) == Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
  }
  SUBCASE("without counter, under another title") {
    const Lines replaced{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"}, apart{"v2 1/1 -: 1=r2"};
    CHECK(with({fact("r2", "[PATCH v2] other", {"p2"}, 500)}) == replaced);
    CHECK(with({fact("r2", "[PATCH v2] other", {"c"}, 500)}) == apart);
    CHECK(with({fact("r2", "[PATCH] other", {"p2"}, 500)}) == Lines{"v1 1/1 -: 1=r2"});
    // And on from there.
    CHECK(with({fact("r2", "[PATCH v2] other", {"p2"}, 500),
                fact("s2", "[PATCH v3] again other", {"r2"}, 600)}) ==
          Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+", "v3 3/3 c: 1=p1+ 2=s2 3=p3+"});
    // A newer version of something else.
    CHECK(with({fact("o1", "[PATCH] else", {"c"}, 400),
                fact("o2", "[PATCH v2] else", {"p2"}, 500)}) ==
          Lines{"v1 1/1 -: 1=o1", "v2 1/1 -: 1=o2"});
  }
  SUBCASE("without counter, in another thread") {
    const auto elsewhere = [](const char* subject, int seconds) {
      MailFact mail = fact("r2", subject, {}, seconds);
      mail.thread = 2;
      return mail;
    };
    CHECK(with({elsewhere("[PATCH v2] y", 500)}) == Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
    CHECK(with({elsewhere("[PATCH] y", 500)}) == Lines{"v1 1/1 -: 1=r2"});
    CHECK(with({elsewhere("[PATCH v2] other", 500)}) == Lines{"v2 1/1 -: 1=r2"});
    CHECK(with({elsewhere("[PATCH v2] y", 364 * 24 * 3600)}).front().starts_with("v2 3/3"));
    CHECK(with({elsewhere("[PATCH v2] y", 366 * 24 * 3600)}).front().starts_with("v2 1/1"));
    CHECK(with({elsewhere("[PATCH v2 1/1] y", 500)}) == Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
    // It had gone on by itself before.
    MailFact alone = fact("o2", "[PATCH] y", {}, 300);
    alone.thread = 4;
    CHECK(with({elsewhere("[PATCH v2] y", 500), alone}) ==
          Lines{"v1 1/1 -: 1=o2", "v2 1/1 -: 1=r2"});
    // The newest of several.
    MailFact full = fact("q2", "[PATCH v2 2/2] y", {}, 300), rest = full;
    rest = fact("q1", "[PATCH v2 1/2] w", {}, 299);
    full.thread = rest.thread = 3;
    CHECK(with({elsewhere("[PATCH v3] y", 500), full, rest}).back() == "v3 2/2 -: 1=q1+ 2=r2");
  }
  SUBCASE("numbered, in another thread") {
    const auto elsewhere = [](const char* subject, int seconds, int thread = 2) {
      MailFact mail = fact("r" + std::to_string(thread), subject, {}, seconds);
      mail.thread = thread;
      return mail;
    };
    constexpr int days = 24 * 3600;
    CHECK(with({elsewhere("[PATCH v2 2/3] y", 5000)}) == Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
    CHECK(with({elsewhere("[PATCH v2 2/3] y", 5000), elsewhere("[PATCH v2 3/3] z", 5001, 3)}) ==
          Lines{"v2 3/3 c: 1=p1+ 2=r2 3=r3"});
    CHECK(with({elsewhere("[PATCH v2 2/3] y", 5000), elsewhere("[PATCH v3 3/3] z", 9000, 3)}) ==
          Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+", "v3 3/3 c: 1=p1+ 2=r2+ 3=r3"});
    // What may be another patch, another series, a beginning, or the rest of a posting.
    CHECK(with({elsewhere("[PATCH v2 2/3] other", 5000)}) == Lines{"v2 1/3 -: 2=r2"});
    CHECK(with({elsewhere("[PATCH v2 3/3] y", 5000)}) == Lines{"v2 1/3 -: 3=r2"});
    CHECK(with({elsewhere("[PATCH v2 2/4] y", 5000)}) == Lines{"v2 1/4 -: 2=r2"});
    CHECK(with({elsewhere("[PATCH v2 1/3] x", 5000)}) == Lines{"v2 1/3 -: 1=r2"});
    CHECK(with({elsewhere("[PATCH 2/3] y", 5000)}) == Lines{"v1 1/3 -: 2=r2"});
    CHECK(with({elsewhere("[PATCH v2 2/3] y", 366 * days)}) == Lines{"v2 1/3 -: 2=r2"});
    MailFact rest = elsewhere("[PATCH v2 2/3] y", 5000);
    rest.parents = {"lost"};
    CHECK(with({rest}) == Lines{"v2 1/3 -: 2=r2"});
    MailFact stranger = fact("r2", "[PATCH v2 2/3] y", {}, 5000, "bob@example.org");
    stranger.thread = 2;
    CHECK(with({stranger}) == Lines{"v2 1/3 -: 2=r2"});
  }
  SUBCASE("from the newest earlier posting of each patch") {
    const MailFact newest = fact("s2", "[PATCH v3 2/3] y", {"p2"}, 5000);
    const std::string together = "v3 3/3 c: 1=r1+ 2=s2 3=p3+";
    CHECK(with({fact("r1", "[PATCH v2 1/3] x", {"p1"}, 4000), newest}) ==
          Lines{"v2 3/3 c: 1=r1 2=p2+ 3=p3+", together});
    // Not known to be a reroll itself.
    CHECK(with({fact("r1", "[PATCH v2 1/3] x", {"c"}, 4000), newest}) ==
          Lines{"v2 1/3 -: 1=r1", together});
    const auto elsewhere = [](const char* id, const char* subject, int seconds,
                              std::vector<std::string> parents = {}) {
      MailFact mail = fact(id, subject, std::move(parents), seconds);
      mail.thread = 2;
      return mail;
    };
    CHECK(with({elsewhere("r1", "[PATCH v2 1/3] x", 4000), newest}) ==
          Lines{"v2 1/3 -: 1=r1", together});
    CHECK(with({elsewhere("r1", "[PATCH v2 1/3] other", 4000), newest}).back() ==
          "v3 3/3 c: 1=p1+ 2=s2 3=p3+");
    CHECK(with({elsewhere("r1", "[PATCH v4 1/3] x", 4000), newest}).back() ==
          "v3 3/3 c: 1=p1+ 2=s2 3=p3+");
    // A whole posting has its own of everything, and no cover of an older one.
    CHECK(with({elsewhere("q1", "[PATCH v2 1/3] x", 4000),
                elsewhere("q2", "[PATCH v2 2/3] y", 4001, {"q1"}),
                elsewhere("q3", "[PATCH v2 3/3] z", 4002, {"q1"}), newest})
              .back() == "v3 3/3 -: 1=q1+ 2=s2 3=q3+");
    // What was lost of it is not what an older one had.
    CHECK(with({fact("d", "[PATCH v2 0/3] c", {"c"}, 4000),
                fact("q1", "[PATCH v2 1/3] x", {"d"}, 4001),
                fact("q3", "[PATCH v2 3/3] z", {"d"}, 4002),
                fact("s1", "[PATCH v3 1/3] x", {"q1"}, 5000)})
              .back() == "v3 2/3 d: 1=s1 3=q3+");
  }
  SUBCASE("v2.1 is older than v3") {
    CHECK(with({fact("r2", "[PATCH v2.1 2/3] y", {"p2"}, 500),
                fact("r3", "[PATCH v3 3/3] z", {"p3"}, 400)}) ==
          Lines{"v3 3/3 c: 1=p1+ 2=r2+ 3=r3", "v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
  }
  SUBCASE("one after the other, each upon the one before") {
    CHECK(with({fact("r2", "[PATCH v2] y", {"p2"}, 500), fact("s2", "[PATCH v3] y", {"r2"}, 600),
                fact("s3", "[PATCH v3 3/3] z", {"p3"}, 700)}) ==
          Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+", "v3 3/3 c: 1=p1+ 2=s2 3=p3+",
                "v3 3/3 c: 1=p1+ 2=s2+ 3=s3"});
  }
  SUBCASE("in answer to a review") {
    CHECK(with({fact("r2", "[PATCH v2] y", {"review2"}, 500)},
               {{"review2", "review1"}, {"review1", "p2"}}) == Lines{"v2 3/3 c: 1=p1+ 2=r2 3=p3+"});
    CHECK(with({fact("r2", "[PATCH v2] q", {"review2"}, 500)}, {{"review2", "review2"}}) ==
          Lines{"v2 1/1 -: 1=r2"});
  }
  SUBCASE("of somebody else are series of their own") {
    CHECK(with({fact("r2", "[PATCH v2 2/3] y", {"p2"}, 500, "bob@example.org")}) ==
          Lines{"v2 1/3 -: 2=r2"});
  }
  SUBCASE("the same number of the same version, but another patch") {
    CHECK(with({fact("o2", "[PATCH 2/3] other", {"c"}, 500)}) == Lines{"v1 1/3 -: 2=o2"});
  }
}

TEST_CASE("tracker::assemble: without a counter, and nothing to carry over, a patch is a series") {
  const MailFact slip = fact("s1", "[PATCH v2 1/3] x", {}, 100);
  const MailFact v3 = fact("t1", "[PATCH v3] x", {"s1"}, 200);
  MailFact v4 = fact("u1", "[PATCH v4] x", {}, 300);
  v4.thread = 2;
  CHECK(lines({slip, v3, v4}) == Lines{"v2 1/3 -: 1=s1", "v3 1/1 -: 1=t1", "v4 1/1 -: 1=u1"});
  CHECK(lines({slip, fact("t1", "[PATCH v3] other", {"s1"}, 200)}).back() == "v3 1/1 -: 1=t1");
  CHECK(lines({slip, fact("t1", "[PATCH v3 1/1] x", {"s1"}, 200)}).back() == "v3 1/1 -: 1=t1");
  // It was no slip, however late that is known.
  const MailFact rest = fact("s2", "[PATCH v2 2/3] y", {"s1"}, 101);
  CHECK(lines({slip, v3, v4, rest}) ==
        Lines{"v2 2/3 -: 1=s1 2=s2", "v3 2/3 -: 1=t1 2=s2+", "v4 2/3 -: 1=u1 2=s2+"});
  MailFact first = fact("c", "[PATCH v2 0/3] z", {}, 99);
  first.thread = 1;
  MailFact covered = slip;
  covered.parents = {"c"};
  CHECK(lines({first, covered, v3}).back() == "v3 1/3 c: 1=t1");
  // What the slip answers may have been one of several.
  MailFact reroll = slip;
  reroll.parents = {"p1"};
  CHECK(lines({fact("p1", "[PATCH 1/3] x"), fact("p2", "[PATCH 2/3] y", {"p1"}, 1), reroll, v3})
            .back() == "v3 2/3 -: 1=t1 2=p2+");
}

TEST_CASE("tracker::assemble: a number that is too large is said") {
  const Assembly assembly =
      assemble({fact("a", "[PATCH v99999999999999999999 1/1] x"), fact("b", "[PATCH v1000000] y")});
  REQUIRE(assembly.series.size() == 2);
  CHECK(assembly.series[0].note == "A number in a subject is too large, taken as 1000000.");
  CHECK(assembly.series[1].note.empty());
}

TEST_CASE("tracker::assemble: the note of a partial reroll says which versions the rest is from") {
  const auto notes = [](std::vector<MailFact> facts) {
    Lines result;
    for (const AssembledSeries& series : assemble(std::move(facts)).series) {
      result.push_back(series.note);
    }
    return result;
  };
  std::vector<MailFact> mails{fact("p1", "[PATCH 1/2] x"), fact("p2", "[PATCH 2/2] y", {"p1"}, 1),
                              fact("r1", "[PATCH v2.1 1/2] x", {"p1"}, 5000),
                              fact("s2", "[PATCH v3 2/2] y", {"p2"}, 9000)};
  CHECK(notes(mails) == Lines{"", "Only patch 1 was posted anew; the rest is from version 1.",
                              "Only patch 2 was posted anew; the rest is from version 2.1."});
  // Each patch in its turn.
  constexpr int total = 8;
  mails.clear();
  for (int number = 1; number <= total; ++number) {
    const std::string place = std::to_string(number) + "/8] t" + std::to_string(number);
    const std::string id = "p" + std::to_string(number);
    mails.push_back(fact(id, "[PATCH " + place, {number == 1 ? "lost" : "p1"}, number));
    if (number <= 6) {
      mails.push_back(fact("r" + std::to_string(number),
                           "[PATCH v" + std::to_string(number + 1) + " " + place, {id},
                           number * 5000));
    }
  }
  const Lines found = notes(mails);
  REQUIRE(found.size() == 7);
  CHECK(found[2] ==
        "Only patch 2 was posted anew; patch 1 is from version 2, patches 3, 4, 5, 6, 7, 8 from "
        "version 1.");
  CHECK(found[6] ==
        "Only patch 6 was posted anew; patch 5 is from version 6, patch 4 from version 5, patch 3 "
        "from version 4, patch 2 from version 3, the rest from older ones.");
}

TEST_CASE("tracker::assemble: an older posting fills no gap where patches have other numbers") {
  const auto third = [](const std::string& second) {
    std::vector<MailFact> mails{fact("p1", "[PATCH 1/3] a"),
                                fact("p2", "[PATCH 2/3] b", {"p1"}, 1),
                                fact("p3", "[PATCH 3/3] c", {"p1"}, 2),
                                fact("q1", "[PATCH v2 1/3] a", {"p1"}, 5000),
                                fact("q2", "[PATCH v2 2/3] " + second, {"q1"}, 5001),
                                fact("s1", "[PATCH v3] a", {"q1"}, 9000)};
    return lines(std::move(mails)).back();
  };
  CHECK(third("b") == "v3 3/3 -: 1=s1 2=q2+ 3=p3+");
  CHECK(third("c") == "v3 2/3 -: 1=s1 2=q2+");
}

TEST_CASE("tracker::assemble: cover and patches that disagree are one posting, with a note") {
  auto note = [](std::vector<MailFact> facts) {
    const Assembly assembly = assemble(std::move(facts));
    return assembly.series.size() == 1 ? assembly.series[0].note : std::string("several series");
  };
  // The version stands only in the title of the cover.
  CHECK(lines({fact("c", "[PATCH 0/2] c (v3)"), fact("p1", "[PATCH 1/2] x", {"c"}, 1),
               fact("p2", "[PATCH 2/2] y", {"c"}, 2)}) == Lines{"v3 2/2 c: 1=p1 2=p2"});
  // Counts differ.
  const std::vector<MailFact> counts{fact("c", "[PATCH 0/5] c"),
                                     fact("p1", "[PATCH 1/2] x", {"c"}, 1),
                                     fact("p2", "[PATCH 2/2] y", {"c"}, 2)};
  CHECK(lines(counts) == Lines{"v1 2/2 c: 1=p1 2=p2"});
  CHECK(note(counts) == "The cover letter counts 5 patches, the patches 2.");
  CHECK(lines({fact("p1", "[PATCH 1/3] x"), fact("p2", "[PATCH 2/3] y", {"p1"}, 1),
               fact("p3", "[PATCH 3/4] z", {"p1"}, 2)}) == Lines{"v1 3/3 -: 1=p1 2=p2 3=p3"});
  // Every patch carries the version of its own last change.
  CHECK(lines({fact("c", "[PATCH v5 0/3] c"), fact("p1", "[PATCH v3 1/3] x", {"c"}, 1),
               fact("p2", "[PATCH 2/3] y", {"c"}, 2), fact("p3", "[PATCH v5 3/3] z", {"c"}, 3)}) ==
        Lines{"v5 3/3 c: 1=p1 2=p2 3=p3"});
  // A newer version is a reroll, unless one run sent both.
  CHECK(lines({fact("c", "[PATCH 0/2] c"), fact("p1", "[PATCH 1/2] x", {"c"}, 1),
               fact("p2", "[PATCH v2 2/2] y", {"c"}, 2)}) ==
        Lines{"v1 1/2 c: 1=p1", "v2 2/2 c: 1=p1+ 2=p2"});
  const std::string run = "20231114221320.77-";
  CHECK(lines({fact(run + "1-a@x", "[PATCH 0/2] c"),
               fact(run + "2-a@x", "[PATCH 1/2] x", {run + "1-a@x"}, 1),
               fact(run + "3-a@x", "[PATCH v2 2/2] y", {run + "1-a@x"}, 2)})
            .size() == 1);
  CHECK(note({fact("c", "[PATCH 0/2] c"), fact("p1", "[PATCH 1/2] x", {"c"}, 1),
              fact("p2", "[PATCH 2/2] y", {"c"}, 2), fact("p3", "[PATCH 3/2] z", {"c"}, 3)}) ==
        "Patch 3 beyond the 2 announced.");
  CHECK(note({fact("c", "[PATCH 0/3] c"), fact("p2", "[PATCH 2/3] x", {"c"}, 1)}) ==
        "Patches 1, 3 not received.");
}

TEST_CASE("tracker::assemble: mails that answer each other in a circle end") {
  CHECK(lines({fact("a", "[PATCH v2 1/2] x", {"b"}), fact("b", "[PATCH v3 2/2] y", {"a"}),
               fact("c", "[PATCH v3] z", {"d"}), fact("d", "[PATCH v3] z", {"c"})})
            .size() == 3);
}

TEST_CASE("tracker::assemble: thousands of mails in one thread, in time that does not explode") {
  std::vector<MailFact> facts;
  for (int i = 0; i < 3000; ++i) {
    // The same number again and again, the worst case of splitting.
    facts.push_back(fact("s" + std::to_string(i), "[PATCH 1/4] t" + std::to_string(i), {"x"}, i));
    facts.push_back(fact("u" + std::to_string(i), "[PATCH v" + std::to_string(i) + " 2/3] y",
                         {i == 0 ? "y" : "u" + std::to_string(i - 1)}, i));
  }
  std::vector<MailFact> large{fact("c", "[PATCH 0/3000] c")};
  for (int i = 1; i <= 3000; ++i) {
    large.push_back(fact("p" + std::to_string(i), "[PATCH " + std::to_string(i) + "/3000] t",
                         {i == 1 ? "c" : "p" + std::to_string(i - 1)}, i));
  }
  CHECK(lines(facts).size() == 6000);
  CHECK(lines(large).size() == 1);
}

TEST_CASE("tracker::posting_run: what one run of a mailer writes into Message-IDs") {
  CHECK(posting_run("20210902010814.32448-1-a@example.org") ==
        posting_run("20210902010814.32448-12-a@example.org"));
  CHECK(posting_run("20210902010814.32448-1-a@example.org") !=
        posting_run("20210902010814.32449-1-a@example.org"));
  CHECK(posting_run("1679293822-19378-1-git-send-email-a@example.org") ==
        posting_run("1679293822-19378-2-git-send-email-a@example.org"));
  CHECK(posting_run("cover.1642601554.git.a@example.org") ==
        posting_run("1658144ea5bf1ee0c6373b5470f611a6f0fb41af.1642601554.git.a@example.org"));
  CHECK(posting_run("20250410-patchwork_ci-v1-0-def85825f46a@example.org") ==
        posting_run("20250410-patchwork_ci-v1-3-def85825f46a@example.org"));
  CHECK(posting_run("20250410-patchwork_ci-v1-0-def85825f46a@example.org") !=
        posting_run("20250410-patchwork_ci-v2-0-def85825f46a@example.org"));
  for (const char* id : {"", "a", "-", "@", "20210902010814.", "20210902010814.1-", "a@x",
                         "12345678-", "12345678-@", "cover.", "1679293822-19378"}) {
    CHECK(posting_run(id).empty());
  }
}

TEST_CASE("tracker::version_of: minor versions lie between whole ones") {
  auto version = [](const char* subject) { return version_of(mail::parse_subject(subject)); };
  CHECK(version("[PATCH v2.1 1/2] x") == Version{2, 1});
  CHECK(version("[PATCH v5a] x") == Version{5, 1});
  CHECK(version("[PATCHv4 1/2] x") == Version{4, 0});
  CHECK(version("[PATCH 5.10 v2] x") == Version{2, 0});
  CHECK(version("[PATCH v12] x") == Version{12, 0});
  CHECK(Version{2, 1} < Version{3, 0});
}

TEST_CASE("tracker::subject_of: what mailman puts in front is no information") {
  const std::vector<std::string> lists{"ltp.lists.example.org"};
  CHECK(subject_of("[LTP] [PATCH v2 1/2] x", lists, {}).patchwork_name() == "[v2,1/2] x");
  CHECK(subject_of("[PATCH ltp 1/2] x", lists, {}).patchwork_name() == "[ltp,1/2] x");
  CHECK(subject_of("[LTP] x", lists, {}).patchwork_name() == "[LTP] x");
  CHECK(subject_of("[dpdk-dev] [PATCH 1/2] x", lists, {"dpdk-dev"}).patchwork_name() == "[1/2] x");
}
