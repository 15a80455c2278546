#include "checks/maintainers.hpp"

#include "util/text.hpp"

namespace patchmill::checks {

std::vector<Expected> parse_maintainers(std::string_view output) {
  std::vector<Expected> people;
  for (const std::string_view raw : split_lines(output)) {
    const std::string_view line = trim(raw);
    // The role stands in the last parentheses that open after the address.
    const std::size_t at = line.find('@');
    if (at == std::string_view::npos) {
      continue;
    }
    const std::size_t open = line.find(" (", at);
    Expected person;
    std::string_view who = trim(line.substr(0, open));
    if (open != std::string_view::npos && line.ends_with(')')) {
      person.role = line.substr(open + 2, line.size() - open - 3);
    }
    const std::size_t left = who.rfind('<');
    if (left != std::string_view::npos && who.ends_with('>')) {
      std::string_view name = trim(who.substr(0, left));
      if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
        name = name.substr(1, name.size() - 2);
      }
      person.address.name = name;
      who = trim(who.substr(left + 1, who.size() - left - 2));
    }
    if (who.find('@') == std::string_view::npos ||
        who.find_first_of(" <>") != std::string_view::npos) {
      continue;
    }
    person.address.email = who;
    people.push_back(std::move(person));
  }
  return people;
}

}  // namespace patchmill::checks
