#include "tracker/incoming.hpp"

#include "mail/diff.hpp"
#include "tracker/compression.hpp"
#include "tracker/message_store.hpp"

#include <utility>

namespace patchmill::tracker {
namespace {

std::string make_patch_hash(const mail::Message& message) {
  return message.diff.empty() ? std::string() : mail::patchwork_hash(message.diff);
}

}  // namespace

void parse_and_pack(Incoming& mail) {
  mail.parsed = mail::parse_message(mail.raw);
  if (mail.parsed) {
    if (!mail.parsed->diff.empty()) {
      const auto diff = mail::parse_diff(mail.parsed->diff);
      mail.diff_fault = diff ? std::string() : diff.error().message;
    }
    mail.content_hash = content_hash(*mail.parsed);
    mail.patch_hash = make_patch_hash(*mail.parsed);
  }
  mail.packed = mail.raw.size() > largest_row ? std::nullopt : compress(mail.raw);
}

Incoming make_incoming(std::string raw, std::string list_id, std::string source) {
  Incoming mail{std::move(raw), mail::Message{}, std::move(list_id), std::move(source)};
  parse_and_pack(mail);
  return mail;
}

std::int64_t content_hash_of(const Incoming& mail) {
  return mail.content_hash ? *mail.content_hash : content_hash(*mail.parsed);
}

std::string patch_hash_of(const Incoming& mail) {
  return mail.patch_hash ? *mail.patch_hash : make_patch_hash(*mail.parsed);
}

}  // namespace patchmill::tracker
