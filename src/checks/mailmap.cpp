#include "checks/mailmap.hpp"

#include "util/text.hpp"

namespace patchmill::checks {
namespace {

// Takes "Name <mail>" off the front of the text; false when there is none.
bool take_person(std::string_view& text, mail::Address& out) {
  const std::size_t open = text.find('<');
  if (open == std::string_view::npos) {
    return false;
  }
  const std::size_t close = text.find('>', open);
  if (close == std::string_view::npos) {
    return false;
  }
  out.name = trim(text.substr(0, open));
  out.email = trim(text.substr(open + 1, close - open - 1));
  text = text.substr(close + 1);
  return true;
}

}  // namespace

Mailmap Mailmap::parse(std::string_view text) {
  Mailmap map;
  for (std::string_view line : split_lines(text)) {
    line = trim(line);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    mail::Address first;
    mail::Address second;
    if (!take_person(line, first)) {
      continue;
    }
    Entry entry;
    std::string key;
    if (take_person(line, second)) {
      entry.proper = first;
      entry.commit_name = to_lower(second.name);
      key = to_lower(second.email);
    } else {
      // "Proper Name <commit@mail>" gives the name only.
      entry.proper.name = first.name;
      key = to_lower(first.email);
    }
    map.m_entries.emplace(std::move(key), std::move(entry));
  }
  return map;
}

Mailmap Mailmap::of_tree(git::Repository& repository, const git::ObjectId& commit) {
  if (commit.empty()) {
    return {};
  }
  const auto object = repository.read(commit + ":.mailmap");
  // A symbolic link is a blob too; its one-line target is no entry and harms nothing.
  return object && object->type == "blob" ? parse(object->data) : Mailmap{};
}

mail::Address Mailmap::canonical(const mail::Address& person) const {
  const auto [begin, end] = m_entries.equal_range(to_lower(person.email));
  const std::string name = to_lower(person.name);
  const Entry* best = nullptr;
  for (auto it = begin; it != end; ++it) {
    // An entry with the commit's name beats one for the address alone; later lines beat earlier.
    if (it->second.commit_name == name ||
        (it->second.commit_name.empty() && (best == nullptr || best->commit_name.empty()))) {
      best = &it->second;
    }
  }
  if (best == nullptr) {
    return person;
  }
  return {.name = best->proper.name.empty() ? person.name : best->proper.name,
          .email = best->proper.email.empty() ? person.email : best->proper.email};
}

bool Mailmap::same_person(const mail::Address& a, const mail::Address& b) const {
  return mail::same_email(canonical(a).email, canonical(b).email);
}

}  // namespace patchmill::checks
