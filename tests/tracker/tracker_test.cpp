#include "tracker/tracker.hpp"

#include "store/event_log.hpp"
#include "tracker/tracker_support.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

namespace {

std::map<std::string, int> event_counts(TestStore& store) {
  std::map<std::string, int> counts;
  for (const store::Event& event : store::events_after(store.database(), 0, 100'000)) {
    ++counts[event.kind];
  }
  return counts;
}

std::vector<MailSpec> three_patches() {
  return {{"c@x", "[PATCH 0/3] thing", "", "", 0, "Alice A <alice@example.org>", false},
          {"p1@x", "[PATCH 1/3] a", "c@x", "", 1},
          {"p2@x", "[PATCH 2/3] b", "c@x", "", 2},
          {"p3@x", "[PATCH 3/3] c", "c@x", "", 3}};
}

}  // namespace

TEST_CASE("tracker::Tracker::ingest: tells what happened, once") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    const IngestOutcome outcome = harness.feed(three_patches());
    CHECK(outcome.stored == 4);
    CHECK(outcome.changed_series.size() == 1);
    const auto counts = event_counts(store);
    CHECK(counts == std::map<std::string, int>{{"series-created", 1},
                                               {"cover-created", 1},
                                               {"patch-created", 3},
                                               {"series-completed", 1}});
    const IngestOutcome again = harness.feed(three_patches());
    CHECK(again.stored == 0);
    CHECK(again.duplicates == 4);
    CHECK(again.changed_series.empty());
    CHECK(event_counts(store) == counts);
    const Series series = harness.of("p2@x");
    CHECK(describe(series) == "v1 3/3 alice@example.org: thing [c@x] 1=p1@x 2=p2@x 3=p3@x");
    CHECK(series.list_ids == std::vector<std::string>{"test.example.com"});
    CHECK(series.patches[1].name == "[2/3] b");
    CHECK(series.patches[1].title == "b");
  });
}

TEST_CASE("tracker::Tracker::ingest: events name the series of mails that were awaited, too") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    harness.feed({{"r@x", "Re: [PATCH] a", "p@x", "", 0, "Bob B <bob@example.org>", false}});
    harness.feed({{"q@x", "[PATCH] other", "", "", 1}});
    const auto before = store::event_span(store.database())->newest;
    harness.feed({{"p@x", "[PATCH] a", "", "", 2}, {"s@x", "[PATCH] third", "", "", 3}});
    std::map<std::string, std::int64_t> series;
    for (const store::Event& event : store::events_after(store.database(), before, 100)) {
      if (event.kind == "patch-created") {
        series[event.payload] = event.series.value_or(-1);
      }
    }
    REQUIRE(series.size() == 2);
    for (const auto& [payload, number] : series) {
      const bool awaited = payload.find("p@x") != std::string::npos;
      CHECK(number == harness.of(awaited ? "p@x" : "s@x").number);
    }
  });
}

TEST_CASE("tracker::Tracker::ingest: a patch without a diff is kept with its reason") {
  TestStore store(patchmill::store::Engine::sqlite);
  Harness harness(store);
  harness.feed({{"p@x", "[PATCH] a", "", "", 0, "Alice A <alice@example.org>", false},
                {"r@x", "[PATCH] a", "p@x", "", 1, "Alice A <alice@example.org>", false},
                {"q@x", "a question", "", "", 2, "Alice A <alice@example.org>", false}});
  const auto unusable = harness.queries().unusable_messages(10);
  REQUIRE(unusable.size() == 1);
  CHECK(unusable[0].message_id == "p@x");
  CHECK(unusable[0].reason == "its subject announces a patch, but it has no diff that can be read");
  CHECK(harness.queries().message("r@x")->kind == MessageKind::reply);
  CHECK(harness.queries().message("q@x")->kind == MessageKind::reply);
}

