#pragma once
// The least that any importer built from GMime and SQLite has to do: parse every mail in parallel
// (decode headers and text parts, nothing of ours), and insert each raw mail once.

#include "intake/mbox.hpp"
#include "store/database.hpp"
#include "util/thread_pool.hpp"

#include <gmime/gmime.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::bench {

struct FloorMail {
  std::string raw, msgid, subject, text;
};

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

inline void append_text(FloorMail& mail, GMimeObject* part) {
  if (!GMIME_IS_TEXT_PART(part)) {
    return;
  }
  char* text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
  if (text != nullptr) {
    mail.text += text;
    g_free(text);
  }
}

inline void parse_with_gmime(FloorMail& mail) {
  const Owned<GMimeStream> stream(
      g_mime_stream_mem_new_with_buffer(mail.raw.data(), mail.raw.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
  if (!message) {
    return;
  }
  const auto text_of = [](const char* text) { return std::string(text != nullptr ? text : ""); };
  mail.msgid = text_of(g_mime_message_get_message_id(message.get()));
  mail.subject = text_of(g_mime_message_get_subject(message.get()));
  GMimeHeaderList* headers = g_mime_object_get_header_list(GMIME_OBJECT(message.get()));
  for (int i = 0; i < g_mime_header_list_get_count(headers); ++i) {
    g_mime_header_get_value(g_mime_header_list_get_header_at(headers, i));
  }
  const std::unique_ptr<GMimePartIter, decltype(&g_mime_part_iter_free)> parts(
      g_mime_part_iter_new(g_mime_message_get_mime_part(message.get())), g_mime_part_iter_free);
  do {
    append_text(mail, g_mime_part_iter_get_current(parts.get()));
  } while (g_mime_part_iter_next(parts.get()) != FALSE);
}

// Stores the mbox, returns how many mails it had.
inline std::size_t import_floor(const std::filesystem::path& mbox,
                                const std::filesystem::path& file, unsigned threads) {
  constexpr std::size_t batch = 1000;
  constexpr std::size_t slice = 32;
  auto database = store::Database::open(file.string());
  database->execute_script(
      "CREATE TABLE mails (id INTEGER PRIMARY KEY, msgid TEXT NOT NULL, subject TEXT NOT NULL, "
      "raw BLOB NOT NULL) STRICT");
  auto source = intake::open_mbox(mbox);
  auto cursors = store::Database::open(":memory:");
  cursors->execute_script("CREATE TABLE cursors (source TEXT PRIMARY KEY, value TEXT)");
  intake::StorePositions positions(*cursors);
  if (!source->resume(positions)) {
    return 0;
  }
  ThreadPool pool(threads);
  std::size_t count = 0;
  // Two batches: one is parsed while the other is inserted.
  std::vector<FloorMail> parsing;
  std::vector<FloorMail> ready;
  bool more = true;
  while (more || !parsing.empty()) {
    pool.wait_idle();
    std::swap(parsing, ready);
    parsing.clear();
    while (more && parsing.size() < batch) {
      auto mail = source->next();
      more = mail && *mail;
      if (more) {
        parsing.push_back({std::move(**mail), {}, {}, {}});
      }
    }
    for (std::size_t begin = 0; begin < parsing.size(); begin += slice) {
      pool.submit([&parsing, begin] {
        for (std::size_t i = begin; i < std::min(begin + slice, parsing.size()); ++i) {
          parse_with_gmime(parsing[i]);
        }
      });
    }
    store::Transaction transaction(*database);
    for (const auto& mail : ready) {
      database->exec("INSERT INTO mails (msgid, subject, raw) VALUES (?, ?, ?)", mail.msgid,
                     mail.subject, store::Blob{mail.raw});
    }
    transaction.commit();
    count += ready.size();
    ready.clear();
  }
  return count;
}

}  // namespace patchmill::bench
