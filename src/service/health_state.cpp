#include "service/health_state.hpp"

#include "util/text.hpp"

#include <algorithm>

namespace patchmill::service {
namespace {

constexpr std::array<std::string_view, k_parts.size()> k_part_names = {
    "sources", "trees", "store", "disk", "scheduler", "workers", "mail", "patchwork"};
constexpr std::array<std::string_view, 3> k_state_names = {"ok", "degraded", "down"};

constexpr std::size_t k_max_items = 1000;
constexpr std::size_t k_max_text = 1000;
constexpr std::chrono::minutes k_sign_every{1};
constexpr std::chrono::minutes k_alive_for{3};
constexpr std::string_view k_service = "service";  // the row that is the sign of life

std::size_t index_of(Part part) {
  return static_cast<std::size_t>(part);
}

std::string clean(std::string_view text) {
  return ellipsize(mend_utf8(text), k_max_text);
}

void write(store::Database& database, std::string_view part, const ItemHealth& health,
           Timestamp now) {
  database.exec(
      "INSERT INTO service_health (part, item, state, since, seen, message, todo) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (part, item) DO UPDATE SET state = excluded.state, "
      "since = excluded.since, seen = excluded.seen, message = excluded.message, "
      "todo = excluded.todo",
      part, health.item, to_string(health.state), to_micros(health.since), to_micros(now),
      health.message, health.todo);
}

// Of all entries of one part, with or without one for the part as a whole.
PartHealth sum_up(Part part, const std::optional<ItemHealth>& whole,
                  std::vector<ItemHealth> items) {
  PartHealth sum;
  sum.part = part;
  const ItemHealth* worst = nullptr;
  bool all_down = true;
  for (const ItemHealth& item : items) {
    all_down = all_down && item.state == PartState::down;
    if (worst == nullptr || item.state > worst->state) {
      worst = &item;
    }
  }
  if (worst != nullptr) {
    sum.state = worst->state == PartState::down && !all_down ? PartState::degraded : worst->state;
  }
  const bool whole_counts = whole && (worst == nullptr || whole->state > sum.state);
  if (const ItemHealth* told = whole_counts ? &*whole : worst; told != nullptr) {
    sum.state = whole_counts ? whole->state : sum.state;
    sum.since = told->since;
    sum.todo = told->todo;
    sum.message = told->item.empty() || told->state == PartState::ok
                      ? told->message
                      : told->item + ": " + told->message;
  }
  sum.items = std::move(items);
  return sum;
}

}  // namespace

std::string_view to_string(Part part) {
  return k_part_names.at(index_of(part));
}

std::optional<Part> part_from(std::string_view text) {
  const auto found = std::find(k_part_names.begin(), k_part_names.end(), text);
  return found == k_part_names.end()
             ? std::nullopt
             : std::optional(k_parts.at(static_cast<std::size_t>(found - k_part_names.begin())));
}

std::string_view to_string(PartState state) {
  return k_state_names.at(static_cast<std::size_t>(state));
}

std::optional<PartState> part_state_from(std::string_view text) {
  const auto found = std::find(k_state_names.begin(), k_state_names.end(), text);
  return found == k_state_names.end()
             ? std::nullopt
             : std::optional(static_cast<PartState>(found - k_state_names.begin()));
}

HealthState::HealthState(const Clock& clock) : m_clock(clock), m_start(clock.now()) {}

void HealthState::set(Part part, std::string_view item, PartState state, std::string_view message,
                      std::string_view todo) {
  const std::string name = clean(item);
  // Who reports the state of a thing may always say what would mend it.
  ItemHealth health{name, state, m_clock.now(), clean(message),
                    state == PartState::ok ? std::string() : clean(todo)};
  const std::lock_guard lock(m_mutex);
  Items& items = m_items.at(index_of(part));
  const auto found = items.find(name);
  if (found == items.end()) {
    if (items.size() < k_max_items) {
      items.emplace(name, Entry{std::move(health), false});
    }
    return;
  }
  ItemHealth& old = found->second.health;
  if (old.state == state) {
    health.since = old.since;
  }
  if (old.state != state || old.message != health.message || old.todo != health.todo) {
    old = std::move(health);
    found->second.saved = false;
  }
}

void HealthState::remove(Part part, std::string_view item) {
  const std::string name = clean(item);
  const std::lock_guard lock(m_mutex);
  if (m_items.at(index_of(part)).erase(name) != 0) {
    m_removed.emplace_back(part, name);
  }
}

PartHealth HealthState::part_of(Part part) const {
  std::optional<ItemHealth> whole;
  std::vector<ItemHealth> items;
  for (const auto& [name, entry] : m_items.at(index_of(part))) {
    if (name.empty()) {
      whole = entry.health;
    } else {
      items.push_back(entry.health);
    }
  }
  if (!whole && items.empty()) {
    whole = ItemHealth{"", PartState::degraded, m_start, "has not reported yet", ""};
  }
  return sum_up(part, whole, std::move(items));
}

std::vector<PartHealth> HealthState::parts() const {
  const std::lock_guard lock(m_mutex);
  std::vector<PartHealth> all;
  for (const Part part : k_parts) {
    all.push_back(part_of(part));
  }
  return all;
}

PartState HealthState::worst() const {
  const std::lock_guard lock(m_mutex);
  PartState worst = PartState::ok;
  for (const Part part : k_parts) {
    worst = std::max(worst, part_of(part).state);
  }
  return worst;
}

void HealthState::save(store::Database& database) {
  const Timestamp now = m_clock.now();
  std::vector<std::pair<Part, ItemHealth>> changed;
  std::vector<std::pair<Part, std::string>> removed;
  bool first = false, sign = false;
  {
    const std::lock_guard lock(m_mutex);
    first = !m_last_sign;
    // A clock that was set back must not silence the service for hours.
    sign = first || now - *m_last_sign >= k_sign_every || now < *m_last_sign;
    removed = m_removed;
    for (const Part part : k_parts) {
      for (const auto& [name, entry] : m_items.at(index_of(part))) {
        if (!entry.saved || first) {
          changed.emplace_back(part, entry.health);
        }
      }
    }
  }
  if (!sign && changed.empty() && removed.empty()) {
    return;
  }
  {
    store::Transaction transaction(database);
    if (first) {
      database.exec("DELETE FROM service_health");
    }
    for (const auto& [part, item] : removed) {
      database.exec("DELETE FROM service_health WHERE part = ? AND item = ?", to_string(part),
                    item);
    }
    for (const auto& [part, health] : changed) {
      write(database, to_string(part), health, now);
    }
    write(database, k_service, {"", PartState::ok, m_start, "", ""}, now);
    transaction.commit();
  }
  const std::lock_guard lock(m_mutex);
  m_last_sign = now;
  m_removed.erase(m_removed.begin(),
                  m_removed.begin() + static_cast<std::ptrdiff_t>(removed.size()));
  for (const auto& [part, health] : changed) {
    Items& items = m_items.at(index_of(part));
    if (const auto found = items.find(health.item);
        found != items.end() && found->second.health.state == health.state &&
        found->second.health.message == health.message) {
      found->second.saved = true;
    }
  }
}

SavedHealth saved_health(store::Database& database) {
  SavedHealth saved;
  std::array<std::optional<ItemHealth>, k_parts.size()> wholes;
  std::array<std::vector<ItemHealth>, k_parts.size()> items;
  database.each(
      "SELECT part, item, state, since, seen, message, todo FROM service_health ORDER BY part, "
      "item",
      [&](const store::Row& row) {
        if (row.text(0) == k_service) {
          saved.started = from_micros(row.integer(3));
          saved.seen = from_micros(row.integer(4));
          return;
        }
        const auto part = part_from(row.text(0));
        const auto state = part_state_from(row.text(2));
        if (!part || !state) {
          return;  // of a newer version
        }
        ItemHealth health{row.get<std::string>(1), *state, from_micros(row.integer(3)),
                          row.get<std::string>(5), row.get<std::string>(6)};
        if (health.item.empty()) {
          wholes.at(index_of(*part)) = std::move(health);
        } else {
          items.at(index_of(*part)).push_back(std::move(health));
        }
      });
  for (const Part part : k_parts) {
    const auto index = index_of(part);
    if (wholes.at(index) || !items.at(index).empty()) {
      saved.parts.push_back(sum_up(part, wholes.at(index), std::move(items.at(index))));
    }
  }
  return saved;
}

bool SavedHealth::running(Timestamp now) const {
  // In the future: the clock was set back.
  return seen && now - *seen < k_alive_for && *seen - now < k_alive_for;
}

void forget_sign_of_life(store::Database& database) {
  database.exec("UPDATE service_health SET seen = 0 WHERE part = ?", k_service);
}

}  // namespace patchmill::service
