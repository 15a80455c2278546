#include "http/link_header.hpp"

#include "util/text.hpp"

namespace patchmill::http {

std::map<std::string, std::string, std::less<>> parse_links(const Headers& headers) {
  std::map<std::string, std::string, std::less<>> links;
  const std::string all = headers.joined("Link");
  std::string_view rest = all;
  for (int seen = 0; seen < 100; ++seen) {
    const auto open = rest.find('<');
    const auto close = open == std::string_view::npos ? open : rest.find('>', open);
    if (close == std::string_view::npos) {
      break;
    }
    const std::string target(trim(rest.substr(open + 1, close - open - 1)));
    rest.remove_prefix(close + 1);
    // Parameters up to a comma; neither that nor semicolons count inside quotes.
    bool related = false;
    while (!rest.empty() && rest.front() != ',') {
      std::size_t end = 0;
      bool quoted = false;
      while (end < rest.size() && (quoted || (rest[end] != ',' && rest[end] != ';'))) {
        if (rest[end] == '\\' && quoted) {
          ++end;
        } else if (rest[end] == '"') {
          quoted = !quoted;
        }
        ++end;
      }
      end = std::min(end, rest.size());
      const std::string_view parameter = rest.substr(0, end);
      rest.remove_prefix(end < rest.size() && rest[end] == ';' ? end + 1 : end);
      const auto equals = parameter.find('=');
      if (related || equals == std::string_view::npos ||
          !iequals(trim(parameter.substr(0, equals)), "rel")) {
        continue;
      }
      related = true;  // only the first rel counts
      std::string_view value = trim(parameter.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      for (const std::string_view relation : split(value, ' ')) {
        if (!relation.empty()) {
          links.emplace(to_lower(relation), target);
        }
      }
    }
  }
  return links;
}

}  // namespace patchmill::http
