// A whole mail: headers, MIME tree, charsets, body.

#include "check.hpp"
#include "mail/diff.hpp"
#include "mail/message.hpp"
#include "mail/subject.hpp"
#include "mail/trailers.hpp"
#include "util/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace patchmill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  // Limits that small inputs can reach.
  mail::Limits limits;
  limits.header_bytes = 4096;
  limits.parts = 20;
  limits.depth = 5;
  limits.references = 10;
  const auto message = mail::parse_message(raw, limits);
  if (!message) {
    FUZZ_CHECK(!message.error().message.empty());
    const mail::Remains remains = mail::salvage(raw);
    FUZZ_CHECK(!remains.message_id.empty());
    FUZZ_CHECK(is_valid_utf8(remains.subject) && is_valid_utf8(remains.from));
    return 0;
  }
  FUZZ_CHECK(!message->message_id.empty() && is_valid_utf8(message->message_id));
  FUZZ_CHECK(is_valid_utf8(message->subject) && message->subject.find('\n') == std::string::npos);
  FUZZ_CHECK(is_valid_utf8(message->text) && message->text.find('\0') == std::string::npos);
  FUZZ_CHECK(is_valid_utf8(message->from.name) && !message->from.email.empty());
  FUZZ_CHECK(message->diff.empty() == (message->diff_at == std::string::npos));
  FUZZ_CHECK(message->diff.empty() || message->diff_at <= message->text.size());
  FUZZ_CHECK(message->references.size() <= limits.references);
  for (const auto& [name, value] : message->headers) {
    FUZZ_CHECK(is_valid_utf8(name) && is_valid_utf8(value));
  }
  for (const std::string& id : message->references) {
    FUZZ_CHECK(!id.empty() && is_valid_utf8(id));
  }
  // Text and diff together cannot be much longer than what came in (UTF-8 at most triples).
  FUZZ_CHECK(message->text.size() + message->diff.size() <= 6 * size + 64);
  const mail::Subject subject = mail::parse_subject(message->subject, {"list"});
  FUZZ_CHECK(is_valid_utf8(subject.patchwork_name()));
  mail::parse_base_info(*message);
  const mail::CommitText commit = mail::commit_text(*message);
  FUZZ_CHECK(is_valid_utf8(commit.message()));
  mail::parse_trailers(commit.message());
  if (const auto files = mail::parse_diff(message->diff)) {
    mail::added_lines(*files);
  }
  return 0;
}
