#pragma once
// Series as a list: newest first, filtered, a page at a time.

#include "findings/finding.hpp"
#include "http/target.hpp"
#include "mail/address.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::web {

enum class SeriesState {
  current,     // everything but superseded ones
  all,         //
  running,     // being tested
  waiting,     // current and without a verdict
  superseded,  // a newer revision exists
};
std::string_view to_string(SeriesState state);
std::optional<SeriesState> series_state_from(std::string_view text);

struct InboxFilter {
  std::string text;  // words that all occur in title or author
  std::optional<findings::Verdict> verdict;
  SeriesState state = SeriesState::current;
  std::string tree, list, author;      // author: a mail address
  std::string name;                    // what the person calls this view
  std::optional<std::int64_t> before;  // paging: series with smaller numbers

  // "verdict=fail&tree=net" for links; empty: everything as it comes. Without paging.
  [[nodiscard]] std::string query() const;
  friend bool operator==(const InboxFilter&, const InboxFilter&) = default;
};
// Error invalid names the parameter and what it may be. Values are cut to 200 bytes.
Result<InboxFilter> inbox_filter(const http::Params& query);

// What ran in the newest attempt, by result.
struct NodeCounts {
  int pass = 0, warning = 0, fail = 0, skip = 0, incomplete = 0;
  int open = 0;    // not done
  int active = 0;  // of these, on a worker now
};

struct InboxRow {
  std::int64_t number = 0;
  std::string name;
  int version = 1, total = 1, received = 0;
  mail::Address submitter;
  Timestamp date{};
  std::vector<std::string> lists;
  bool superseded = false, is_rfc = false, running = false;
  std::optional<findings::Verdict> verdict;
  std::string reason;
  std::optional<Timestamp> judged;
  std::string tree;
  NodeCounts counts;
};

struct Inbox {
  InboxFilter filter;
  std::vector<InboxRow> rows;
  std::optional<std::int64_t> next;  // `before` of the next page
};

// Bounded by `limit` rows; a rare word in a large store costs one pass over the titles.
Inbox read_inbox(store::Database& database, const InboxFilter& filter, std::size_t limit);
// Those of these numbers that exist, in their order.
std::vector<InboxRow> read_rows(store::Database& database, std::span<const std::int64_t> numbers);
// Series judged last, newest verdict first; the filter's `before` and state are not looked at.
std::vector<InboxRow> read_judged(store::Database& database, const InboxFilter& filter,
                                  std::size_t limit);

}  // namespace patchmill::web
