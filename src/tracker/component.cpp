#include "tracker/component.hpp"

#include "tracker/message_store.hpp"
#include "tracker/rerolls.hpp"
#include "tracker/revisions.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace patchmill::tracker {

namespace {

constexpr int deepest_reply_chain = 64;
// Of more series with one title by one author, the newest.
constexpr int most_rerolled = 256;

class Loader {
 public:
  Loader(store::Database& database, const std::vector<std::string>& list_words)
      : m_database(database), m_list_words(list_words) {}

  Component load(std::int64_t thread) {
    std::vector<std::int64_t> open{thread};
    m_component.threads.insert(thread);
    while (!open.empty()) {
      const std::int64_t next = open.back();
      open.pop_back();
      const std::size_t before = m_component.facts.size();
      load_thread(next);
      for (const std::int64_t neighbour : neighbours(before)) {
        if (m_component.threads.insert(neighbour).second) {
          open.push_back(neighbour);
        }
      }
    }
    load_replies();
    return std::move(m_component);
  }

 private:
  void load_thread(std::int64_t thread) {
    bool any = false;
    m_database.each(
        "SELECT s.id, i.msgid, s.date, s.parents, m.kind, m.subject, m.from_name, m.from_email,"
        " m.list_ids, s.series, s.author_name, s.author_email, s.base_commit, s.base_branch,"
        " s.change_id, s.supersedes, s.skip_requested FROM series_mails s"
        " JOIN messages m ON m.id = s.id JOIN message_ids i ON i.id = s.id WHERE s.thread = ?",
        [&](const store::Row& row) {
          any = true;
          add(thread, row);
        },
        thread);
    if (!any) {
      return;
    }
    m_database.each(
        "SELECT d.mail, d.kind, d.target FROM series_mails s JOIN mail_dependencies d"
        " ON d.mail = s.id WHERE s.thread = ? ORDER BY d.mail, d.position",
        [&](const store::Row& row) {
          m_component.stored[row.integer(0)].dependencies.push_back(
              {row.get<mail::DependencyKind>(1), row.get<std::string>(2)});
        },
        thread);
  }

  void add(std::int64_t thread, const store::Row& row) {
    MailFact fact;
    fact.id = row.integer(0);
    fact.thread = thread;
    fact.msgid = row.text(1);
    if (!row.is_null(2)) {
      fact.date = from_micros(row.integer(2));
    }
    fact.parents = split_words(row.text(3));
    fact.is_pull_request = row.get<MessageKind>(4) == MessageKind::pull_request;
    fact.from = {row.get<std::string>(6), row.get<std::string>(7)};
    StoredMail& stored = m_component.stored[fact.id];
    stored.list_ids = split_words(row.text(8));
    fact.subject = subject_of(row.text(5), stored.list_ids, m_list_words);
    stored.series = row.integer(9);
    stored.author = {row.get<std::string>(10), row.get<std::string>(11)};
    stored.base_commit = row.text(12);
    stored.base_branch = row.text(13);
    stored.change_id = row.text(14);
    fact.change_id = stored.change_id;
    stored.supersedes = row.text(15);
    stored.skip_requested = row.get<bool>(16);
    m_component.facts.push_back(std::move(fact));
  }

  // Threads with mails that may be one posting with facts from `first` on. A thread too many does
  // no harm: assembly judges pair by pair.
  std::vector<std::int64_t> neighbours(std::size_t first) {
    std::map<std::int64_t, std::vector<Timestamp>> dates;
    for (std::size_t i = first; i < m_component.facts.size(); ++i) {
      if (const auto key = posting_key(m_component.facts[i])) {
        dates[*key].push_back(*m_component.facts[i].date);
      }
    }
    std::vector<std::int64_t> result;
    const auto query = [&](std::int64_t key, Timestamp from, Timestamp to) {
      m_database.each(
          "SELECT DISTINCT thread FROM series_mails WHERE posting_key = ? AND date BETWEEN ? AND ?",
          [&](const store::Row& row) { result.push_back(row.integer(0)); }, key, to_micros(from),
          to_micros(to));
    };
    // What was looked at before is not asked again: mails of one posting lie in each other's reach.
    const auto look = [&](std::int64_t key, Timestamp earliest, Timestamp latest) {
      const Timestamp from = earliest - same_posting_window;
      const Timestamp to = latest + same_posting_window;
      for (auto& [known_from, known_to] : m_looked_at[key]) {
        if (from <= known_to && known_from <= to) {
          if (from < known_from) {
            query(key, from, std::exchange(known_from, from));
          }
          if (to > known_to) {
            query(key, std::exchange(known_to, to), to);
          }
          return;
        }
      }
      m_looked_at[key].emplace_back(from, to);
      query(key, from, to);
    };
    add_rerolled(first, result);
    for (auto& [key, times] : dates) {
      std::sort(times.begin(), times.end());
      Timestamp from = times.front();
      for (std::size_t i = 1; i < times.size(); ++i) {
        if (times[i] - times[i - 1] > 2 * same_posting_window) {
          look(key, from, times[i - 1]);
          from = times[i];
        }
      }
      look(key, from, times.back());
    }
    return result;
  }