TEST_CASE("tracker::Tracker::ingest: a series keeps its number while it grows") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    auto mails = three_patches();
    std::reverse(mails.begin(), mails.end());
    harness.feed({mails[0]});
    const std::int64_t number = harness.of("p3@x").number;
    CHECK(harness.of("p3@x").name.empty());
    for (std::size_t i = 1; i < mails.size(); ++i) {
      CHECK(harness.feed({mails[i]}).changed_series == std::vector<std::int64_t>{number});
    }
    CHECK(harness.of("p3@x").received_all());
    CHECK(event_counts(store)["series-completed"] == 1);
    CHECK(event_counts(store)["series-changed"] == 3);
  });
}

TEST_CASE("tracker::Tracker::ingest: series that turn out to be one are merged, with an event") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    // Nothing ties 1/3 and 3/3 together until 2/3 comes.
    const MailSpec one{"p1@x", "[PATCH 1/3] a", "", "", 0};
    const MailSpec three{"p3@x", "[PATCH 3/3] c", "p2@x", "", 40 * 60};
    const MailSpec two{"p2@x", "[PATCH 2/3] b", "p1@x", "", 20 * 60};
    harness.feed({one});
    harness.feed({three});
    CHECK(harness.all().size() == 2);
    harness.feed({two});
    CHECK(harness.all().size() == 1);
    CHECK(harness.of("p3@x").number == harness.of("p1@x").number);
    CHECK(event_counts(store)["series-removed"] == 1);
  });
}

TEST_CASE("tracker::Tracker::ingest: a reply that links a reroll to its patch makes the revision") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    harness.feed(three_patches());
    // The mailer of the author has dropped the middle of the chain.
    const MailSpec reroll{"r2@x", "[PATCH v2] b, renamed", "review@x", "<c@x> <review@x>", day};
    harness.feed({reroll});
    CHECK(harness.of("r2@x").total == 1);
    const MailSpec review{"review@x", "Re: [PATCH 2/3] b",    "p2@x", "",
                          600,        "Bob <bob@example.org>"};
    CHECK(harness.feed({review}).changed_series.size() >= 1);
    CHECK(describe(harness.of("r2@x")) ==
          "v2 3/3 alice@example.org: thing [c@x] 1=p1@x+ 2=r2@x 3=p3@x+");
    CHECK(harness.of("r2@x").revision_of.has_value());
    CHECK(harness.queries().series_of("p1@x") == harness.of("r2@x").number);
  });
}

TEST_CASE("tracker::Tracker::ingest: part of a newer version outside the thread, in any order") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    const MailSpec part{"r2@x", "[PATCH v2 2/3] b", "", "", day};
    const MailSpec next{"s3@x", "[PATCH v3 3/3] c", "", "", 2 * day};
    harness.feed({next});
    harness.feed({part});
    CHECK(harness.of("r2@x").patches.size() == 1);
    harness.feed(three_patches());
    std::map<std::string, std::optional<std::int64_t>> works;
    for (const Series& series : harness.all()) {
      works[describe(series)] = series.revision_of;
    }
    const std::string author = " 3/3 alice@example.org: thing [c@x] ";
    REQUIRE(works.size() == 3);
    CHECK_FALSE(works.at("v1" + author + "1=p1@x 2=p2@x 3=p3@x"));
    CHECK(works.at("v2" + author + "1=p1@x+ 2=r2@x 3=p3@x+") ==
          harness.queries().series_of("p2@x"));
    CHECK(works.at("v3" + author + "1=p1@x+ 2=r2@x+ 3=s3@x"));
  });
}

TEST_CASE("tracker::Tracker::ingest: replies change no series") {
  TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed(three_patches());
  const MailSpec reply{"re@x", "Re: [PATCH 2/3] b",    "p2@x", "<c@x> <p2@x>",
                       60,     "Bob <bob@example.org>"};
  const IngestOutcome outcome = harness.feed({reply});
  CHECK(outcome.stored == 1);
  CHECK(outcome.changed_series.empty());
  const auto message = harness.queries().message("re@x");
  REQUIRE(message);
  CHECK(message->kind == MessageKind::reply);
  CHECK_FALSE(message->series);
}

