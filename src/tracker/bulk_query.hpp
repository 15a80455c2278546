#pragma once
// "WHERE x IN (…)" in chunks of one size, so that the statement is cached.

#include "store/database.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace patchmill::tracker {

inline constexpr std::size_t bulk_chunk = 64;

namespace detail {
template <class T, class F, std::size_t... I>
void each_chunk(store::Database& database, std::string_view sql, F& f,
                const std::array<T, bulk_chunk>& values, std::index_sequence<I...> /*indices*/) {
  database.each(sql, f, values[I]...);
}
}  // namespace detail

// Calls f(row) for the rows of "`select` IN (values)". Values may repeat within a chunk.
template <class T, class F>
void each_in(store::Database& database, std::string_view select, std::span<const T> values, F&& f) {
  std::string sql(select);
  sql += " IN (?";
  for (std::size_t i = 1; i < bulk_chunk; ++i) {
    sql += ",?";
  }
  sql += ')';
  for (std::size_t at = 0; at < values.size(); at += bulk_chunk) {
    std::array<T, bulk_chunk> chunk;
    for (std::size_t i = 0; i < bulk_chunk; ++i) {
      chunk[i] = values[std::min(at + i, values.size() - 1)];
    }
    detail::each_chunk(database, sql, f, chunk, std::make_index_sequence<bulk_chunk>());
  }
}

}  // namespace patchmill::tracker
