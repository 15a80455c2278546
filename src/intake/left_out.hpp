#pragma once
// What could not be read of places that are followed, until it could.

#include "util/result.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::intake {

// By place: what its last reading went past (Source::take_left_out()).
class LeftOut {
 public:
  // The place is read again: what was said about it does not count any more.
  void forget(const std::string& place) { m_places.erase(place); }
  void add(const std::string& place, std::vector<Error> errors) {
    if (errors.empty()) {
      return;
    }
    auto& entry = m_places[place];
    if (entry.count == 0) {
      entry.first = std::move(errors.front().message);
    }
    entry.count += errors.size();
  }
  [[nodiscard]] bool any() const { return !m_places.empty(); }
  [[nodiscard]] bool any(const std::string& place) const { return m_places.contains(place); }
  // "it", or "it and 3 more", of all places.
  [[nodiscard]] std::string count() const {
    std::size_t all = 0;
    for (const auto& [place, entry] : m_places) {
      all += entry.count;
    }
    return all <= 1 ? "it" : "it and " + std::to_string(all - 1) + " more";
  }
  // The first message; empty: nothing is left out.
  [[nodiscard]] std::string first() const {
    return m_places.empty() ? std::string() : m_places.begin()->second.first;
  }

 private:
  struct Entry {
    std::string first;
    std::size_t count = 0;
  };
  std::map<std::string, Entry> m_places;
};

}  // namespace patchmill::intake
