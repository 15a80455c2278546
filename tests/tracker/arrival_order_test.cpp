// The order in which mails arrive, and how they are cut into batches, does not matter.

#include "mail/shared_data.hpp"
#include "support/sanitized.hpp"
#include "tracker/random_threads.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;

namespace {

// In memory: thousands of stores are made here.
class MemoryStore {
 public:
  MemoryStore() : m_database(store::Database::open(":memory:")) { store::migrate(*m_database); }
  std::set<std::string> series_of(const std::vector<Incoming>& mails, std::mt19937* random) {
    clear();
    Tracker tracker(*m_database, m_blobs, m_clock);
    std::size_t at = 0;
    while (at < mails.size()) {
      const std::size_t size = random == nullptr
                                   ? mails.size()
                                   : std::uniform_int_distribution<std::size_t>(1, 5)(*random);
      tracker.ingest(std::span(mails).subspan(at, std::min(size, mails.size() - at)));
      at += size;
    }
    Queries queries(*m_database, m_blobs);
    std::vector<Series> all;
    queries.each_series([&](const Series& series) { all.push_back(series); });
    return snapshot(all);
  }

 private:
  void clear() {
    for (const char* table :
         {"message_ids", "messages", "message_raw", "series_mails", "mail_dependencies", "series",
          "series_patches", "series_keys", "series_dependencies", "events"}) {
      m_database->exec(std::string("DELETE FROM ") + table);
    }
  }
  TempDir m_folder{"patchmill-test"};
  store::BlobStore m_blobs{m_folder.path()};
  std::unique_ptr<store::Database> m_database;
  ManualClock m_clock;
};

void check_permutations(MemoryStore& store, std::vector<Incoming> mails, std::mt19937& random,
                        int permutations) {
  const auto expected = store.series_of(mails, nullptr);
  for (int i = 0; i < permutations; ++i) {
    std::shuffle(mails.begin(), mails.end(), random);
    const auto found = store.series_of(mails, &random);
    if (found != expected) {
      std::string order;
      for (const Incoming& mail : mails) {
        order += mail.parsed ? mail.parsed->message_id + " " : "? ";
      }
      CAPTURE(order);
      CHECK(join(std::vector<std::string>(found.begin(), found.end()), "\n") ==
            join(std::vector<std::string>(expected.begin(), expected.end()), "\n"));
      return;
    }
  }
  CHECK(true);
}

}  // namespace

TEST_CASE("tracker::assemble: every arrival order of Patchwork's scenarios gives the same series") {
  const auto* answers = mail::test::patchwork_answers();
  if (answers == nullptr) {
    MESSAGE(mail::test::k_no_answers);
    return;
  }
  MemoryStore store;
  std::mt19937 random(1);
  for (const auto& [name, scenario] : answers->at("scenarios").as_object()) {
    CAPTURE(std::string(name));
    std::vector<Incoming> mails;
    std::set<std::string> ids;
    for (const auto& mail : scenario.at("mails").as_array()) {
      Incoming made = incoming(mail::test::bytes(mail));
      // Of two mails with one id the first stays; that is the one thing order decides.
      if (!made.parsed || ids.insert(made.parsed->message_id).second) {
        mails.push_back(std::move(made));
      }
    }
    if (mails.size() > 1) {
      check_permutations(store, mails, random, 50);
    }
  }
}

TEST_CASE("tracker::assemble: every arrival order of random threads gives the same series") {
  MemoryStore store;
  std::mt19937 random(2);
  constexpr unsigned threads = k_sanitized ? 12 : 60;
  for (unsigned seed = 0; seed < threads + threads / 2; ++seed) {
    CAPTURE(seed);
    std::vector<Incoming> mails;
    for (const MailSpec& mail : ThreadMaker(seed, seed >= threads).make()) {
      mails.push_back(incoming(mail.raw()));
    }
    check_permutations(store, mails, random, 50);
  }
}

