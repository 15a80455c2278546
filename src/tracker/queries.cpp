#include "tracker/queries.hpp"

#include "mail/diff.hpp"
#include "tracker/facts.hpp"
#include "tracker/message_store.hpp"
#include "tracker/revision_facts.hpp"
#include "tracker/series_store.hpp"
#include "tracker/thread_index.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::tracker {

namespace {

constexpr std::int64_t chunk = 500;

// Series with numbers in a range, read by one statement a table.
class SeriesReader {
 public:
  explicit SeriesReader(store::Database& database) : m_database(database) {}

  std::map<std::int64_t, Series> read(std::int64_t from, std::int64_t to) {
    read_series(from, to);
    read_patches(from, to);
    read_dependencies(from, to);
    return std::move(m_series);
  }

 private:
  void read_series(std::int64_t from, std::int64_t to) {
    m_database.each(
        // A sender without Date: when his mail was received, as Patchwork has it. The order of
        // revisions keeps the epoch, which does not depend on the order of arrival.
        "SELECT s.number, s.name, s.version, s.total, s.submitter_name, s.submitter_email,"
        " CASE WHEN s.date = 0 THEN g.date ELSE s.date END,"
        " s.cover, i.msgid, s.cover_name, s.work, s.revision_of, s.superseded, s.base_commit,"
        " s.base_branch, s.change_id, s.list_ids, s.prefixes, s.is_rfc, s.skip_requested, s.note,"
        " s.revision_note FROM series s JOIN messages g ON g.id = s.head"
        " LEFT JOIN message_ids i ON i.id = s.cover WHERE s.number BETWEEN ? AND ?",
        [&](const store::Row& row) {
          Series& series = m_series[row.integer(0)];
          series.number = row.integer(0);
          series.name = row.text(1);
          series.version = row.get<int>(2);
          series.total = row.get<int>(3);
          series.submitter = {row.get<std::string>(4), row.get<std::string>(5)};
          series.date = from_micros(row.integer(6));
          series.cover_message = row.get<std::optional<std::int64_t>>(7);
          if (series.cover_message) {
            series.cover_msgid = row.text(8);
            series.cover_name = row.text(9);
          }
          series.work = row.integer(10);
          series.revision_of = row.get<std::optional<std::int64_t>>(11);
          series.superseded = row.get<bool>(12);
          series.base_commit = row.text(13);
          series.base_branch = row.text(14);
          series.change_id = row.text(15);
          series.list_ids = split_words(row.text(16));
          series.prefixes = split_words(row.text(17));
          series.is_rfc = row.get<bool>(18);
          series.skip_requested = row.get<bool>(19);
          series.note = row.text(20);
          const std::string_view more = row.text(21);
          if (!more.empty()) {
            series.note += (series.note.empty() ? "" : " ") + std::string(more);
          }
        },
        from, to);
  }

  void read_patches(std::int64_t from, std::int64_t to) {
    m_database.each(
        "SELECT p.series, p.mail, p.number, i.msgid, p.name, p.title, m.author_name,"
        " m.author_email, g.date, p.carried_over FROM series_patches p"
        " JOIN message_ids i ON i.id = p.mail JOIN series_mails m ON m.id = p.mail"
        " JOIN messages g ON g.id = p.mail"
        " WHERE p.series BETWEEN ? AND ? ORDER BY p.series, p.number",
        [&](const store::Row& row) {
          PatchRef patch;
          patch.message = row.integer(1);
          patch.number = row.get<int>(2);
          patch.msgid = row.text(3);
          patch.name = row.text(4);
          patch.title = row.text(5);
          patch.author = {row.get<std::string>(6), row.get<std::string>(7)};
          patch.date = from_micros(row.integer(8));
          patch.carried_over = row.get<bool>(9);
          m_series[row.integer(0)].patches.push_back(std::move(patch));
        },
        from, to);
  }

  void read_dependencies(std::int64_t from, std::int64_t to) {
    m_database.each(
        "SELECT series, kind, target, resolved, reason FROM series_dependencies"
        " WHERE series BETWEEN ? AND ? ORDER BY series, position",
        [&](const store::Row& row) {
          m_series[row.integer(0)].dependencies.push_back(
              {{row.get<mail::DependencyKind>(1), row.get<std::string>(2)},
               row.get<std::optional<std::int64_t>>(3),
               row.get<std::string>(4)});
        },
        from, to);
  }

  store::Database& m_database;
  std::map<std::int64_t, Series> m_series;
};

MessageRow to_message(const store::Row& row) {
  MessageRow message;
  message.id = row.integer(0);
  message.message_id = row.text(1);
  message.kind = row.get<MessageKind>(2);
  message.reason = row.text(3);
  message.subject = row.text(4);
  message.from_name = row.text(5);
  message.from_email = row.text(6);
  message.date = from_micros(row.integer(7));
  return message;
}

// `where` comes after "FROM messages m JOIN message_ids i".
template <class Argument>
std::vector<MessageRow> read_messages(store::Database& database, std::string_view where,
                                      const Argument& argument) {
  std::string sql(
      "SELECT m.id, i.msgid, m.kind, m.reason, m.subject, m.from_name, m.from_email, m.date"
      " FROM messages m JOIN message_ids i ON i.id = m.id ");
  sql += where;
  std::vector<MessageRow> result;
  database.each(sql, [&](const store::Row& row) { result.push_back(to_message(row)); }, argument);
  return result;
}

std::vector<std::int64_t> numbers(store::Database& database, std::string_view sql,
                                  std::int64_t argument) {
  std::vector<std::int64_t> result;
  database.each(sql, [&](const store::Row& row) { result.push_back(row.integer(0)); }, argument);
  return result;
}

}  // namespace

