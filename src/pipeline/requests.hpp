#pragma once
// What people ask for from outside: done by the service.
//
// A request is a row until somebody takes it, so it may be made while nothing runs.

#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::pipeline {

enum class RequestKind { retry_series, retry_node, cancel_series, cancel_node };
std::string_view to_string(RequestKind kind);  // "retry-series", ...
std::optional<RequestKind> request_kind_from(std::string_view text);
[[nodiscard]] constexpr bool is_about_node(RequestKind kind) {
  return kind == RequestKind::retry_node || kind == RequestKind::cancel_node;
}

struct Request {
  std::int64_t id = 0;
  RequestKind kind = RequestKind::retry_series;
  std::int64_t target = 0;  // series or node
  std::string who;          // token's owner or login name, for people
  std::string reason;       // may be empty
  Timestamp time{};
};

class Requests {
 public:
  Requests(store::Database& database, const Clock& clock);

  // Adds it with the event retry-requested or cancel-requested. One that waits already with the
  // same kind and target is returned instead, without an event. Whether a series exists is for the
  // caller to know; error not_found when there is no such node.
  Result<Request> add(RequestKind kind, std::int64_t target, std::string_view who,
                      std::string_view reason);
  // The oldest, gone from the table with the event request-taken. Call it inside the transaction
  // that does what was asked: a rollback brings the request back. Two takers never get the same.
  // Rows of a newer version's kinds stay where they are.
  std::optional<Request> take();
  std::vector<Request> list(std::size_t limit = 1000);  // oldest first

 private:
  store::Database& m_database;
  const Clock& m_clock;
};

}  // namespace patchmill::pipeline
