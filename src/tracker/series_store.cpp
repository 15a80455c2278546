#include "tracker/series_store.hpp"

#include "tracker/message_store.hpp"

namespace patchmill::tracker {

SeriesStore::SeriesStore(store::Database& database) : m_database(database) {}

std::int64_t SeriesStore::next_number() {
  const auto number =
      m_database.value<std::int64_t>("SELECT value FROM tracker_counters WHERE name = 'series'");
  m_database.exec("UPDATE tracker_counters SET value = ? WHERE name = 'series'", number + 1);
  return number;
}

std::optional<SeriesStore::Known> SeriesStore::known(std::int64_t number) {
  const auto row = m_database.one<std::int64_t, bool>(
      "SELECT digest, CASE WHEN total <= (SELECT count(*) FROM series_patches p"
      " WHERE p.series = s.number) THEN 1 ELSE 0 END FROM series s WHERE number = ?",
      number);
  return row ? std::optional(Known{std::get<0>(*row), std::get<1>(*row)}) : std::nullopt;
}

void SeriesStore::insert(std::int64_t number, const SeriesContent& content) {
  m_database.exec(
      "INSERT INTO series (number, name, title, version, minor, total, submitter_name,"
      " submitter_email, author, date, head, cover, cover_name, answers, rerolls, work,"
      " superseded, base_commit, base_branch, change_id, supersedes, list_ids, prefixes, is_rfc,"
      " is_resend, skip_requested, note, revision_note, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)",
      number, content.name, content.title, content.version.number, content.version.minor,
      content.total, content.submitter.name, content.submitter.email, content.author,
      to_micros(content.date), content.head, content.cover, content.cover_name, content.answers,
      content.rerolls, number, content.base_commit, content.base_branch, content.change_id,
      content.supersedes, join_words(content.list_ids), join_words(content.prefixes),
      content.is_rfc, content.is_resend, content.skip_requested, content.note, content.digest());
  write_parts(number, content);
}

void SeriesStore::update(std::int64_t number, const SeriesContent& content) {
  m_database.exec(
      "UPDATE series SET name = ?, title = ?, version = ?, minor = ?, total = ?,"
      " submitter_name = ?, submitter_email = ?, author = ?, date = ?, head = ?, cover = ?,"
      " cover_name = ?, answers = ?, rerolls = ?, base_commit = ?, base_branch = ?,"
      " change_id = ?, supersedes = ?, list_ids = ?, prefixes = ?, is_rfc = ?, is_resend = ?,"
      " skip_requested = ?, note = ?, digest = ? WHERE number = ?",
      content.name, content.title, content.version.number, content.version.minor, content.total,
      content.submitter.name, content.submitter.email, content.author, to_micros(content.date),
      content.head, content.cover, content.cover_name, content.answers, content.rerolls,
      content.base_commit, content.base_branch, content.change_id, content.supersedes,
      join_words(content.list_ids), join_words(content.prefixes), content.is_rfc, content.is_resend,
      content.skip_requested, content.note, content.digest(), number);
  remove_parts(number);
  write_parts(number, content);
}

void SeriesStore::write_parts(std::int64_t number, const SeriesContent& content) {
  for (const PatchContent& patch : content.patches) {
    m_database.exec(
        "INSERT INTO series_patches (series, number, mail, name, title, carried_over)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        number, patch.number, patch.mail, patch.name, patch.title, patch.carried_over);
  }
  for (const RevisionKey& key : content.keys) {
    m_database.exec(
        "INSERT INTO series_keys (series, kind, key, rank, date) VALUES (?, ?, ?, ?, ?)", number,
        key.kind, key.key, version_rank(content.version), to_micros(content.date));
  }
}

void SeriesStore::remove_parts(std::int64_t number) {
  m_database.exec("DELETE FROM series_patches WHERE series = ?", number);
  m_database.exec("DELETE FROM series_keys WHERE series = ?", number);
}

std::int64_t SeriesStore::remove(std::int64_t number) {
  const auto work =
      m_database.value<std::int64_t>("SELECT work FROM series WHERE number = ?", number);
  m_database.exec("DELETE FROM series WHERE number = ?", number);
  m_database.exec("DELETE FROM series_dependencies WHERE series = ?", number);
  remove_parts(number);
  return work;
}

void SeriesStore::set_series_of_mail(std::int64_t mail, std::int64_t series) {
  m_database.exec("UPDATE series_mails SET series = ? WHERE id = ?", series, mail);
}

std::optional<std::int64_t> newest_series_of(store::Database& database, std::int64_t mail) {
  const auto row = database.one<std::int64_t>(
      "SELECT s.number FROM series s JOIN message_ids i ON i.id = s.head WHERE s.number IN"
      " (SELECT series FROM series_patches WHERE mail = ?"
      " UNION SELECT number FROM series WHERE cover = ?)"
      " ORDER BY s.version DESC, s.minor DESC, s.date DESC, i.msgid DESC LIMIT 1",
      mail, mail);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

}  // namespace patchmill::tracker
