#include "service/dependents.hpp"

#include "tracker/dependencies.hpp"

#include <set>

namespace patchmill::service {
namespace {

constexpr int k_longest_chain = 16;
constexpr std::size_t k_most_found = 10'000;

}  // namespace

std::vector<std::int64_t> dependents_of(store::Database& database, tracker::Queries& queries,
                                        std::span<const std::int64_t> numbers) {
  std::set<std::int64_t> seen(numbers.begin(), numbers.end());
  std::set<std::int64_t> found;
  std::vector<std::int64_t> last(numbers.begin(), numbers.end());
  for (int depth = 0; depth < k_longest_chain && !last.empty(); ++depth) {
    // Whoever names one revision gets another.
    std::set<std::int64_t> named(last.begin(), last.end());
    for (const std::int64_t number : last) {
      const auto revisions = queries.revisions(number);
      named.insert(revisions.begin(), revisions.end());
    }
    last.clear();
    const std::vector<std::int64_t> asked(named.begin(), named.end());
    for (const auto& [series, on] : tracker::dependency_links(database, asked)) {
      if (named.contains(on) && found.size() < k_most_found && seen.insert(series).second) {
        found.insert(series);
        last.push_back(series);
      }
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace patchmill::service