TEST_CASE(
    "tracker::Tracker::ingest: of two mails with one id the first stays, both lists are known") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    const MailSpec mail{"a@x", "[PATCH] a"};
    MailSpec other = mail;
    other.subject = "[PATCH] b";
    harness.feed({mail});
    auto again = incoming(mail.raw(), "Second.Example.Com");
    CHECK(harness.feed(std::vector<Incoming>{again}).duplicates == 1);
    CHECK(harness.of("a@x").list_ids ==
          std::vector<std::string>{"second.example.com", "test.example.com"});
    CHECK(event_counts(store)["message-duplicate"] == 0);
    CHECK(event_counts(store)["message-relisted"] == 1);
    CHECK(harness.feed(std::vector<Incoming>{again}).duplicates == 1);
    CHECK(event_counts(store)["message-relisted"] == 1);
    CHECK(harness.feed({other}).duplicates == 1);
    CHECK(harness.of("a@x").name == "a");
    CHECK(event_counts(store)["message-duplicate"] == 1);
  });
}

TEST_CASE(
    "tracker::Tracker::ingest: an unusable mail is kept with its reason until a good one comes") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    const std::string broken = "Message-Id: <a@x>\nSubject: [PATCH] a\n\nno author\n";
    REQUIRE_FALSE(mail::parse_message(broken).has_value());
    const IngestOutcome outcome =
        harness.feed(std::vector<Incoming>{incoming(broken), incoming("")});
    CHECK(outcome.unusable == 2);
    CHECK(outcome.stored == 2);
    const auto unusable = harness.queries().unusable_messages(10);
    REQUIRE(unusable.size() == 2);
    for (const MessageRow& row : unusable) {
      CHECK_FALSE(row.reason.empty());
    }
    CHECK(harness.queries().raw(unusable[0].id) == broken);
    CHECK(harness.feed({MailSpec{"a@x", "[PATCH] a"}}).stored == 1);
    CHECK(harness.of("a@x").received_all());
    CHECK(harness.queries().unusable_messages(10).size() == 1);
    CHECK(harness.feed(std::vector<Incoming>{incoming(broken)}).duplicates == 1);
    CHECK(harness.of("a@x").received_all());
  });
}

