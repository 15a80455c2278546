#include "registry/series_ids.hpp"

#include "registry/turn.hpp"

#include <algorithm>
#include <string_view>

namespace patchmill::registry {
namespace {

// No tracker counts so far; still 32 bits, which clients may take for granted.
constexpr Id k_far = 1 << 30;
constexpr std::string_view k_floor = "ids of registry_series are numbers above";

Id one_counter(store::Database& database, std::string_view name, Id otherwise) {
  const auto row =
      database.one<std::int64_t>("SELECT value FROM registry_counters WHERE name = ?", name);
  return row ? std::get<0>(*row) : otherwise;
}

}  // namespace

SeriesIds::SeriesIds(store::Database& database)
    : m_database(database), m_floor(one_counter(database, k_floor, -1)) {
  if (m_floor < 0) {
    // What is there was numbered by itself, or by another Patchwork.
    m_floor = database.value<Id>("SELECT COALESCE(MAX(id), 0) FROM registry_series");
    raise_counter(database, k_floor, m_floor);
  }
}

void SeriesIds::load() {
  if (m_next == 0) {
    m_kept = one_counter(m_database, "kept free in registry_series", 0);
    m_next = 1 + std::max(m_kept, m_database.value<Id>("SELECT COALESCE(MAX(id), 0)"
                                                       " FROM registry_series WHERE id < ?",
                                                       k_far));
  }
}

bool SeriesIds::held(Id id, std::int64_t& by) const {
  if (const auto given = m_given.find(id); given != m_given.end()) {
    by = given->second;
    return true;
  }
  const auto row =
      m_database.one<std::int64_t>("SELECT number FROM registry_series WHERE id = ?", id);
  by = row ? std::get<0>(*row) : 0;
  return row.has_value();
}

Id SeriesIds::far() {
  if (m_far == 0) {
    m_far =
        std::max({k_far, m_kept + 1,
                  m_database.value<Id>("SELECT COALESCE(MAX(id), 0) + 1 FROM registry_series")});
  }
  return m_far++;
}

Id SeriesIds::next() {
  load();
  return m_next < k_far ? m_next++ : far();
}

Id SeriesIds::of(std::int64_t number) {
  load();
  if (number > std::max(m_floor, m_kept) && number < k_far) {
    std::int64_t by = 0;
    if (number >= m_next || !held(number, by)) {
      m_next = std::max(m_next, number + 1);
      m_given.emplace(number, number);
      return number;
    }
    if (by == number) {
      return far();
    }
  }
  const Id id = next();
  m_given.emplace(id, number);
  return id;
}

void SeriesIds::adopted(Id id) {
  if (id > m_floor) {
    m_floor = id;
    raise_counter(m_database, k_floor, id);
  }
}

}  // namespace patchmill::registry
