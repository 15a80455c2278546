#pragma once
// A store that is written to by followers, for the tests of what is followed.

#include "intake/follower.hpp"
#include "intake/mail_writer.hpp"
#include "intake/mails.hpp"
#include "support/store_fixture.hpp"
#include "tracker/queries.hpp"
#include "util/log.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::test {

using std::chrono::milliseconds;

// True as soon as the condition holds; false when it does not within that time.
inline bool soon(const std::function<bool()>& condition,
                 milliseconds at_most = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

// Short waits, so that tests of failures are quick.
inline intake::BackoffOptions quick_backoff() {
  return {milliseconds(10), milliseconds(100), milliseconds(50)};
}

struct Following {
  explicit Following(TestStore& test_store)
      : store(test_store),
        writer([url = test_store.url()] { return store::Database::open(url); }, test_store.blobs(),
               clock) {
    log::set_level(log::Level::error);  // failures are what many of these tests are about
  }
  ~Following() { log::set_level(log::Level::info); }

  std::unique_ptr<intake::Follower> follow(std::unique_ptr<intake::Feed> feed) {
    intake::FollowOptions options;
    options.name = "test";
    options.backoff = quick_backoff();
    return std::make_unique<intake::Follower>(std::move(feed), writer, parsers, clock,
                                              std::move(options));
  }
  // Message-IDs as stored, sorted.
  std::vector<std::string> stored() {
    std::vector<std::string> ids;
    auto rows = store.database().rows<std::string>(
        "SELECT i.msgid FROM messages m JOIN message_ids i ON i.id = m.id");
    for (auto& [id] : rows) {
      ids.push_back(std::move(id));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  std::size_t count() {
    return static_cast<std::size_t>(
        store.database().value<std::int64_t>("SELECT COUNT(*) FROM messages"));
  }
  bool reaches(std::size_t mails, milliseconds at_most = std::chrono::seconds(20)) {
    const bool there = soon([&] { return count() >= mails; }, at_most);
    return there && count() == mails;
  }
  std::string raw(const std::string& msgid) {
    tracker::Queries queries(store.database(), store.blobs());
    const auto message = queries.message(msgid);
    return message ? queries.raw(message->id).value() : "(not stored)";
  }

  TestStore& store;
  SystemClock clock;
  ThreadPool parsers{2};
  intake::MailWriter writer;
};

// How long it takes to destroy something, which is how followers are stopped.
template <class T>
milliseconds time_to_stop(std::unique_ptr<T>& object) {
  const auto start = std::chrono::steady_clock::now();
  object.reset();
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace patchmill::test
