// The intended deviations from Patchwork once more, with mails of our own: these run everywhere,
// those of patchwork_scenarios_test.cpp only beside Patchwork's answers.

#include "tracker/patchwork_deviations.hpp"
#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;

namespace {

constexpr int minute = 60;

struct Own {
  std::vector<std::string> mails;  // in order of arrival
  std::set<std::string> series;    // describe()
};

MailSpec cover(std::string msgid, std::string subject, std::string in_reply_to = "",
               int seconds = 0) {
  MailSpec spec{std::move(msgid), std::move(subject), std::move(in_reply_to), "", seconds};
  spec.diff = false;
  return spec;
}

std::vector<std::string> raws(const std::vector<MailSpec>& specs) {
  std::vector<std::string> result;
  for (const MailSpec& spec : specs) {
    result.push_back(spec.raw());
  }
  return result;
}

// A patch by itself, with `what` in its raw text changed.
std::string altered(const MailSpec& spec, std::string_view what, std::string_view into) {
  std::string raw = spec.raw();
  const std::size_t at = raw.find(what);
  REQUIRE(at != std::string::npos);
  return raw.replace(at, what.size(), into);
}

const std::string alice = " alice@example.org: ";
const std::string v1_line = "v1 2/2" + alice + "clock [c@x] 1=p1@x 2=p2@x";

// Version 1 with its cover letter, then `more`.
Own after_v1(const std::vector<MailSpec>& more, const std::set<std::string>& series) {
  std::vector<MailSpec> mails{cover("c@x", "[PATCH 0/2] clock"),
                              {"p1@x", "[PATCH 1/2] tick", "c@x", "", 1},
                              {"p2@x", "[PATCH 2/2] tock", "c@x", "", 2}};
  mails.insert(mails.end(), more.begin(), more.end());
  Own own{raws(mails), series};
  own.series.insert(v1_line);
  return own;
}

Own incomplete_v1(int seconds) {
  return {
      raws({cover("c@x", "[PATCH 0/2] clock"),
            {"p1@x", "[PATCH 1/2] tick", "c@x", "", 1},
            {"r2@x", "[PATCH v2 2/2] tock", "c@x", "", seconds}}),
      {"v1 1/2" + alice + "clock [c@x] 1=p1@x", "v2 2/2" + alice + "clock [c@x] 1=p1@x+ 2=r2@x"}};
}

Own single(const std::string& subject, const std::string& line) {
  return {raws({{"s@x", subject}}), {line}};
}

const std::map<std::string, Own>& own_deviations() {
  const std::string rerolled = "v2 2/2" + alice + "clock [c@x] 1=p1@x+ 2=r2@x";
  const std::string lone = "v1 1/1" + alice + "lamp 1=s@x";
  const MailSpec lamp{"s@x", "[PATCH] lamp"};
  static const std::map<std::string, Own> table = {
      {"v2-nocover-every-patch-replies-to-v1-cover",
       after_v1({{"r1@x", "[PATCH v2 1/2] tick", "c@x", "", day},
                 {"r2@x", "[PATCH v2 2/2] tock", "c@x", "", day + 1}},
                {"v2 2/2" + alice + "[v2,1/2] tick 1=r1@x 2=r2@x"})},
      {"v2-single-patch-replaces-2of2-of-complete-v1",
       after_v1({{"r2@x", "[PATCH v2 2/2] tock", "p2@x", "", day}}, {rerolled})},
      {"v2-2of2-in-reply-to-incomplete-v1-week-later", incomplete_v1(7 * day)},
      {"v2-2of2-in-reply-to-incomplete-v1-10min-later", incomplete_v1(10 * minute)},
      {"v5.1-style-single-patch-update",
       after_v1({{"r2@x", "[PATCH v2.1 2/2] tock", "p2@x", "", day}}, {rerolled})},
      {"resend-same-cover-name-in-reply-to-original",
       after_v1({cover("r@x", "[PATCH 0/2] clock", "c@x", day),
                 {"r1@x", "[PATCH 1/2] tick", "r@x", "", day + 1},
                 {"r2@x", "[PATCH 2/2] tock", "r@x", "", day + 2}},
                {"v1 2/2" + alice + "clock [r@x] 1=r1@x 2=r2@x"})},
      {"deep-thread-out-of-order-3-1-0-2",
       {raws({{"p3@x", "[PATCH 3/3] c", "p2@x", "", 3},
              {"p1@x", "[PATCH 1/3] a", "c@x", "", 1},
              cover("c@x", "[PATCH 0/3] clock"),
              {"p2@x", "[PATCH 2/3] b", "p1@x", "", 2}}),
        {"v1 3/3" + alice + "clock [c@x] 1=p1@x 2=p2@x 3=p3@x"}}},
      {"norefs-two-series-interleaved",
       {raws({{"20231114221320.7-1-a@x", "[PATCH 1/2] a", "", "", 0},
              {"20231114221320.8-1-a@x", "[PATCH 1/2] b", "", "", 1},
              {"20231114221320.7-2-a@x", "[PATCH 2/2] a", "", "", 2},
              {"20231114221320.8-2-a@x", "[PATCH 2/2] b", "", "", 3}}),
        {"v1 2/2" + alice + "[1/2] a 1=20231114221320.7-1-a@x 2=20231114221320.7-2-a@x",
         "v1 2/2" + alice + "[1/2] b 1=20231114221320.8-1-a@x 2=20231114221320.8-2-a@x"}}},
      {"norefs-with-cover-cover-last",
       {raws({{"p1@x", "[PATCH 1/2] tick", "", "", 1},
              {"p2@x", "[PATCH 2/2] tock", "", "", 2},
              cover("c@x", "[PATCH 0/2] clock")}),
        {v1_line}}},
      {"reply-with-diff-AW", after_v1({{"r@x", "AW: [PATCH 2/2] tock", "p2@x", "", day}}, {})},
      {"reply-with-diff-Fwd", after_v1({{"r@x", "Fwd: [PATCH 2/2] tock", "p2@x", "", day}}, {})},
      {"cover-with-diff",
       {raws({{"c@x", "[PATCH 0/2] clock"},
              {"p1@x", "[PATCH 1/2] tick", "c@x", "", 1},
              {"p2@x", "[PATCH 2/2] tock", "c@x", "", 2}}),
        {v1_line}}},
      {"subject-01", single("[PATCHv4 1/2] lamp", "v4 1/2" + alice + "[PATCHv4,1/2] lamp 1=s@x")},
      {"subject-18", single("[PATCH v2.5 1/2] lamp", "v2 1/2" + alice + "[v2.5,1/2] lamp 1=s@x")},
      {"subject-26", single("[PATCH v3 00/10] lamp", "v3 0/10" + alice + "lamp [s@x]")},
      {"subject-34", single("[PATCH rev2 1/2] lamp", "v2 1/2" + alice + "[rev2,1/2] lamp 1=s@x")},
      {"subject-35", single("[PATCH v2 RESEND 0/3] lamp", "v2 0/3" + alice + "lamp [s@x]")},
      {"listid-none", {{altered(lamp, "List-Id: Test list <test.example.com>\n", "")}, {lone}}},
      {"listid-case", {{altered(lamp, "<test.example.com>", "<TEST.example.COM>")}, {lone}}},
      {"pull-6",
       {{altered(cover("s@x", "[GIT PULL] lamp"), "Commit message.",
                 "The following changes since commit 1111111111111111111111111111111111111111:\n\n"
                 "  x\n\nare available in the Git repository at:\n\n"
                 "  git://git.example.org/lamp.git tags/a+b\n\n"
                 "for you to fetch changes up to 2222222222222222222222222222222222222222:\n\n")},
        {"v1 1/1" + alice + "[GIT,PULL] lamp 1=s@x"}}},
      {"from-localhost-no-dot",
       {{altered(lamp, "<alice@example.org>", "<alice@localhost>")},
        {"v1 1/1 alice@localhost: lamp 1=s@x"}}},
      {"subject-missing",
       {{altered(lamp, "Subject: [PATCH] lamp\n", "")}, {"v1 1/1" + alice + " 1=s@x"}}},
      {"msgid-missing",
       {{altered(lamp, "Message-Id: <s@x>\n", "")}, {"v1 1/1" + alice + "lamp 1=(made up)"}}},
      {"body-charset-lies",
       {{altered(lamp, "\n\nCommit message.",
                 "\nContent-Type: text/plain; charset=us-ascii\n\nCaf\xC3\xA9.")},
        {lone}}},
      {"subject-match-projects",
       {raws({{"a@x", "[PATCH foo] lamp"}, {"b@x", "[PATCH bar] lamp", "", "", day}}),
        {"v1 1/1" + alice + "[foo] lamp 1=a@x", "v1 1/1" + alice + "[bar] lamp 1=b@x"}}},
      {"crosspost-two-projects",
       {{lamp.raw(), altered(lamp, "<test.example.com>", "<other.example.com>")}, {lone}}},
  };
  return table;
}

}  // namespace