  // Patches posted by themselves, or at the head of a posting without a cover, and series of
  // several meet where a patch has the same title: a newer version of one may be a reroll of the
  // other, or what a reroll carries over.
  void add_rerolled(std::size_t first, std::vector<std::int64_t>& result) {
    auto add = [&](const store::Row& row) { result.push_back(row.integer(0)); };
    for (std::size_t i = first; i < m_component.facts.size(); ++i) {
      const MailFact& fact = m_component.facts[i];
      const std::string author = author_key(fact.from);
      if (is_single_patch(fact) || is_stray(fact)) {
        const std::int64_t key = patch_title_key(author, fact.subject.title).key;
        if (m_looked_up.insert(key).second) {
          m_database.each(
              "SELECT DISTINCT m.thread FROM series_mails m JOIN series_patches p"
              " ON p.mail = m.id AND p.carried_over = 0 JOIN series s ON s.number = p.series"
              " AND s.total > 1 JOIN (SELECT series FROM series_keys"
              " WHERE key = ? ORDER BY rank DESC, date DESC LIMIT ?) k ON k.series = s.number",
              add, key, most_rerolled);
        }
      }
      if (fact.is_numbered() && fact.date && fact.total() > 1 && fact.number() > 0 &&
          fact.number() <= most_rerolled_by_title) {
        const std::int64_t key = single_key(author, fact.subject.title).key;
        if (m_looked_up.insert(key).second) {
          m_database.each(
              "SELECT m.thread FROM series_keys k JOIN series s ON s.number = k.series"
              " JOIN series_mails m ON m.id = s.head WHERE k.key = ?",
              add, key);
        }
      }
    }
  }

  // The replies between a patch and what it answers, where it answers a reply.
  void load_replies() {
    std::unordered_map<std::string_view, bool> facts;
    for (const MailFact& fact : m_component.facts) {
      facts.emplace(fact.msgid, true);
    }
    for (const MailFact& fact : m_component.facts) {
      for (const std::string& parent : fact.parents) {
        if (facts.contains(parent) || follow(parent, facts)) {
          break;
        }
      }
    }
  }

  // True when the chain of answers ends at a fact.
  bool follow(std::string id, const std::unordered_map<std::string_view, bool>& facts) {
    for (int step = 0; step < deepest_reply_chain; ++step) {
      if (facts.contains(id)) {
        return true;
      }
      const auto known = m_component.replies.find(id);
      if (known != m_component.replies.end()) {
        id = known->second;
        continue;
      }
      if (m_dead_ends.contains(id)) {
        return false;
      }
      auto parent = m_database.one<std::string>(
          "SELECT p.msgid FROM message_ids i JOIN messages m ON m.id = i.id"
          " JOIN message_ids p ON p.id = m.parent WHERE i.msgid = ?",
          id);
      if (!parent) {
        m_dead_ends.insert(std::move(id));
        return false;
      }
      m_component.replies.emplace(id, std::get<0>(*parent));
      id = std::get<0>(*std::move(parent));
    }
    return false;
  }

  store::Database& m_database;
  const std::vector<std::string>& m_list_words;
  Component m_component;
  std::set<std::string> m_dead_ends;
  std::set<std::int64_t> m_looked_up;  // keys of titles
  std::map<std::int64_t, std::vector<std::pair<Timestamp, Timestamp>>> m_looked_at;  // by key
};

}  // namespace

Component load_component(store::Database& database, std::int64_t thread,
                         const std::vector<std::string>& list_words) {
  return Loader(database, list_words).load(thread);
}

}  // namespace patchmill::tracker
