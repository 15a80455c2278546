#pragma once
// Lists of XML-RPC have no pages: all that fit, or the first or last of them.

#include "api/xmlrpc/value.hpp"
#include "registry/find.hpp"
#include "util/result.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace patchmill::api::xmlrpc {

inline constexpr std::size_t k_most_found = 10'000;      // in an answer
inline constexpr std::size_t k_most_looked_at = 50'000;  // for one

// What `fits` of the pages that `fetch` gives, which is told whether to begin at the end. count: 0
// for all, n for the first n, -n for the last n. Error limit when it would be more work than
// anybody may ask for.
template <class T, class Fetch, class Fits>
Result<std::vector<T>> limited(std::int64_t count, Fetch fetch, Fits fits) {
  constexpr std::uint64_t page_size = 250;
  const bool from_end = count < 0;
  const auto wanted = static_cast<std::uint64_t>(count);
  const std::uint64_t most = from_end ? 0 - wanted : count == 0 ? std::uint64_t(-1) : wanted;
  std::vector<T> found;
  for (std::uint64_t page = 1; found.size() < most; ++page) {
    auto next = fetch(registry::PageAsked{page, page_size}, from_end);
    for (T& item : next.items) {
      if (found.size() < most && fits(item)) {
        found.push_back(std::move(item));
      }
    }
    const std::uint64_t seen = page * page_size;
    if (next.items.empty() || seen >= next.total) {
      break;
    }
    if (found.size() < most && (found.size() >= k_most_found || seen >= k_most_looked_at)) {
      return fail(
          ErrorKind::limit,
          "This is more than one call may ask for; add filters, or use the REST API, whose lists "
          "have pages.");
    }
  }
  if (from_end) {
    std::reverse(found.begin(), found.end());
  }
  return found;
}

template <class T, class Fetch, class Fits, class As>
Result<Value> described(std::int64_t count, Fetch fetch, Fits fits, As as) {
  PM_TRY_ASSIGN(const auto found, limited<T>(count, fetch, fits));
  Array items;
  items.reserve(found.size());
  for (const T& one : found) {
    items.push_back(as(one));
  }
  return Value{std::move(items)};
}

}  // namespace patchmill::api::xmlrpc
