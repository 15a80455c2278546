#pragma once
// Pages of lists: what is asked for, and the Link header that leads to the others.

#include "http/target.hpp"
#include "registry/find.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

inline constexpr std::uint64_t k_page_size = 30;
inline constexpr std::uint64_t k_largest_page = 250;

struct Asked {
  registry::PageAsked page;
  bool last = false;  // "page=last": whichever that is
};
// Nothing: there can be no such page. A per_page that makes no sense is the default, one that is
// too large the largest.
std::optional<Asked> page_asked(const http::Params& query);

// At least 1: the first page is there even when it is empty.
std::uint64_t page_count(std::uint64_t total, std::uint64_t per_page);

// next, prev, first, last in this order: clients take the first entry for `next`. `url` is the
// list's without its query.
std::string link_header(std::string_view url, const http::Params& query, std::uint64_t page,
                        std::uint64_t pages);

}  // namespace patchmill::api::patchwork
