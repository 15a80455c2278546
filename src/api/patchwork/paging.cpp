#include "api/patchwork/paging.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace patchmill::api::patchwork {
namespace {

// Nobody has as many; beyond it an offset would overflow.
constexpr std::uint64_t k_last_page = 1'000'000'000;

// Python's quote_plus().
void append_quoted(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9');
    if (letter || c == '_' || c == '.' || c == '-' || c == '~') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
}

std::string_view last_of(const http::Params& query, std::string_view name) {
  const auto all = query.all(name);
  return all.empty() ? std::string_view{} : trim(all.back());
}

}  // namespace

std::optional<Asked> page_asked(const http::Params& query) {
  Asked asked;
  asked.page.per_page = k_page_size;
  const std::string_view size = last_of(query, "per_page");
  if (const auto number = parse_uint(size); number && *number > 0) {
    asked.page.per_page = std::min(*number, k_largest_page);
  } else if (!number && size.size() > 15 &&
             size.find_first_not_of("0123456789") == std::string_view::npos) {
    asked.page.per_page = k_largest_page;  // a number that fits nowhere
  }
  if (!query.has("page")) {
    return asked;
  }
  const std::string_view page = last_of(query, "page");
  if (page == "last") {
    asked.last = true;
    return asked;
  }
  const auto number = parse_uint(page);
  if (!number || *number == 0 || *number > k_last_page) {
    return std::nullopt;
  }
  asked.page.page = *number;
  return asked;
}

std::uint64_t page_count(std::uint64_t total, std::uint64_t per_page) {
  return total == 0 ? 1 : (total + per_page - 1) / per_page;
}

std::string link_header(std::string_view url, const http::Params& query, std::uint64_t page,
                        std::uint64_t pages) {
  std::map<std::string_view, std::vector<std::string_view>> sorted;
  for (const auto& [name, value] : query) {
    sorted[name].push_back(value);
  }
  // What stands before and after the page.
  std::string before;
  std::string after;
  for (const auto& [name, values] : sorted) {
    if (name == "page") {
      continue;
    }
    std::string& side = name < "page" ? before : after;
    for (const std::string_view value : values) {
      if (!side.empty()) {
        side += '&';
      }
      append_quoted(side, name);
      side += '=';
      append_quoted(side, value);
    }
  }
  const auto link = [&](std::uint64_t to, bool drop_first) {
    std::string joined = before;
    if (to != 1 || !drop_first) {
      joined += (joined.empty() ? "page=" : "&page=") + std::to_string(to);
    }
    if (!after.empty()) {
      joined += (joined.empty() ? "" : "&") + after;
    }
    return "<" + std::string(url) + (joined.empty() ? "" : "?" + joined) + ">; rel=\"";
  };
  std::string header;
  if (page < pages) {
    header += link(page + 1, false) + "next\", ";
  }
  if (page > 1) {
    header += link(page - 1, true) + "prev\", ";
  }
  return header + link(1, false) + "first\", " + link(pages, false) + "last\"";
}

}  // namespace patchmill::api::patchwork
