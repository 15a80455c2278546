#include "registry/person_order.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

namespace patchmill::registry {
namespace {

constexpr std::string_view k_people_changes = "people changed";
// Above that there is no place for each id: 64 MB.
constexpr Id k_largest_person = Id{1} << 24;

}  // namespace

void note_people_changed(store::Database& database) {
  database.exec(
      "INSERT INTO registry_counters (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE"
      " SET value = registry_counters.value + 1",
      k_people_changes);
}

void PersonOrder::read_after(store::Database& database, Id known) {
  std::vector<Named> fresh;
  database.each(
      "SELECT name, id FROM registry_people WHERE id > ? AND id <= ?",
      [&](const store::Row& row) { fresh.push_back({row.get<std::string>(0), row.integer(1)}); },
      known, k_largest_person);
  const auto before = [](const Named& a, const Named& b) {
    return std::tie(a.name, a.id) < std::tie(b.name, b.id);
  };
  std::sort(fresh.begin(), fresh.end(), before);
  const auto middle = static_cast<std::ptrdiff_t>(m_people.size());
  m_people.insert(m_people.end(), std::make_move_iterator(fresh.begin()),
                  std::make_move_iterator(fresh.end()));
  std::inplace_merge(m_people.begin(), m_people.begin() + middle, m_people.end(), before);
}

void PersonOrder::place() {
  Places places;
  m_newest = 0;
  for (const Named& person : m_people) {
    m_newest = std::max(m_newest, person.id);
  }
  places.resize(static_cast<std::size_t>(m_newest) + 1);
  std::uint32_t at = 0;
  const std::string* name = nullptr;
  for (const Named& person : m_people) {
    at += name == nullptr || *name != person.name ? 1u : 0u;
    name = &person.name;
    places[static_cast<std::size_t>(person.id)] = at;
  }
  m_places = std::make_shared<const Places>(std::move(places));
}

std::shared_ptr<const PersonOrder::Places> PersonOrder::places(store::Database& database) {
  const std::lock_guard lock(m_mutex);
  const auto [change, newest] = *database.one<std::int64_t, Id>(
      "SELECT COALESCE((SELECT value FROM registry_counters WHERE name = ?), 0),"
      " (SELECT COALESCE(MAX(id), 0) FROM registry_people WHERE id <= ?)",
      k_people_changes, k_largest_person);
  if (change > m_change) {
    m_people.clear();
    m_newest = 0;
  }
  if (change > m_change || newest > m_newest) {
    read_after(database, m_newest);
    place();
    m_change = std::max(m_change, change);
  }
  return m_places;
}

std::size_t PersonOrder::bytes() const {
  const std::lock_guard lock(m_mutex);
  std::size_t sum = m_people.capacity() * sizeof(Named) + m_places->capacity() * 4;
  for (const Named& person : m_people) {
    sum += person.name.capacity();
  }
  return sum;
}

}  // namespace patchmill::registry
