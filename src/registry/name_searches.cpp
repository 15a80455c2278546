#include "registry/name_searches.hpp"

#include <algorithm>
#include <utility>

namespace patchmill::registry {
namespace {

constexpr std::size_t k_most_searches = 16;

}  // namespace

void NameSearches::forget_others(std::uint64_t names) {
  if (std::exchange(m_names, names) != names) {
    m_searches.clear();
  }
}

std::shared_ptr<const NameSearches::Rows> NameSearches::find(std::uint64_t names,
                                                             const Words& words) {
  const std::lock_guard lock(m_mutex);
  forget_others(names);
  const auto found = std::ranges::find(m_searches, words, &Search::words);
  if (found == m_searches.end()) {
    return nullptr;
  }
  std::rotate(m_searches.begin(), found, found + 1);
  return m_searches.front().rows;
}

void NameSearches::keep(std::uint64_t names, const Words& words, std::shared_ptr<const Rows> rows) {
  const std::lock_guard lock(m_mutex);
  forget_others(names);
  if (std::ranges::find(m_searches, words, &Search::words) != m_searches.end()) {
    return;
  }
  m_searches.push_front({words, std::move(rows)});
  if (m_searches.size() > k_most_searches) {
    m_searches.pop_back();
  }
}

std::size_t NameSearches::bytes() const {
  const std::lock_guard lock(m_mutex);
  std::size_t sum = 0;
  for (const Search& search : m_searches) {
    sum += search.rows->size() * sizeof(Rows::value_type);
  }
  return sum;
}

}  // namespace patchmill::registry
