#include "tracker/thread_index.hpp"

#include "tracker/bulk_query.hpp"
#include "util/hash.hpp"

#include <algorithm>
#include <map>

namespace patchmill::tracker {

namespace {
// PostgreSQL refuses index entries beyond 2.7 kB; RFC 5322 lines end at 998.
constexpr std::size_t longest_msgid = 500;
}  // namespace

std::string stored_msgid(std::string_view msgid) {
  std::string id(msgid);
  std::replace(id.begin(), id.end(), '\0', '?');
  if (id.size() <= longest_msgid) {
    return id;
  }
  const std::string hash = sha256_hex(id);
  std::size_t cut = longest_msgid - hash.size() - 1;
  while (cut > 0 && (static_cast<unsigned char>(id[cut]) & 0xc0U) == 0x80U) {
    --cut;  // never within a UTF-8 sequence
  }
  id.resize(cut);
  return id + '~' + hash;
}

ThreadIndex::ThreadIndex(store::Database& database) : m_database(database) {
  m_first_id =
      database.value<std::int64_t>("SELECT value FROM tracker_counters WHERE name = 'message'");
  m_next_id = m_first_id;
}

void ThreadIndex::load(std::span<const std::string_view> msgids) {
  m_entries.reserve(msgids.size() * 2);
  each_in(m_database, "SELECT msgid, id, thread, arrived FROM message_ids WHERE msgid", msgids,
          [this](const store::Row& row) {
            m_entries.emplace(
                row.text(0), Entry{row.integer(1), row.integer(2), row.get<bool>(3), false, false});
          });
}

std::optional<std::int64_t> ThreadIndex::arrived(std::string_view msgid) const {
  const auto it = m_entries.find(std::string(msgid));
  return it != m_entries.end() && it->second.arrived ? std::optional(it->second.id) : std::nullopt;
}

ThreadIndex::Entry& ThreadIndex::entry_of(const std::string& msgid) {
  const auto [it, fresh] = m_entries.try_emplace(msgid);
  if (fresh) {
    it->second = {m_next_id, m_next_id, false, true, false};
    ++m_next_id;
  }
  return it->second;
}

std::int64_t ThreadIndex::root(std::int64_t thread) const {
  auto it = m_above.find(thread);
  while (it != m_above.end()) {
    thread = it->second;
    it = m_above.find(thread);
  }
  return thread;
}

bool ThreadIndex::unite(std::int64_t a, std::int64_t b) {
  a = root(a);
  b = root(b);
  if (a == b) {
    return false;
  }
  // Labels of this batch (>= m_first_id) go below those of the store; else the smaller stays, so
  // that chains stay short in the usual order of arrival.
  m_above[std::max(a, b)] = std::min(a, b);
  return true;
}

ThreadIndex::Arrival ThreadIndex::add(const std::string& msgid,
                                      const std::vector<std::string>& parents) {
  Arrival arrival;
  Entry& own = entry_of(msgid);
  arrival.id = own.id;
  arrival.was_awaited = !own.is_new || own.touched;
  own.arrived = true;
  own.touched = true;
  const std::int64_t thread = own.thread;
  const bool own_is_fresh = !arrival.was_awaited;
  std::size_t joined = 0;
  for (const std::string& parent : parents) {
    Entry& entry = entry_of(parent);
    const bool fresh = entry.is_new && !entry.touched;
    entry.touched = true;
    if (!arrival.parent) {
      arrival.parent = entry.id;
    }
    // Joining something only just invented connects nothing.
    if (unite(thread, entry.thread) && !fresh) {
      ++joined;
    }
  }
  arrival.connected = joined > (own_is_fresh ? 1U : 0U);
  m_threads[arrival.id] = thread;
  return arrival;
}

// The one with more mails, found in time proportional to the smaller.
std::int64_t ThreadIndex::larger(std::int64_t a, std::int64_t b) {
  for (std::int64_t bound = 16;; bound *= 8) {
    const auto count = [&](std::int64_t thread) {
      return m_database.value<std::int64_t>(
          "SELECT count(*) FROM (SELECT 1 FROM message_ids WHERE thread = ? LIMIT ?) AS counted",
          thread, bound);
    };
    const std::int64_t count_a = count(a);
    const std::int64_t count_b = count(b);
    if (count_a < bound || count_b < bound) {
      return count_a >= count_b ? a : b;
    }
  }
}

void ThreadIndex::merge_stored_threads() {
  std::map<std::int64_t, std::vector<std::int64_t>> groups;  // root -> stored labels
  for (const auto& [thread, _] : m_above) {
    const std::int64_t top = root(thread);
    auto& group = groups[top];
    if (group.empty() && top < m_first_id) {
      group.push_back(top);
    }
    if (thread < m_first_id) {
      group.push_back(thread);
    }
  }
  for (auto& [top, labels] : groups) {
    if (labels.empty()) {
      continue;
    }
    std::int64_t survivor = labels.front();
    for (const std::int64_t label : labels) {
      survivor = label == survivor ? survivor : larger(survivor, label);
    }
    for (const std::int64_t label : labels) {
      if (label != survivor) {
        m_database.exec("UPDATE message_ids SET thread = ? WHERE thread = ?", survivor, label);
        m_database.exec("UPDATE series_mails SET thread = ? WHERE thread = ?", survivor, label);
      }
    }
    if (labels.size() > 1) {
      m_merged.push_back(survivor);
    }
    m_final[top] = survivor;
  }
}

void ThreadIndex::flush() {
  merge_stored_threads();
  const auto label = [this](std::int64_t thread) {
    const std::int64_t top = root(thread);
    const auto it = m_final.find(top);
    return it == m_final.end() ? top : it->second;
  };
  std::vector<std::pair<const std::string*, const Entry*>> fresh;
  for (const auto& [msgid, entry] : m_entries) {
    if (entry.is_new) {
      fresh.emplace_back(&msgid, &entry);
    } else if (entry.touched && entry.arrived) {
      m_database.exec("UPDATE message_ids SET arrived = 1 WHERE id = ? AND arrived = 0", entry.id);
    }
  }
  std::sort(fresh.begin(), fresh.end(),
            [](const auto& a, const auto& b) { return a.second->id < b.second->id; });
  for (const auto& [msgid, entry] : fresh) {
    m_database.exec("INSERT INTO message_ids (id, msgid, thread, arrived) VALUES (?, ?, ?, ?)",
                    entry->id, *msgid, label(entry->thread), entry->arrived);
  }
  for (auto& [_, thread] : m_threads) {
    thread = label(thread);
  }
  if (m_next_id != m_first_id) {
    m_database.exec("UPDATE tracker_counters SET value = ? WHERE name = 'message'", m_next_id);
  }
}

std::int64_t ThreadIndex::thread_of(std::int64_t id) const {
  return m_threads.at(id);
}

}  // namespace patchmill::tracker