TEST_CASE("tracker::Tracker::ingest: every intended deviation from Patchwork, with our own mails") {
  std::set<std::string> tested, intended;
  for (const auto& [name, own] : own_deviations()) {
    CAPTURE(name);
    tested.insert(name);
    patchmill::test::TestStore store(store::Engine::sqlite);
    Harness harness(store);
    for (const std::string& raw : own.mails) {
      harness.feed(std::vector<Incoming>{incoming(raw, "")});
    }
    std::set<std::string> found;
    for (const Series& series : harness.all()) {
      std::string line = describe(series);
      if (const auto at = line.find("@missing-message-id.invalid"); at != std::string::npos) {
        line = line.substr(0, line.rfind('=', at) + 1) + "(made up)";
      }
      found.insert(line);
    }
    CHECK(fmt::format("{}", fmt::join(found, "\n")) ==
          fmt::format("{}", fmt::join(own.series, "\n")));
    if (name == "crosspost-two-projects") {
      CHECK(harness.of("s@x").list_ids ==
            std::vector<std::string>{"other.example.com", "test.example.com"});
    } else if (name == "listid-case") {
      CHECK(harness.of("s@x").list_ids == std::vector<std::string>{"test.example.com"});
    } else if (name == "body-charset-lies") {
      const auto message = harness.queries().message("s@x");
      REQUIRE(message);
      CHECK(harness.queries().parsed(message->id)->text.starts_with("Caf\xC3\xA9."));
    }
  }
  for (const Deviation& deviation : deviations()) {
    intended.insert(deviation.scenario);
  }
  CHECK_MESSAGE(tested == intended, "every row needs mails of our own, and no other");
}
