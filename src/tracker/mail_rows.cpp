#include "tracker/mail_rows.hpp"

#include "tracker/bulk_query.hpp"
#include "tracker/compression.hpp"
#include "tracker/message_store.hpp"
#include "tracker/thread_index.hpp"

#include <unordered_map>
#include <utility>

namespace patchmill::tracker {

namespace {

std::vector<std::int64_t> integers(store::Database& database, std::string_view select,
                                   std::span<const std::int64_t> values) {
  std::set<std::int64_t> result;
  each_in(database, select, values, [&](const store::Row& row) { result.insert(row.integer(0)); });
  return {result.begin(), result.end()};
}

}  // namespace

std::vector<MailRow> mail_rows(store::Database& database, std::span<const std::int64_t> mails) {
  std::vector<MailRow> result;
  result.reserve(mails.size());
  each_in(database,
          "SELECT m.id, m.kind, i.msgid, m.subject, m.from_name, m.from_email, m.date, m.parent,"
          " m.list_ids, s.series, p.number, p.name, c.cover_name, s.patch_hash FROM messages m"
          " JOIN message_ids i ON i.id = m.id LEFT JOIN series_mails s ON s.id = m.id"
          " LEFT JOIN series_patches p ON p.mail = m.id AND p.series = s.series"
          " LEFT JOIN series c ON c.number = s.series AND c.cover = m.id WHERE m.id",
          mails, [&](const store::Row& row) {
            MailRow& mail = result.emplace_back();
            mail.id = row.integer(0);
            mail.kind = row.get<MessageKind>(1);
            mail.msgid = row.text(2);
            mail.subject = row.text(3);
            mail.from = {row.get<std::string>(4), row.get<std::string>(5)};
            mail.date = from_micros(row.integer(6));
            mail.parent = row.get<std::optional<std::int64_t>>(7);
            mail.list_ids = split_words(row.text(8));
            if (row.is_null(10) && row.is_null(12)) {
              return;  // its series is being made
            }
            mail.series = row.integer(9);
            mail.number = row.is_null(10) ? 0 : row.get<int>(10);
            mail.name = row.is_null(10) ? row.text(12) : row.text(11);
            mail.patch_hash = row.get<std::optional<std::string>>(13);
          });
  return result;
}

std::vector<SeriesRow> series_rows(store::Database& database,
                                   std::span<const std::int64_t> numbers) {
  std::vector<SeriesRow> result;
  each_in(database,
          "SELECT s.number, s.name, s.version, s.total, s.submitter_name, s.submitter_email,"
          " CASE WHEN s.date = 0 THEN g.date ELSE s.date END"
          " FROM series s JOIN messages g ON g.id = s.head WHERE s.number",
          numbers, [&](const store::Row& row) {
            result.push_back({row.integer(0),
                              row.get<std::string>(1),
                              row.get<int>(2),
                              row.get<int>(3),
                              {row.get<std::string>(4), row.get<std::string>(5)},
                              from_micros(row.integer(6)),
                              {}});
          });
  std::unordered_map<std::int64_t, SeriesRow*> by_number;
  for (SeriesRow& row : result) {
    by_number[row.number] = &row;
  }
  for (const CarriedPatch& patch : carried_patches(database, numbers)) {
    if (const auto found = by_number.find(patch.series); found != by_number.end()) {
      found->second->carried_over.insert(patch.number);
    }
  }
  return result;
}

std::vector<CarriedPatch> carried_patches(store::Database& database,
                                          std::span<const std::int64_t> numbers) {
  std::vector<CarriedPatch> result;
  each_in(database,
          "SELECT series, number, mail FROM series_patches WHERE carried_over = 1 AND series",
          numbers, [&](const store::Row& row) {
            result.push_back({row.integer(0), row.get<int>(1), row.integer(2)});
          });
  return result;
}

std::vector<std::int64_t> mails_of_series(store::Database& database,
                                          std::span<const std::int64_t> numbers) {
  std::vector<std::int64_t> mails = integers(
      database, "SELECT mail FROM series_patches WHERE carried_over = 0 AND series", numbers);
  const std::vector<std::int64_t> covers =
      integers(database,
               "SELECT s.cover FROM series s JOIN series_mails m ON m.id = s.cover"
               " AND m.series = s.number WHERE s.number",
               numbers);
  mails.insert(mails.end(), covers.begin(), covers.end());
  return mails;
}

std::vector<std::int64_t> mails_with_ids(store::Database& database,
                                         std::span<const std::string> msgids) {
  std::vector<std::string> stored;
  stored.reserve(msgids.size());
  for (const std::string& msgid : msgids) {
    stored.push_back(stored_msgid(msgid));
  }
  const std::vector<std::string_view> views(stored.begin(), stored.end());
  std::unordered_map<std::string, std::int64_t> ids;
  each_in(database, "SELECT msgid, id FROM message_ids WHERE msgid",
          std::span<const std::string_view>(views),
          [&](const store::Row& row) { ids[row.get<std::string>(0)] = row.integer(1); });
  std::vector<std::int64_t> result;
  result.reserve(stored.size());
  for (const std::string& msgid : stored) {
    const auto found = ids.find(msgid);
    result.push_back(found == ids.end() ? 0 : found->second);
  }
  return result;
}

std::vector<std::int64_t> mails_after(store::Database& database, std::int64_t after,
                                      std::size_t limit) {
  std::vector<std::int64_t> result;
  database.each(
      "SELECT id FROM messages WHERE id > ? ORDER BY id LIMIT ?",
      [&](const store::Row& row) { result.push_back(row.integer(0)); }, after, limit);
  return result;
}

void each_raw(store::Database& database, const store::BlobStore& blobs,
              std::span<const std::int64_t> mails,
              const std::function<void(std::int64_t mail, Result<std::string> raw)>& f) {
  each_in(database, "SELECT id, compressed, content FROM message_raw WHERE id", mails,
          [&](const store::Row& row) {
            const std::string_view content = row.bytes(2);
            f(row.integer(0), row.get<bool>(1) ? decompress(content, largest_row)
                                               : Result<std::string>(std::string(content)));
          });
  std::vector<std::pair<std::int64_t, std::string>> large;
  each_in(
      database, "SELECT id, raw_sha256 FROM messages WHERE raw_sha256 IS NOT NULL AND id", mails,
      [&](const store::Row& row) { large.emplace_back(row.integer(0), row.get<std::string>(1)); });
  for (const auto& [mail, blob] : large) {
    f(mail, blobs.get(blob));
  }
}

}  // namespace patchmill::tracker
