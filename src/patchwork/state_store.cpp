#include "patchwork/state_store.hpp"

#include "patchwork/answer.hpp"
#include "patchwork/patch_map.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

std::string state_kind(std::string_view instance, std::string_view project) {
  return fmt::format("patchwork-state {} {}", instance, project);
}

struct Echo {
  std::string state;
  std::string attempt;  // the one that may have set it, as its answer is not known; empty: it did
};
using Echoes = std::vector<Echo>;  // as they were sent

std::string attempt_of(const StateStore::Due& due) {
  return fmt::format("{}.{}", due.item.id, due.item.attempts);
}

// As stored: "new,under-review?9.3," is one that is sure to come, and one of the third attempt of
// the ninth row of the outbox.
Echoes read_echoes(std::string_view text) {
  Echoes echoes;
  for (const std::string_view one : split(text, ',')) {
    const auto mark = one.find('?');
    if (!one.empty()) {
      echoes.push_back({std::string(one.substr(0, mark)),
                        std::string(mark == std::string_view::npos ? std::string_view()
                                                                   : one.substr(mark + 1))});
    }
  }
  return echoes;
}

std::string write_echoes(const Echoes& echoes) {
  std::string text;
  for (const Echo& one : echoes) {
    text += one.state + (one.attempt.empty() ? "," : fmt::format("?{},", one.attempt));
  }
  return text;
}

bool is_open(const Echo& echo) {
  return !echo.attempt.empty();
}

struct StoredState {
  StateWish wish;
  Echoes echoes;
  bool is_left = false;
  std::int64_t stamp = 0;
};

// In a transaction nobody else changes the row until it ends.
std::optional<StoredState> find(store::Database& database, std::string_view instance,
                                std::int64_t patch) {
  std::string sql =
      "SELECT instance, patch, project, wanted, seen, echoes, is_left, stamp "
      "FROM patchwork_states WHERE instance = ? AND patch = ?";
  if (database.engine() == store::Engine::postgresql) {
    sql += " FOR UPDATE";
  }
  std::optional<StoredState> found;
  database.each(
      sql,
      [&](const store::Row& row) {
        found =
            StoredState{{row.get<std::string>(0), row.get<std::int64_t>(1), row.get<std::string>(2),
                         row.get<std::string>(3), row.get<std::string>(4)},
                        read_echoes(row.get<std::string>(5)),
                        row.get<std::int64_t>(6) != 0,
                        row.get<std::int64_t>(7)};
      },
      instance, patch);
  return found;
}

void set_echoes(store::Database& database, const StateWish& wish, const Echoes& echoes) {
  database.exec("UPDATE patchwork_states SET echoes = ? WHERE instance = ? AND patch = ?",
                write_echoes(echoes), wish.instance, wish.patch);
}

// One of ours whose answer was lost has arrived: what is wanted goes on from there, and who sets
// another one afterwards is a person.
void arrived(store::Database& database, const StateWish& wish, std::string_view state) {
  set_state(database, wish.instance, wish.patch, state);
  database.exec("UPDATE patchwork_states SET seen = ? WHERE instance = ? AND patch = ?", state,
                wish.instance, wish.patch);
}

// That this state there is of; none: somebody's. What came before one that is sure was over then.
Echoes::iterator echo_of(Echoes& echoes, std::string_view state) {
  const auto sure = std::find_if_not(echoes.rbegin(), echoes.rend(), is_open);
  const auto from = sure == echoes.rend() ? echoes.begin() : std::prev(sure.base());
  return std::find_if(from, echoes.end(), [&](const Echo& echo) { return echo.state == state; });
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

StateStore::Standing StateStore::found(const Due& due, std::string_view state) {
  store::Transaction transaction(m_database);
  auto stored = find(m_database, due.wish.instance, due.wish.patch);
  if (!stored) {
    return state == due.wish.wanted ? Standing::as_wanted
           : state == due.wish.seen ? Standing::as_seen
                                    : Standing::somebodys;
  }
  auto& echoes = stored->echoes;
  const auto ours = echo_of(echoes, state);
  auto standing = Standing::somebodys;
  if (state == due.wish.wanted) {
    standing = Standing::as_wanted;
    arrived(m_database, due.wish, state);
  } else if (ours != echoes.end()) {
    standing = may_follow(due.wish.wanted, state) ? Standing::as_seen : Standing::too_late;
    arrived(m_database, due.wish, state);
  } else if (state == stored->wish.seen) {
    standing = Standing::as_seen;
  }
  if (ours != echoes.end()) {
    ours->attempt.clear();
  }
  if (standing != Standing::somebodys) {
    std::erase_if(echoes, is_open);
    set_echoes(m_database, due.wish, echoes);
  }
  transaction.commit();
  return standing;
}

void StateStore::about_to_set(const Due& due) {
  store::Transaction transaction(m_database);
  if (auto stored = find(m_database, due.wish.instance, due.wish.patch)) {
    stored->echoes.push_back({due.wish.wanted, attempt_of(due)});
    set_echoes(m_database, due.wish, stored->echoes);
  }
  transaction.commit();
}

void StateStore::set(const Due& due) {
  store::Transaction transaction(m_database);
  if (auto stored = find(m_database, due.wish.instance, due.wish.patch)) {
    for (Echo& echo : stored->echoes) {
      if (echo.state == due.wish.wanted) {
        echo.attempt.clear();
      }
    }
    set_echoes(m_database, due.wish, stored->echoes);
  }
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
  store::Transaction transaction(m_database);
  auto stored = find(m_database, due.wish.instance, due.wish.patch);
  if (stored && (refused || !again)) {
    std::erase_if(stored->echoes, [&](const Echo& echo) {
      return is_open(echo) && (!again || echo.attempt == attempt_of(due));
    });
    set_echoes(m_database, due.wish, stored->echoes);
  }
  store::mark_failed(m_database, due.item.id, reason, again);
  transaction.commit();
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
  if (auto stored = find(database, instance, patch)) {
    auto& echoes = stored->echoes;
    const auto ours = std::ranges::find(echoes, state, &Echo::state);
    if (ours != echoes.end()) {
      const bool was_open = is_open(*ours);
      echoes.erase(echoes.begin(), ours + 1);
      set_echoes(database, stored->wish, echoes);
      if (was_open && echoes.empty()) {
        arrived(database, stored->wish, state);
      }
      return true;
    }
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
