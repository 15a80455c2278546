#include "tracker/message_store.hpp"

#include "tracker/compression.hpp"
#include "tracker/hash64.hpp"
#include "tracker/thread_index.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::tracker {

namespace {

// PostgreSQL takes no NUL in text.
std::string text_column(std::string_view text) {
  std::string result(text);
  std::replace(result.begin(), result.end(), '\0', '?');
  return result;
}

std::optional<std::int64_t> micros(const std::optional<Timestamp>& date) {
  return date ? std::optional(to_micros(*date)) : std::nullopt;
}

}  // namespace

std::int64_t content_hash(const mail::Message& message) {
  return Hash64()
      .add(message.subject)
      .add(to_lower(message.from.email))
      .add(message.text)
      .add(message.diff)
      .value();
}

std::vector<std::string> split_words(std::string_view stored) {
  std::vector<std::string> words;
  if (!stored.empty()) {
    for (const std::string_view word : split(stored, '\n')) {
      words.emplace_back(word);
    }
  }
  return words;
}

std::string join_words(const std::vector<std::string>& words) {
  return text_column(join(words, "\n"));
}

MessageStore::MessageStore(store::Database& database, const store::BlobStore& blobs)
    : m_database(database), m_blobs(blobs) {}

void MessageStore::insert(const NewMessage& message, Timestamp now, store::BlobStore& blobs) {
  std::optional<std::string> blob;
  if (message.raw.size() > largest_row) {
    auto put = blobs.put(message.raw);
    if (!put) {
      throw store::DatabaseError(fmt::format("cannot keep a mail of {} bytes as a blob: {}",
                                             message.raw.size(), put.error().message));
    }
    blob = *std::move(put);
  } else {
    std::optional<std::string> own;
    const std::string* packed = message.packed;
    if (packed == nullptr) {
      own = compress(message.raw);
      packed = own ? &*own : nullptr;
    }
    m_database.exec("INSERT INTO message_raw (id, compressed, content) VALUES (?, ?, ?)",
                    message.id, packed != nullptr,
                    store::Blob{packed != nullptr ? std::string_view(*packed) : message.raw});
  }
  m_database.exec(
      "INSERT INTO messages (id, kind, reason, subject, from_name, from_email, date, received,"
      " parent, list_ids, source, content_hash, raw_size, raw_sha256)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      message.id, message.kind, text_column(message.reason), text_column(message.subject),
      text_column(message.from.name), text_column(message.from.email),
      to_micros(message.date.value_or(now)), to_micros(now), message.parent,
      join_words(message.list_ids), text_column(message.source), message.content_hash,
      message.raw.size(), blob);
}

std::int64_t MessageStore::remove(std::int64_t id) {
  const auto row = m_database.one<std::int64_t>("SELECT series FROM series_mails WHERE id = ?", id);
  m_database.exec("DELETE FROM messages WHERE id = ?", id);
  m_database.exec("DELETE FROM message_raw WHERE id = ?", id);
  m_database.exec("DELETE FROM series_mails WHERE id = ?", id);
  m_database.exec("DELETE FROM mail_dependencies WHERE mail = ?", id);
  return row ? std::get<0>(*row) : 0;
}

std::optional<KnownMessage> MessageStore::known(std::int64_t id) {
  auto row = m_database.one<MessageKind, std::int64_t, std::string, std::string, std::string>(
      "SELECT kind, content_hash, list_ids, source, from_email FROM messages WHERE id = ?", id);
  if (!row) {
    return std::nullopt;
  }
  return KnownMessage{std::get<0>(*row), std::get<1>(*row), split_words(std::get<2>(*row)),
                      std::get<3>(*row), std::get<4>(*row)};
}

void MessageStore::set_lists(std::int64_t id, const std::vector<std::string>& list_ids) {
  m_database.exec("UPDATE messages SET list_ids = ? WHERE id = ?", join_words(list_ids), id);
}

void MessageStore::insert_series_mail(const NewMessage& message, const MailFact& fact,
                                      const mail::Address& author, std::string_view patch_hash,
                                      const mail::BaseInfo& base) {
  std::vector<std::string> parents;
  for (const std::string& parent : fact.parents) {
    parents.push_back(stored_msgid(parent));
  }
  m_database.exec(
      "INSERT INTO series_mails (id, thread, series, posting_key, date, parents, author_name,"
      " author_email, patch_hash, base_commit, base_branch, change_id, supersedes, skip_requested)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      message.id, fact.thread, message.series, posting_key(fact), micros(message.date),
      join_words(parents), text_column(author.name), text_column(author.email),
      patch_hash.empty() ? std::nullopt : std::optional(std::string(patch_hash)),
      text_column(base.base_commit), text_column(base.base_branch), text_column(base.change_id),
      base.supersedes.empty() ? std::string() : stored_msgid(base.supersedes), base.skip_requested);
  std::int64_t position = 0;
  for (const mail::Dependency& dependency : base.dependencies) {
    m_database.exec(
        "INSERT INTO mail_dependencies (mail, position, kind, target) VALUES (?, ?, ?, ?)",
        message.id, position++, dependency.kind, text_column(dependency.target));
  }
}

Result<std::string> MessageStore::raw(std::int64_t id) {
  const auto message = m_database.one<std::optional<std::string>>(
      "SELECT raw_sha256 FROM messages WHERE id = ?", id);
  if (!message) {
    return fail(ErrorKind::not_found, fmt::format("no message {} in the store", id));
  }
  if (std::get<0>(*message)) {
    return m_blobs.get(*std::get<0>(*message));
  }
  std::string content;
  bool compressed = false;
  m_database.each(
      "SELECT compressed, content FROM message_raw WHERE id = ?",
      [&](const store::Row& row) {
        compressed = row.get<bool>(0);
        content = row.bytes(1);
      },
      id);
  return compressed ? decompress(content, largest_row) : Result<std::string>(std::move(content));
}

}  // namespace patchmill::tracker
