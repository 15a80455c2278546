#pragma once
// What the last searches in names found: whoever pages through a list, or orders it in another way,
// asks the same again.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchmill::registry {

// Any number of threads at once.
class NameSearches {
 public:
  using Words = std::vector<std::string>;
  using Rows = std::vector<std::uint64_t>;  // a bit each

  // `names`: a number that is another one whenever a name is. Null: it has to be looked for.
  [[nodiscard]] std::shared_ptr<const Rows> find(std::uint64_t names, const Words& words);
  void keep(std::uint64_t names, const Words& words, std::shared_ptr<const Rows> rows);
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Search {
    Words words;
    std::shared_ptr<const Rows> rows;
  };
  void forget_others(std::uint64_t names);

  mutable std::mutex m_mutex;
  std::uint64_t m_names = 0;
  std::deque<Search> m_searches;  // the last one asked for in front
};

}  // namespace patchmill::registry
