#include "registry/follow.hpp"

#include "registry/follow_mails.hpp"
#include "registry/follow_rules.hpp"
#include "registry/turn.hpp"
#include "store/cursors.hpp"
#include "store/event_log.hpp"
#include "tracker/mail_rows.hpp"
#include "util/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace patchmill::registry {
namespace {

constexpr std::size_t at_once = 2000;  // a transaction

// Names of cursors.
constexpr const char* const events_read = "patchwork";
constexpr const char* const mails_read = "patchwork-mails";  // while every mail is looked at again
constexpr const char* const series_read = "patchwork-series";  // then, while every series is
constexpr const char* const projects_seen = "patchwork-projects";

std::optional<std::int64_t> number_at(store::Database& database, std::string_view name) {
  const auto value = store::cursor(database, name);
  const auto number = value ? parse_uint(*value) : std::nullopt;
  return number ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}

void set_number_at(store::Database& database, std::string_view name, std::int64_t value) {
  store::set_cursor(database, name, std::to_string(value));
}

std::optional<std::int64_t> message_of(const store::Event& event) {
  boost::system::error_code error;
  const boost::json::value payload = boost::json::parse(event.payload, error);
  const auto* object = error ? nullptr : payload.if_object();
  const auto* message = object == nullptr ? nullptr : object->if_contains("message");
  return message == nullptr || !message->is_int64() ? std::nullopt
                                                    : std::optional(message->get_int64());
}

// One transaction of it.
class Step {
 public:
  Step(store::Database& database, const store::BlobStore& blobs, Timestamp now)
      : m_database(database), m_blobs(blobs), m_now(now) {}

  std::size_t run(std::size_t limit) {
    store::Transaction transaction(m_database);
    wait_for_turn(m_database);
    const FollowRules rules(m_database);
    if (!rules.any_project()) {
      return 0;
    }
    begin_again_if_needed(rules);
    std::size_t taken = take_mails(rules, limit);
    taken = taken != 0 ? taken : take_series(rules, limit);
    taken = taken != 0 ? taken : take_events(rules, limit);
    transaction.commit();
    return taken;
  }

 private:
  void begin_again_if_needed(const FollowRules& rules) {
    const auto read = number_at(m_database, events_read);
    const auto events = store::event_span(m_database);
    const bool lost = events && events->oldest > read.value_or(0) + 1;
    const auto seen = store::cursor(m_database, projects_seen);
    if (lost || (seen && *seen != rules.fingerprint())) {
      set_number_at(m_database, mails_read, 0);
    }
    if (lost) {
      set_number_at(m_database, events_read, events->newest);
    }
    if (!seen || *seen != rules.fingerprint()) {
      store::set_cursor(m_database, projects_seen, rules.fingerprint());
    }
  }

  std::size_t take_mails(const FollowRules& rules, std::size_t limit) {
    const auto read = number_at(m_database, mails_read);
    if (!read) {
      return 0;
    }
    const std::vector<std::int64_t> mails = tracker::mails_after(m_database, *read, limit);
    if (mails.empty()) {
      store::remove_cursor(m_database, mails_read);
      set_number_at(m_database, series_read, 0);
      return 0;
    }
    FollowMails(m_database, m_blobs, rules, m_now).run(mails, {});
    set_number_at(m_database, mails_read, mails.back());
    return mails.size();
  }

  // The events that told of their end may be lost.
  std::size_t take_series(const FollowRules& rules, std::size_t limit) {
    const auto read = number_at(m_database, series_read);
    if (!read) {
      return 0;
    }
    std::set<std::int64_t> numbers;
    m_database.each(
        "SELECT DISTINCT number FROM registry_series WHERE number > ? AND gone = 0"
        " ORDER BY number LIMIT ?",
        [&](const store::Row& row) { numbers.insert(row.integer(0)); }, *read, limit);
    if (numbers.empty()) {
      store::remove_cursor(m_database, series_read);
      return 0;
    }
    FollowMails(m_database, m_blobs, rules, m_now).run({}, numbers);
    set_number_at(m_database, series_read, *numbers.rbegin());
    return numbers.size();
  }

  std::size_t take_events(const FollowRules& rules, std::size_t limit) {
    const auto events =
        store::events_after(m_database, number_at(m_database, events_read).value_or(0), limit);
    if (events.empty()) {
      return 0;
    }
    std::vector<std::int64_t> mails;
    std::set<std::int64_t> series;
    for (const store::Event& event : events) {
      if (event.kind == "series-created" || event.kind == "series-changed" ||
          event.kind == "series-removed") {
        series.insert(event.series.value_or(0));
      } else if (event.kind == "patch-created" || event.kind == "cover-created" ||
                 event.kind == "message-received" || event.kind == "message-relisted") {
        if (const auto mail = message_of(event)) {
          mails.push_back(*mail);
        }
      }
    }
    if (!mails.empty() || !series.empty()) {
      FollowMails(m_database, m_blobs, rules, m_now).run(std::move(mails), series);
    }
    set_number_at(m_database, events_read, events.back().id);
    return events.size();
  }

  store::Database& m_database;
  const store::BlobStore& m_blobs;
  Timestamp m_now;
};

}  // namespace

std::int64_t followed_to(store::Database& database) {
  return number_at(database, events_read).value_or(0);
}

std::size_t follow(store::Database& database, const store::BlobStore& blobs, Timestamp now,
                   std::size_t limit) {
  std::size_t taken = 0;
  while (taken < limit) {
    const std::size_t step = Step(database, blobs, now).run(std::min(limit - taken, at_once));
    if (step == 0) {
      break;
    }
    taken += step;
  }
  return taken;
}

}  // namespace patchmill::registry
