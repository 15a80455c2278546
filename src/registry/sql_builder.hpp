#pragma once
// Conditions put together from filters. SQL is ours alone; whatever came from outside is bound.

#include "registry/find.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

// Whether text can be bound at all: UTF-8 without NUL. What cannot be names nothing.
bool bindable(std::string_view text);

// Different values of one filter; more than that fit nothing. Statements bind at most 32766
// (SQLite).
inline constexpr std::size_t k_most_values = 1'000;

// Moments from (at or after) until (earlier than), in microseconds.
struct Range {
  std::optional<std::int64_t> from, until;
};

// A WHERE clause and its values; columns and conditions are SQL of ours, the table's alias is t.
class Conditions {
 public:
  explicit Conditions(store::Engine engine) : m_engine(engine) {}
  Conditions(Conditions&&) noexcept = default;
  Conditions& operator=(Conditions&&) = delete;
  Conditions(const Conditions&) = delete;  // values look at texts
  Conditions& operator=(const Conditions&) = delete;
  ~Conditions() = default;

  void add(std::string_view condition);
  void add(std::string_view condition, std::int64_t value);
  void add(std::string_view condition, std::string value);
  // One of these, however many; none: any.
  void any_of(std::string_view column, std::span<const Id> ids);
  // One of these; none, or too many: nothing fits. Values that cannot be bound fit nothing.
  void any_of(std::string_view column, std::span<const std::string> texts);
  // The same for Message-IDs, by the index on their first 200 characters.
  void any_msgid(std::string_view column, std::span<const std::string> msgids);
  void within(std::string_view column, const Range& range);
  // Every word somewhere in one of the columns, letters of ASCII in any case.
  void contains(std::initializer_list<std::string_view> columns,
                std::span<const std::string> words);

  // " WHERE …", or empty.
  [[nodiscard]] const std::string& sql() const { return m_sql; }
  [[nodiscard]] std::vector<store::Value> values() const { return m_values; }
  [[nodiscard]] store::Engine engine() const { return m_engine; }

 private:
  void bind(std::string text);

  store::Engine m_engine;
  std::string m_sql;
  std::vector<store::Value> m_values;
  std::deque<std::string> m_texts;  // what m_values looks at: a deque never moves its elements
};

// What an index in memory can order by; projects and kinds of patches by their own order, users and
// submitters by their names.
enum class ListKey { id, date, project, submitter, kind, flag, name, user_name, submitter_name };

struct SortKey {
  std::string_view field;  // as people name it
  std::string_view sql;
  bool text = false;  // compared byte by byte, whatever the collation of the database
  std::optional<ListKey> key = {};
};
struct SortBy {
  ListKey key = ListKey::id;
  bool descending = false;
};
struct Sorting {
  std::string sql;           // " ORDER BY …"
  std::vector<SortBy> keys;  // what an index has to order by; empty: it cannot
};
// By the asked keys, then by id in the direction of the last one; none that is known: by the first
// key, as `otherwise`. After a name that an index orders by, further keys do not count: it knows
// the order of names, but not which are equal.
Sorting order_by(store::Engine engine, const Order& order, std::span<const SortKey> keys,
                 bool otherwise_descending = false);

// Which rows a page has; a page that no number of rows reaches has no limit.
struct Slice {
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;
};
Slice slice_of(PageAsked page);

// The ids of a page and the number of all that fit.
struct Selection {
  std::vector<Id> ids;
  std::uint64_t total = 0;
};
Selection select(store::Database& database, std::string_view table, const Conditions& conditions,
                 std::string_view order, PageAsked page);

}  // namespace patchmill::registry