TEST_CASE(
    "tracker::assemble: every arrival order of parts of several versions gives the same series") {
  MemoryStore store;
  std::mt19937 random(3);
  // Where the second version was posted does not matter: in answer to its patch, to another mail of
  // the first version, or outside its thread.
  for (const char* answered : {"p1@x", "p2@x", ""}) {
    CAPTURE(std::string(answered));
    std::vector<Incoming> mails;
    for (const MailSpec& mail : {
             MailSpec{"p1@x", "[PATCH 1/2] clock: tick"},
             MailSpec{.msgid = "p2@x", .subject = "[PATCH 2/2] clock: tock", .in_reply_to = "p1@x"},
             MailSpec{.msgid = "r1@x",
                      .subject = "[PATCH v2 1/2] clock: tick",
                      .in_reply_to = answered,
                      .seconds = day},
             MailSpec{.msgid = "s2@x",
                      .subject = "[PATCH v3 2/2] clock: tock",
                      .in_reply_to = "p2@x",
                      .seconds = 2 * day},
         }) {
      mails.push_back(incoming(mail.raw()));
    }
    const auto found = store.series_of(mails, nullptr);
    CHECK(std::ranges::any_of(found, [](const std::string& line) {
      return line.find(
                 "1=r1@x+ 2=s2@x | note: Only patch 2 was posted anew; the rest is from "
                 "version 2. | after: v2 ") != std::string::npos;
    }));
    check_permutations(store, mails, random, 50);
  }
}

TEST_CASE("tracker::assemble: every arrival order of slips and of versions beside the thread") {
  MemoryStore store;
  std::mt19937 random(4);
  const std::vector<std::vector<MailSpec>> threads{
      {{"a1@x", "[PATCH] mend it"},
       {"a2@x", "[PATCH v2 1/3] mend it", "a1@x", "", day},
       {"a3@x", "[PATCH v3] mend it", "a2@x", "", 2 * day},
       {"a4@x", "[PATCH v4] mend it", "", "", 3 * day},
       {"a5@x", "[PATCH v5] mend it well", "a4@x", "", 4 * day},
       {"a6@x", "[PATCH v6] mend it well", "", "", 5 * day}},
      {{"a1@x", "[PATCH] mend it"},
       {"a2@x", "[PATCH v2 1/3] mend it", "a1@x", "", day},
       {"b2@x", "[PATCH v2 2/3] more", "a2@x", "", day + 1},
       {"b3@x", "[PATCH v2 3/3] most", "a2@x", "", day + 2},
       {"a3@x", "[PATCH v3] mend it", "a2@x", "", 2 * day},
       {"a4@x", "[PATCH v4] mend it", "", "", 3 * day}},
      // The title by which the second version is known to lie between changes with a cover letter.
      {{"a1@x", "[PATCH] revert aaa"},
       {"a2@x", "[PATCH v2] revert bbb", "", "", day},
       {"a3@x", "[PATCH v3 1/2] revert bbb", "a1@x", "", 2 * day},
       {"b3@x", "[PATCH v3 2/2] more", "a3@x", "", 2 * day + 1},
       {"c3@x", "[PATCH v3 0/2] all", "a1@x", "", 2 * day - 1},
       {"a4@x", "[PATCH v4] revert bbb", "a1@x", "", 3 * day}},
      {{"a1@x", "[PATCH] revert aaa"},
       {"o1@x", "[PATCH] other"},
       {"a2@x", "[PATCH v2] revert bbb", "", "", day},
       {"c2@x", "[PATCH v2] other", "a1@x", "", day + 5},
       {"a3@x", "[PATCH v3] revert bbb", "a1@x", "", 2 * day},
       {"a4@x", "[PATCH v4] revert bbb", "o1@x", "", 3 * day}}};
  for (const std::vector<MailSpec>& thread : threads) {
    CAPTURE(thread.size());
    std::vector<Incoming> mails;
    for (const MailSpec& mail : thread) {
      mails.push_back(incoming(mail.raw()));
    }
    check_permutations(store, mails, random, 60);
  }
}