// As a file gives them that was read before all of it was written.
TEST_CASE("tracker::Tracker::ingest: a mail that was cut off gives way to the whole one") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    const auto as_read = [](std::string raw, const std::string& source) {
      return make_incoming(std::move(raw), "test.example.com", source);
    };
    const std::string cover =
        MailSpec{"c@x", "[PATCH 0/2] t", "", "", 0, "Alice A <alice@example.org>", false}.raw();
    const std::string first = MailSpec{"p1@x", "[PATCH 1/2] a", "c@x", "", 1}.raw();
    const std::string second = MailSpec{"p2@x", "[PATCH 2/2] b", "c@x", "", 2}.raw();
    const std::size_t hunk = second.find("+new");
    harness.feed(std::vector<Incoming>{as_read(cover, "a"), as_read(first, "a")});
    const auto check_whole = [&] {
      const auto series = harness.of("p2@x");
      CHECK(describe(series) == "v1 2/2 alice@example.org: t [c@x] 1=p1@x 2=p2@x");
      CHECK(harness.queries().series_numbers().size() == 1);
      CHECK(harness.queries().raw(series.patches[1].message) == second);
      CHECK(harness.queries().message("p2@x")->reason.empty());
    };
    SUBCASE("in the middle of a hunk") {
      CHECK(harness.feed({as_read(second.substr(0, hunk + 2), "a")}).stored == 1);
      const auto reason = harness.queries().message("p2@x")->reason;
      CHECK(reason.starts_with("its diff is cut off or damaged: line "));
      const auto number = harness.of("p2@x").number;
      const auto outcome = harness.feed({as_read(second, "b")});
      CHECK(outcome.stored == 1);
      CHECK(outcome.changed_series == std::vector<std::int64_t>{number});
      check_whole();
      CHECK(harness.of("p2@x").number == number);
      CHECK(harness.feed({as_read(second.substr(0, hunk + 2), "a")}).duplicates == 1);
      check_whole();
    }
    SUBCASE("both in one batch") {
      const auto outcome =
          harness.feed({as_read(second.substr(0, hunk + 2), "a"), as_read(second, "a")});
      CHECK(outcome.stored == 1);
      check_whole();
    }
    SUBCASE("before the diff") {
      harness.feed({as_read(second.substr(0, second.find("Signed-off")), "a")});
      CHECK(harness.of("c@x").received_total() == 1);
      CHECK(harness.feed({as_read(second, "a")}).stored == 1);
      check_whole();
    }
    SUBCASE("behind the diff of one file of several") {
      const std::string more =
          "diff --git a/bar.c b/bar.c\n--- a/bar.c\n+++ b/bar.c\n@@ -1 +1 @@\n-x\n+y\n";
      harness.feed({as_read(second, "a")});
      CHECK(harness.feed({as_read(second + more, "b")}).duplicates == 1);
      check_whole();
      CHECK(harness.feed({as_read(second + more, "a")}).stored == 1);
      CHECK(harness.queries().raw(harness.of("p2@x").patches[1].message) == second + more);
    }
    SUBCASE("a copy that is not better, or of somebody else") {
      const std::string cut = second.substr(0, hunk + 2);
      harness.feed({as_read(cut, "a")});
      std::string other = second;
      other.replace(other.find("alice@"), 6, "mallo@");
      CHECK(harness.feed({as_read(other, "b")}).duplicates == 1);
      CHECK(harness.feed({as_read(second.substr(0, hunk + 1), "a")}).duplicates == 1);
      CHECK(harness.queries().raw(harness.queries().message("p2@x")->id) == cut);
    }
    SUBCASE("what was whole stays") {
      harness.feed({as_read(second, "a")});
      std::string other = second;
      other.replace(other.find("+new"), 4, "+old");
      CHECK(harness.feed({as_read(other, "a")}).duplicates == 1);
      check_whole();
    }
  });
}

TEST_CASE("tracker::Queries::raw: gives every mail back as received, small, large and huge") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    std::vector<Incoming> mails;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1500}, std::size_t{100'000}, std::size_t{3} << 20}) {
      MailSpec mail{"m" + std::to_string(size) + "@x", "[PATCH] m"};
      while (mail.text.size() < size) {
        mail.text += "A line of text that repeats itself.\n";
      }
      mails.push_back(incoming(mail.raw()));
      mails.push_back(make_incoming(mail.raw(), "test.example.com", "test"));
      mails.back().parsed->message_id += "2";
    }
    harness.feed(mails);
    for (const Incoming& mail : mails) {
      const auto row = harness.queries().message(mail.parsed->message_id);
      REQUIRE(row);
      CHECK(harness.queries().raw(row->id) == mail.raw);
    }
    CHECK(harness.queries().parsed(harness.queries().message("m1500@x")->id)->subject ==
          "[PATCH] m");
    CHECK_FALSE(harness.queries().raw(999'999).has_value());
    CHECK(harness.queries().message_counts().at("patch") == 8);
  });
}

