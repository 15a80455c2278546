#include "registry/follow_people.hpp"

#include "registry/person_order.hpp"
#include "registry/turn.hpp"
#include "tracker/bulk_query.hpp"
#include "util/text.hpp"

#include <string_view>
#include <vector>

namespace patchmill::registry {
namespace {

constexpr std::size_t longest = 255;  // Patchwork's, and what an index of PostgreSQL takes

}  // namespace

FollowPeople::FollowPeople(store::Database& database, const FollowRules& rules)
    : m_database(database),
      m_rules(rules),
      m_fresh(database, "registry_people", "id, name, email, email_key, user_id") {}

void FollowPeople::load(std::span<const mail::Address> people) {
  std::vector<std::string_view> wanted;
  for (const mail::Address& person : people) {
    const auto [entry, is_new] = m_known.try_emplace(to_lower(ellipsize(person.email, longest)));
    if (is_new) {
      wanted.push_back(entry->first);
    }
  }
  tracker::each_in(m_database, "SELECT email_key, id, name FROM registry_people WHERE email_key",
                   std::span<const std::string_view>(wanted), [&](const store::Row& row) {
                     m_known[row.get<std::string>(0)] = {row.integer(1), row.get<std::string>(2)};
                   });
}

Id FollowPeople::of(const mail::Address& address, Name which) {
  const std::string email = ellipsize(address.email, longest);
  const std::string key = to_lower(email);
  const std::string name = ellipsize(address.name, longest);
  Known& known = m_known[key];
  if (known.id == 0) {
    if (m_next == 0) {
      m_next = next_id(m_database, "registry_people");
    }
    known = {m_next++, name};
    m_fresh.add(known.id, name, email, key, m_rules.user_with(key));
  } else if (which == Name::newest && !name.empty() && known.name != name) {
    known.name = name;
    known.renamed = true;
  }
  return known.id;
}

void FollowPeople::flush() {
  m_fresh.flush();
  bool any = false;
  for (auto& [_, known] : m_known) {
    if (known.renamed) {
      m_database.exec("UPDATE registry_people SET name = ? WHERE id = ?", known.name, known.id);
      known.renamed = false;
      any = true;
    }
  }
  if (any) {
    note_people_changed(m_database);
  }
}

}  // namespace patchmill::registry
