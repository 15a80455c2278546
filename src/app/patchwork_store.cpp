#include "app/patchwork_store.hpp"

#include "store/cursors.hpp"
#include "tracker/mail_rows.hpp"

#include <fmt/format.h>

#include <utility>

namespace patchmill::app {

using patchwork::MailKind;

PatchworkStore::PatchworkStore(store::Database& database, store::BlobStore& blobs,
                               const Clock& clock, std::string source,
                               PatchworkImportReport& report)
    : m_database(database),
      m_source(std::move(source)),
      m_report(report),
      m_tracker(database, blobs, clock) {}

void PatchworkStore::put(std::vector<TakenMail>& items, const std::string& cursor,
                         const std::string& value) {
  std::vector<tracker::Incoming> mails;
  for (auto& item : items) {
    if (item.here == 0) {
      mails.push_back(tracker::make_incoming(item.raw, item.list_id, m_source));
    }
    for (auto& [comment, raw] : item.comments) {
      mails.push_back(tracker::make_incoming(raw, item.list_id, m_source));
      if (comment.subject.empty() && mails.back().parsed) {
        comment.subject = mails.back().parsed->subject;
      }
    }
  }
  const auto outcome = m_tracker.ingest(mails, [&] {
    adopt_mails(items);
    store::set_cursor(m_database, cursor, value);
  });
  m_report.mails += outcome.stored;
}

void PatchworkStore::adopt(const std::function<void(registry::Adopter&)>& with) {
  store::Transaction transaction(m_database);
  registry::Adopter adopter(m_database, m_report.counts);
  with(adopter);
  adopter.finish();
  transaction.commit();
}

void PatchworkStore::adopt_mails(std::vector<TakenMail>& items) {
  std::vector<std::string> msgids;
  for (const auto& item : items) {
    msgids.push_back(item.mail.self.msgid);
    for (const auto& comment : item.comments) {
      msgids.push_back(comment.comment.msgid);
    }
  }
  const auto messages = tracker::mails_with_ids(m_database, msgids);
  registry::Adopter adopter(m_database, m_report.counts);
  std::size_t at = 0;
  for (auto& item : items) {
    const std::int64_t message = messages[at++];
    if (item.here == 0 && message == 0) {
      m_report.left_out.push_back(
          {ErrorKind::invalid, fmt::format("{} {} on {}: its mail cannot be rebuilt",
                                           to_string(item.kind), item.mail.self.id, item.list_id)});
      at += item.comments.size();
      continue;
    }
    if (item.here == 0) {
      item.mail.message = message;
      item.here =
          item.kind == MailKind::patch ? adopter.patch(item.mail) : adopter.cover(item.mail);
    }
    for (auto& [comment, raw] : item.comments) {
      comment.message = messages[at++];
      if (comment.message == 0) {
        continue;
      }
      item.kind == MailKind::patch ? adopter.patch_comment(item.here, comment)
                                   : adopter.cover_comment(item.here, comment);
    }
    for (const auto& check : item.checks) {
      adopter.check(item.here, check);
    }
  }
  adopter.finish();
}

}  // namespace patchmill::app