Queries::Queries(store::Database& database, const store::BlobStore& blobs)
    : m_database(database), m_blobs(blobs) {}

std::int64_t Queries::series_count() {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM series");
}

std::vector<std::int64_t> Queries::superseded_series(std::int64_t after, std::size_t limit) {
  std::vector<std::int64_t> result;
  m_database.each(
      "SELECT number FROM series WHERE number > ? AND superseded <> 0 ORDER BY number LIMIT ?",
      [&](const store::Row& row) { result.push_back(row.integer(0)); }, after, limit);
  return result;
}

std::vector<std::int64_t> Queries::series_numbers() {
  return numbers(m_database, "SELECT number FROM series WHERE number > ? ORDER BY number", 0);
}

std::optional<Series> Queries::series(std::int64_t number) {
  auto found = SeriesReader(m_database).read(number, number);
  return found.empty() ? std::nullopt : std::optional(std::move(found.begin()->second));
}

void Queries::each_series(const std::function<void(const Series&)>& f) {
  const auto last =
      m_database.value<std::optional<std::int64_t>>("SELECT max(number) FROM series").value_or(0);
  for (std::int64_t from = 1; from <= last; from += chunk) {
    for (const auto& [_, series] : SeriesReader(m_database).read(from, from + chunk - 1)) {
      f(series);
    }
  }
}

std::optional<std::int64_t> Queries::series_of(std::string_view msgid) {
  const auto id = m_database.one<std::int64_t>("SELECT id FROM message_ids WHERE msgid = ?",
                                               stored_msgid(msgid));
  return id ? newest_series_of(m_database, std::get<0>(*id)) : std::nullopt;
}

std::vector<std::int64_t> Queries::newest_dependents(std::int64_t number, std::size_t limit) {
  std::vector<std::int64_t> result;
  m_database.each(
      "SELECT DISTINCT series FROM series_dependencies WHERE resolved = ?"
      " ORDER BY series DESC LIMIT ?",
      [&](const store::Row& row) { result.push_back(row.integer(0)); }, number, limit);
  return result;
}

std::vector<std::int64_t> Queries::revisions(std::int64_t number) {
  return revision_numbers(
      m_database,
      "SELECT r.number, r.version, r.minor, r.date, i.msgid, r.is_rfc FROM series s JOIN series r"
      " ON r.work = s.work JOIN message_ids i ON i.id = r.head WHERE s.number = ?",
      number);
}

std::vector<std::int64_t> Queries::patches_without_id(std::size_t limit) {
  if (!m_database.one<std::int64_t>("SELECT 1 FROM series_dependencies"
                                    " WHERE resolved IS NULL AND lookup LIKE 'p:%' LIMIT 1")) {
    return {};
  }
  return numbers(m_database,
                 "SELECT id FROM series_mails WHERE patch_id IS NULL AND patch_hash IS NOT NULL"
                 " ORDER BY id DESC LIMIT ?",
                 static_cast<std::int64_t>(limit));
}

std::optional<MessageRow> Queries::message(std::string_view msgid) {
  auto found = read_messages(m_database, "WHERE i.msgid = ?", stored_msgid(msgid));
  if (found.empty()) {
    return std::nullopt;
  }
  found.front().series = newest_series_of(m_database, found.front().id);
  return std::move(found.front());
}

std::vector<MessageRow> Queries::unusable_messages(std::size_t limit) {
  return read_messages(m_database, "WHERE m.kind = 4 ORDER BY m.id LIMIT ?", limit);
}

std::map<std::string, std::int64_t> Queries::message_counts() {
  std::map<std::string, std::int64_t> counts;
  m_database.each("SELECT kind, count(*) FROM messages WHERE kind <> 4 GROUP BY kind",
                  [&](const store::Row& row) {
                    counts[std::string(to_string(row.get<MessageKind>(0)))] = row.integer(1);
                  });
  m_database.each("SELECT reason, count(*) FROM messages WHERE kind = 4 GROUP BY reason",
                  [&](const store::Row& row) {
                    counts["unusable: " + row.get<std::string>(0)] = row.integer(1);
                  });
  return counts;
}

Result<std::string> Queries::raw(std::int64_t message) {
  return MessageStore(m_database, m_blobs).raw(message);
}

Result<mail::Message> Queries::parsed(std::int64_t message) {
  PM_TRY_ASSIGN(const std::string content, raw(message));
  return mail::parse_message(content);
}

std::vector<std::string> Queries::notes(std::int64_t message) {
  auto mail = parsed(message);
  if (!mail) {
    return {};
  }
  std::vector<std::string> notes = std::move(mail->mended);
  const auto kind = m_database.one<MessageKind>("SELECT kind FROM messages WHERE id = ?", message);
  if (kind && std::get<0>(*kind) == MessageKind::patch) {
    if (const auto diff = mail::parse_diff(mail->diff); !diff) {
      notes.push_back(damaged_diff_note(diff.error().message));
    }
  }
  return notes;
}

}  // namespace patchmill::tracker
