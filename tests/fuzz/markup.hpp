#pragma once
// Whether HTML consists of nothing but our own elements and attributes, well nested.

#include "check.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill {

inline void check_markup(const std::string& html) {
  constexpr std::array<std::string_view, 9> elements = {"span",    "a",    "b",   "mark", "details",
                                                        "summary", "code", "pre", "i"};
  constexpr std::array<std::string_view, 7> attributes = {"class", "id",   "href",      "tabindex",
                                                          "rel",   "open", "aria-label"};
  FUZZ_CHECK(is_valid_utf8(html));
  std::vector<std::string_view> open;
  const std::string_view all = html;
  std::size_t at = 0;
  while ((at = all.find('<', at)) != std::string_view::npos) {
    ++at;
    const bool closing = at < all.size() && all[at] == '/';
    at += closing ? 1 : 0;
    const auto end = all.find_first_of(" >", at);
    FUZZ_CHECK(end != std::string_view::npos);
    const std::string_view name = all.substr(at, end - at);
    FUZZ_CHECK(std::find(elements.begin(), elements.end(), name) != elements.end());
    at = end;
    while (all[at] == ' ') {
      const auto stop = all.find_first_of("=> ", ++at);
      FUZZ_CHECK(stop != std::string_view::npos);
      const std::string_view attribute = all.substr(at, stop - at);
      FUZZ_CHECK(std::find(attributes.begin(), attributes.end(), attribute) != attributes.end());
      at = stop;
      if (all[at] == '=') {
        FUZZ_CHECK(at + 1 < all.size() && all[at + 1] == '"');
        const auto quote = all.find('"', at + 2);
        FUZZ_CHECK(quote != std::string_view::npos);
        const std::string_view value = all.substr(at + 2, quote - at - 2);
        FUZZ_CHECK(value.find_first_of("<>") == std::string_view::npos);
        FUZZ_CHECK(attribute != "href" || value.starts_with("?line=") ||
                   value.starts_with("http://") || value.starts_with("https://"));
        at = quote + 1;
      }
      FUZZ_CHECK(at < all.size());
    }
    FUZZ_CHECK(all[at] == '>');
    if (closing) {
      FUZZ_CHECK(!open.empty() && open.back() == name);
      open.pop_back();
    } else {
      open.push_back(name);
    }
  }
  FUZZ_CHECK(open.empty());
  for (const char c : all) {
    FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t');
  }
}

}  // namespace patchmill
