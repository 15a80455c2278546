#include "patchwork/state_store.hpp"

#include "patchwork/answer.hpp"
#include "patchwork/patch_map.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

std::string state_kind(std::string_view instance, std::string_view project) {
  return fmt::format("patchwork-state {} {}", instance, project);
}

struct StoredState {
  StateWish wish;
  std::string echoes;
  bool is_left = false;
  std::int64_t stamp = 0;
};

std::optional<StoredState> find(store::Database& database, std::string_view instance,
                                std::int64_t patch) {
  std::optional<StoredState> found;
  database.each(
      "SELECT instance, patch, project, wanted, seen, echoes, is_left, stamp "
      "FROM patchwork_states WHERE instance = ? AND patch = ?",
      [&](const store::Row& row) {
        found =
            StoredState{{row.get<std::string>(0), row.get<std::int64_t>(1), row.get<std::string>(2),
                         row.get<std::string>(3), row.get<std::string>(4)},
                        row.get<std::string>(5),
                        row.get<std::int64_t>(6) != 0,
                        row.get<std::int64_t>(7)};
      },
      instance, patch);
  return found;
}

void set_echoes(store::Database& database, const StateWish& wish, const std::string& echoes) {
  database.exec("UPDATE patchwork_states SET echoes = ? WHERE instance = ? AND patch = ?", echoes,
                wish.instance, wish.patch);
}

}  // namespace

bool may_follow(std::string_view wanted, std::string_view seen) {
  if (wanted == "under-review") {
    return seen == "new";
  }
  if (wanted == "changes-requested") {
    return seen == "new" || seen == "under-review";
  }
  if (wanted == "accepted" || wanted == "superseded") {
    return seen == "new" || seen == "under-review" || seen == "changes-requested";
  }
  return false;
}

bool StateStore::want(const StateWish& wish) {
  const auto before = find(m_database, wish.instance, wish.patch);
  const bool is_so = wish.seen == wish.wanted || (before && before->wish.wanted == wish.wanted);
  if (is_so || (before && before->is_left) || !may_follow(wish.wanted, wish.seen)) {
    return false;
  }
  const std::int64_t stamp = before ? before->stamp + 1 : 1;
  m_database.exec(
      "INSERT INTO patchwork_states (instance, patch, project, wanted, seen, echoes, is_left, "
      "stamp) VALUES (?, ?, ?, ?, ?, '', 0, ?) ON CONFLICT (instance, patch) DO UPDATE SET "
      "project = excluded.project, wanted = excluded.wanted, seen = excluded.seen, "
      "stamp = excluded.stamp",
      wish.instance, wish.patch, wish.project, wish.wanted, wish.seen, stamp);
  return store::enqueue(
      m_database, m_clock.now(),
      fmt::format("patchwork-state {} {} {} {}", wish.instance, wish.patch, wish.wanted, stamp),
      state_kind(wish.instance, wish.project),
      json::serialize(json::object{{"patch", wish.patch}, {"stamp", stamp}}));
}

std::optional<StateStore::Due> StateStore::claim(std::string_view instance,
                                                 std::string_view project, std::string_view holder,
                                                 std::chrono::seconds lease) {
  while (auto item = store::claim(m_database, m_clock.now(), state_kind(instance, project), holder,
                                  lease)) {
    const auto payload = parse_answer(item->payload);
    if (const auto* object = payload ? payload->if_object() : nullptr) {
      auto stored = find(m_database, instance, number_of(*object, "patch").value_or(0));
      if (stored && !stored->is_left && stored->stamp == number_of(*object, "stamp").value_or(0)) {
        return Due{std::move(stored->wish), std::move(*item)};
      }
    }
    store::mark_sent(m_database, m_clock.now(), item->id);
  }
  return std::nullopt;
}

void StateStore::about_to_set(const Due& due) {
  const auto stored = find(m_database, due.wish.instance, due.wish.patch);
  const std::string echo = due.wish.wanted + ",";
  if (stored && !stored->echoes.ends_with(echo)) {
    set_echoes(m_database, due.wish, stored->echoes + echo);
  }
}

void StateStore::set(const Due& due) {
  store::Transaction transaction(m_database);
  set_state(m_database, due.wish.instance, due.wish.patch, due.wish.wanted);
  store::mark_sent(m_database, m_clock.now(), due.item.id);
  transaction.commit();
}

void StateStore::leave(const Due& due, std::string_view state) {
  store::Transaction transaction(m_database);
  set_state(m_database, due.wish.instance, due.wish.patch, state);
  m_database.exec("UPDATE patchwork_states SET is_left = 1 WHERE instance = ? AND patch = ?",
                  due.wish.instance, due.wish.patch);
  store::mark_sent(m_database, m_clock.now(), due.item.id);
  transaction.commit();
}

void StateStore::failed(const Due& due, std::string_view reason, std::optional<Timestamp> again,
                        bool refused) {
  const auto stored = find(m_database, due.wish.instance, due.wish.patch);
  const std::string echo = due.wish.wanted + ",";
  if (refused && stored && stored->echoes.ends_with(echo)) {
    set_echoes(m_database, due.wish, stored->echoes.substr(0, stored->echoes.size() - echo.size()));
  }
  store::mark_failed(m_database, due.item.id, reason, again);
}

void StateStore::try_again(std::string_view instance, std::string_view project) {
  store::make_failed_due(m_database, m_clock.now(), state_kind(instance, project));
}

std::int64_t StateStore::waiting(std::string_view instance, std::string_view project) {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE kind = ? AND state = 0",
                                        state_kind(instance, project));
}

bool heard_of_state(store::Database& database, std::string_view instance, std::int64_t patch,
                    std::string_view state) {
  const auto stored = find(database, instance, patch);
  const std::string echo = std::string(state) + ",";
  if (stored && stored->echoes.starts_with(echo)) {
    set_echoes(database, stored->wish, stored->echoes.substr(echo.size()));
    return true;
  }
  database.exec(
      "INSERT INTO patchwork_states (instance, patch, project, wanted, seen, echoes, is_left, "
      "stamp) SELECT instance, patch, project, '', state, '', 1, 1 FROM patchwork_patches "
      "WHERE instance = ? AND patch = ? "
      "ON CONFLICT (instance, patch) DO UPDATE SET is_left = 1",
      instance, patch);
  return false;
}

}  // namespace patchmill::patchwork
