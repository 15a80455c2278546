#pragma once
// gitmailmap(5): which addresses are the same person.

#include "checks/check.hpp"
#include "mail/address.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

class Mailmap {
 public:
  // Broken lines are passed over, as git does. Linear time.
  static Mailmap parse(std::string_view text);
  // The .mailmap of the tree at `commit`; an empty one when there is none.
  static Mailmap of_tree(git::Repository& repository, const git::ObjectId& commit);

  // Proper name and address of a person.
  [[nodiscard]] mail::Address canonical(const mail::Address& person) const;
  // Whether both addresses canonicalise to the same one.
  [[nodiscard]] bool same_person(const mail::Address& a, const mail::Address& b) const;

 private:
  struct Entry {
    std::string commit_name;  // lower case; empty: any name
    mail::Address proper;     // empty parts stay as they were
  };
  std::multimap<std::string, Entry> m_entries;  // by lower-case commit address
};

}  // namespace patchmill::checks
