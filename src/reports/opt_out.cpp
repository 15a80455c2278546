#include "reports/opt_out.hpp"

#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::reports {

Result<OptOuts> OptOuts::load(MailStore& store, const std::filesystem::path& file) {
  OptOuts result;
  result.m_store = &store;
  if (file.empty()) {
    return result;
  }
  result.m_file = file.string();
  auto content = read_file(file, 4u << 20);
  if (!content) {
    return fail_with("the list of people who want no mail", content.error());
  }
  for (std::string_view line : split_lines(*content)) {
    line = trim(line.substr(0, line.find('#')));
    if (line.empty()) {
      continue;
    }
    const std::string words = collapse_whitespace(line);
    const std::size_t blank = words.find(' ');
    result.m_lines.push_back({to_lower(words.substr(0, blank)),
                              blank == std::string::npos ? "" : to_lower(words.substr(blank + 1))});
  }
  return result;
}

std::optional<std::string> OptOuts::why_not(std::string_view address,
                                            const std::vector<std::string>& lists) const {
  const std::string person = to_lower(address);
  for (const auto& line : m_lines) {
    bool meant = line.list.empty();
    for (const auto& list : lists) {
      meant = meant || to_lower(list) == line.list;
    }
    if (meant && glob_match(line.pattern, person)) {
      return fmt::format("listed in {}", m_file);
    }
  }
  return m_store->opted_out(address, lists);
}

}  // namespace patchmill::reports
