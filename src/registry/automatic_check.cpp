#include "registry/automatic_check.hpp"

#include "registry/write_check.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace patchmill::registry {
namespace {

// The last row of each context is the one that counts.
constexpr std::string_view k_checks_of_mail =
    "SELECT c.patch, c.context, c.state, c.target_url, c.description FROM registry_checks c "
    "JOIN registry_patches p ON p.id = c.patch WHERE p.message = ? AND c.user_id = ? "
    "ORDER BY c.patch, c.date, c.id";

std::map<std::pair<Id, std::string>, NewCheck> newest_checks(store::Database& database,
                                                             std::int64_t mail, Id user) {
  std::map<std::pair<Id, std::string>, NewCheck> newest;
  database.each(
      k_checks_of_mail,
      [&](const store::Row& row) {
        NewCheck check;
        check.state = static_cast<CheckState>(row.integer(2));
        check.context = row.text(1);
        check.target_url = row.get<std::optional<std::string>>(3);
        check.description = row.get<std::optional<std::string>>(4);
        newest[std::pair(row.integer(0), check.context)] = std::move(check);
      },
      mail, user);
  return newest;
}

bool says_the_same(const NewCheck& one, const NewCheck& other) {
  return one.state == other.state && one.target_url == other.target_url &&
         one.description == other.description;
}

}  // namespace

int add_check_by_itself(store::Database& database, Timestamp now, std::int64_t change,
                        std::int64_t mail, Id user, const NewCheck& check) {
  const auto newest = newest_checks(database, mail, user);
  int added = 0;
  for (const auto& [patch, project] : database.rows<Id, Id>(
           "SELECT id, project FROM registry_patches WHERE message = ? ORDER BY id", mail)) {
    const auto before = newest.find({patch, check.context});
    if (before == newest.end() || !says_the_same(before->second, check)) {
      write_check(database, now, change, user, project, patch, check);
      ++added;
    }
  }
  return added;
}

std::vector<NewCheck> pending_checks(store::Database& database, std::int64_t mail, Id user,
                                     std::string_view prefix) {
  std::vector<NewCheck> pending;
  for (const auto& [key, check] : newest_checks(database, mail, user)) {
    const bool is_ours = check.context.starts_with(prefix);
    if (is_ours && check.state == CheckState::pending &&
        std::ranges::find(pending, check.context, &NewCheck::context) == pending.end()) {
      pending.push_back(check);
    }
  }
  return pending;
}

std::vector<std::int64_t> mails_with_pending_checks(store::Database& database, Id user) {
  std::vector<std::int64_t> mails;
  database.each(
      "SELECT DISTINCT p.message FROM registry_checks c JOIN registry_patches p ON p.id = c.patch "
      "WHERE c.user_id = ? AND c.state = ? ORDER BY p.message",
      [&](const store::Row& row) { mails.push_back(row.integer(0)); }, user, CheckState::pending);
  return mails;
}

}  // namespace patchmill::registry