TEST_CASE("tracker::Queries::notes: what was mended in a mail, and what is wrong with its diff") {
  TestStore store(store::Engine::sqlite);
  Harness harness(store);
  const MailSpec plain{"plain@x", "[PATCH] a"};
  std::string nul = MailSpec{"nul@x", "[PATCH] b", "", "", 1}.raw();
  nul.insert(nul.find("Commit message"), 1, '\0');
  nul.erase(nul.find("Date: "), nul.find('\n', nul.find("Date: ")) + 1 - nul.find("Date: "));
  MailSpec cut{"cut@x", "[PATCH] c", "", "", 2};
  std::string damaged = cut.raw();
  damaged.erase(damaged.find(" line2\n"));
  // A reply may well show half a diff.
  MailSpec review{"re@x", "Re: [PATCH] c", "cut@x", "", 3};
  std::string answer = review.raw();
  answer.erase(answer.find(" line2\n"));
  harness.feed(incoming({plain.raw(), nul, damaged, answer, "Subject: [PATCH] no sender\n\nx\n"}));
  const auto notes = [&](const char* msgid) {
    const auto row = harness.queries().message(msgid);
    REQUIRE(row);
    return harness.queries().notes(row->id);
  };
  CHECK(notes("plain@x").empty());
  CHECK(notes("nul@x") ==
        std::vector<std::string>{"has no Date header", "text has NUL bytes; removed",
                                 "its commit gets the date of the one before it"});
  const auto of_cut = notes("cut@x");
  REQUIRE(of_cut.size() == 1);
  CHECK(of_cut[0].starts_with("its diff is cut off or damaged: "));
  CHECK(notes("re@x").empty());
  CHECK(harness.queries().notes(1'000'000).empty());
}

TEST_CASE("tracker::Tracker::ingest: what a batch brings along is stored or lost with it") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    const std::vector<Incoming> batch{incoming(MailSpec{"a@x", "[PATCH] a"}.raw())};
    CHECK_THROWS(harness.tracker().ingest(batch, [] { throw std::runtime_error("disk full"); }));
    CHECK(harness.all().empty());
    CHECK_FALSE(harness.queries().message("a@x"));
    bool ran = false;
    harness.tracker().ingest(batch, [&] { ran = true; });
    CHECK(ran);
    CHECK(harness.all().size() == 1);
    harness.tracker().ingest({}, [&] { ran = false; });
    CHECK_FALSE(ran);
  });
}

TEST_CASE("tracker::Tracker::ingest: hostile headers are bounded") {
  on_each_engine([](TestStore& store) {
    Harness harness(store);
    std::string references;
    for (int i = 0; i < 10'000; ++i) {
      references += "<r" + std::to_string(i) + "@x>\n ";
    }
    MailSpec many{"many@x", "[PATCH] many", "", references};
    MailSpec early{"early@x", "[PATCH 1/2] early", "r0@x", "", 0};
    MailSpec late{"late@x", "[PATCH 2/2] late", "r9999@x", "", 3600};
    MailSpec long_id{std::string(700, 'i') + "@x", "[PATCH] long"};
    MailSpec long_too{std::string(700, 'i') + "y@x", "[PATCH] long, too"};
    MailSpec itself{"self@x", "[PATCH v2 2/2] self", "self@x"};
    harness.feed({many, early, late, long_id, long_too, itself});
    CHECK(harness.queries().series_of(long_id.msgid) !=
          harness.queries().series_of(long_too.msgid));
    // The newest and the oldest of its references count, so the thread is one.
    CHECK(harness.of("early@x").received_total() == 2);
    CHECK(store.database().value<std::int64_t>("SELECT count(*) FROM message_ids") < 1200);
  });
}

