#include "patchwork/check_store.hpp"

#include "patchwork/answer.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

// Each project has a queue of its own: one that is stopped keeps nobody waiting, and each is posted
// with its own token.
std::string check_kind(std::string_view instance, std::string_view project) {
  return fmt::format("patchwork-check {} {}", instance, project);
}

struct StoredCheck {
  CheckWish wish;
  std::int64_t stamp = 0;
};

StoredCheck stored_of(const store::Row& row) {
  return {
      {row.get<std::string>(0), row.get<std::int64_t>(1), row.get<int>(2), row.get<std::string>(3),
       row.get<std::string>(4), row.get<std::int64_t>(5), row.get<int>(6), row.get<std::string>(7),
       row.get<std::string>(8), row.get<std::string>(9)},
      row.get<std::int64_t>(10)};
}

constexpr std::string_view k_select =
    "SELECT instance, patch, version, project, context, series, attempt, state, target_url, "
    "description, stamp "
    "FROM patchwork_checks WHERE ";

std::optional<StoredCheck> find(store::Database& database, std::string_view instance,
                                std::int64_t patch, std::int64_t version,
                                std::string_view context) {
  std::optional<StoredCheck> found;
  database.each(
      std::string(k_select) + "instance = ? AND patch = ? AND version = ? AND context = ?",
      [&](const store::Row& row) { found = stored_of(row); }, instance, patch, version, context);
  return found;
}

std::string check_key(const CheckWish& wish, std::int64_t stamp) {
  return fmt::format("patchwork-check {} {} {} {} {}", wish.instance, wish.patch, wish.version,
                     wish.context, stamp);
}

bool says_the_same(const CheckWish& a, const CheckWish& b) {
  return a.project == b.project && a.state == b.state && a.target_url == b.target_url &&
         a.description == b.description;
}

}  // namespace

std::string CheckWish::target() const {
  return version > 0 ? fmt::format("revision {} of series {}", version, patch)
                     : fmt::format("patch {}", patch);
}

bool CheckStore::want(const CheckWish& wish) {
  const auto before = find(m_database, wish.instance, wish.patch, wish.version, wish.context);
  if (before && before->wish.state == wish.state && before->wish.series == wish.series &&
      before->wish.attempt == wish.attempt) {
    return false;
  }
  if (before && says_the_same(before->wish, wish) &&
      store::is_sent(m_database, check_key(wish, before->stamp))) {
    m_database.exec(
        "UPDATE patchwork_checks SET series = ?, attempt = ? "
        "WHERE instance = ? AND patch = ? AND version = ? AND context = ?",
        wish.series, wish.attempt, wish.instance, wish.patch, wish.version, wish.context);
    return false;
  }
  const std::int64_t stamp = before ? before->stamp + 1 : 1;
  m_database.exec(
      "INSERT INTO patchwork_checks (instance, patch, version, project, context, series, "
      "attempt, state, target_url, description, stamp) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (instance, patch, version, context) DO UPDATE SET project = excluded.project, "
      "series = excluded.series, "
      "attempt = excluded.attempt, state = excluded.state, target_url = excluded.target_url, "
      "description = excluded.description, stamp = excluded.stamp",
      wish.instance, wish.patch, wish.version, wish.project, wish.context, wish.series,
      wish.attempt, wish.state, wish.target_url, wish.description, stamp);
  const json::object payload{{"patch", wish.patch},
                             {"version", wish.version},
                             {"context", wish.context},
                             {"stamp", stamp}};
  return store::enqueue(m_database, m_clock.now(), check_key(wish, stamp),
                        check_kind(wish.instance, wish.project), json::serialize(payload));
}

std::vector<CheckWish> CheckStore::of_series(std::int64_t series) {
  std::vector<CheckWish> found;
  m_database.each(
      std::string(k_select) + "series = ? ORDER BY instance, patch, version, context",
      [&](const store::Row& row) { found.push_back(stored_of(row).wish); }, series);
  return found;
}

std::optional<CheckStore::Due> CheckStore::claim(std::string_view instance,
                                                 std::string_view project, std::string_view holder,
                                                 std::chrono::seconds lease) {
  while (auto item = store::claim(m_database, m_clock.now(), check_kind(instance, project), holder,
                                  lease)) {
    const auto payload = parse_answer(item->payload);
    const auto* object = payload ? payload->if_object() : nullptr;
    if (object != nullptr) {
      const auto stamp = number_of(*object, "stamp").value_or(0);
      auto stored = find(m_database, instance, number_of(*object, "patch").value_or(0),
                         number_of(*object, "version").value_or(0), text_of(*object, "context"));
      if (stored && stored->stamp == stamp) {
        return Due{std::move(stored->wish), std::move(*item), stamp};
      }
    }
    store::mark_sent(m_database, m_clock.now(), item->id);
  }
  return std::nullopt;
}

void CheckStore::posted(const Due& due) {
  store::mark_sent(m_database, m_clock.now(), due.item.id);
}

void CheckStore::failed(const Due& due, std::string_view reason, std::optional<Timestamp> again) {
  store::mark_failed(m_database, due.item.id, reason, again);
}

void CheckStore::try_again(std::string_view instance, std::string_view project) {
  store::make_failed_due(m_database, m_clock.now(), check_kind(instance, project));
}

std::int64_t CheckStore::waiting(std::string_view instance, std::string_view project) {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE kind = ? AND state = 0",
                                        check_kind(instance, project));
}

}  // namespace patchmill::patchwork