TEST_CASE("tracker::Tracker::ingest: a huge thread, mail by mail and in any cut") {
  TestStore store(store::Engine::sqlite);
  Harness harness(store);
  std::vector<MailSpec> mails{
      {"c@x", "[PATCH 0/400] c", "", "", 0, "Alice A <alice@example.org>", false}};
  for (int i = 1; i <= 400; ++i) {
    mails.push_back({"p" + std::to_string(i) + "@x",
                     "[PATCH " + std::to_string(i) + "/400] t" + std::to_string(i), "c@x", "", i});
  }
  for (int i = 0; i < 2000; ++i) {
    mails.push_back({"r" + std::to_string(i) + "@x", "Re: [PATCH] t",
                     i == 0 ? "p1@x" : "r" + std::to_string(i - 1) + "@x", "", 1000 + i,
                     "Bob <bob@example.org>", false});
  }
  for (std::size_t at = 0; at < mails.size(); at += 100) {
    harness.feed(std::vector<MailSpec>(
        mails.begin() + static_cast<std::ptrdiff_t>(at),
        mails.begin() + static_cast<std::ptrdiff_t>(std::min(at + 100, mails.size()))));
  }
  REQUIRE(harness.all().size() == 1);
  CHECK(harness.all()[0].received_all());
  CHECK(store.database().value<std::int64_t>("SELECT count(DISTINCT thread) FROM message_ids") ==
        1);
}

TEST_CASE("tracker::Queries::each_series: more than one chunk, ascending") {
  TestStore store(store::Engine::sqlite);
  Harness harness(store);
  std::vector<MailSpec> mails;
  for (int i = 0; i < 1100; ++i) {
    mails.push_back({"m" + std::to_string(i) + "@x", "[PATCH] t" + std::to_string(i), "", "", i});
  }
  harness.feed(mails);
  std::vector<std::int64_t> numbers;
  harness.queries().each_series([&](const Series& series) {
    numbers.push_back(series.number);
    CHECK(series.patches.size() == 1);
  });
  CHECK(numbers == harness.queries().series_numbers());
  CHECK(numbers.size() == 1100);
  CHECK_FALSE(harness.queries().series(99'999));
  CHECK_FALSE(harness.queries().series_of("nobody@x"));
}

TEST_CASE("tracker::Tracker::ingest: a patch that cannot be read says so, also within a thread") {
  TestStore store(store::Engine::sqlite);
  Harness harness(store);
  harness.feed(three_patches());
  MailSpec numbered{"n@x", "[PATCH v2 2/3] b", "c@x", "", day};
  MailSpec talk{"t@x", "[PATCH] b", "p2@x", "", day};  // an answer without "Re:"
  numbered.diff = talk.diff = false;
  std::string html = MailSpec{"h@x", "[PATCH] d", "c@x", "", day}.raw();
  html.insert(html.find("\n\n") + 1, "Content-Type: text/html\n");
  MailSpec review{"q@x", "[PATCH 2/3] b", "p2@x", "", day, "Bob B <bob@example.org>", false};
  review.text = "Alice wrote:\n> +int x;\nWhy?\n";
  harness.feed(incoming({numbered.raw(), talk.raw(), html, review.raw()}));
  CHECK(harness.queries().message("q@x")->kind == MessageKind::reply);
  const auto reason = [&](const char* msgid) {
    const auto row = harness.queries().message(msgid);
    REQUIRE(row);
    return std::string(to_string(row->kind)) + ": " + row->reason;
  };
  const std::string announces =
      "unusable: its subject announces a patch, but it has no diff that can be read";
  CHECK(reason("n@x") == announces);
  CHECK(reason("h@x") == announces + ": has only HTML, which is not read");
  CHECK(reason("t@x") == "reply: ");
}

TEST_CASE("tracker::Queries::series: without a date it counts from when it was received") {
  TestStore store(store::Engine::sqlite);
  Harness harness(store);
  std::string raw = MailSpec{"n@x", "[PATCH] a"}.raw();
  const std::size_t date = raw.find("Date:");
  raw.erase(date, raw.find('\n', date) + 1 - date);
  harness.feed(incoming(std::vector<std::string>{raw}));
  const Series series = harness.of("n@x");
  CHECK(to_iso(series.date) == to_iso(store.clock().now()));
  CHECK(series.patches[0].date == series.date);
}
