#include "registry/mail_marks.hpp"

#include "mail/diff.hpp"
#include "mail/header_block.hpp"
#include "mail/message.hpp"
#include "tracker/facts.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>

namespace patchmill::registry {
namespace {

constexpr std::size_t longest_header = 1u << 20;
constexpr std::size_t most_references = 1000;
constexpr const char* const state_header = "X-Patchwork-State";
constexpr const char* const delegate_header = "X-Patchwork-Delegate";
constexpr const char* const action_header = "X-Patchwork-Action-Required";

TagCounts count_tags(std::string_view text, const std::vector<TagWord>& tags) {
  TagCounts counts{};
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    for (const TagWord& tag : tags) {
      if (rest.size() > tag.trailer.size() && rest[tag.trailer.size()] == ':' &&
          istarts_with(rest, tag.trailer)) {
        ++counts[static_cast<std::size_t>(tag.tag)];
      }
    }
    const std::size_t end = rest.find('\n');
    at = end == std::string_view::npos ? text.size() : at + end + 1;
  }
  return counts;
}

bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// Whether trailers may be in it that cannot be seen in the raw mail.
bool is_encoded(std::string_view raw, const mail::HeaderBlock& header) {
  const auto type = mail::find_field(header, "Content-Type");
  if (type && istarts_with(trim(*type), "multipart/")) {
    return contains(raw, "base64") || contains(raw, "Base64") || contains(raw, "BASE64") ||
           contains(raw, "=2D") || contains(raw, "=2d");
  }
  const auto field = mail::find_field(header, "Content-Transfer-Encoding");
  const std::string encoding = to_lower(trim(field.value_or("")));
  return encoding.starts_with("base64") || (encoding.starts_with("quoted-printable") &&
                                            (contains(raw, "=2D") || contains(raw, "=2d")));
}

// Whether it takes parsing the mail to know what it says. Most say nothing, and parsing is most of
// the work.
bool says_something(std::string_view raw, const mail::HeaderBlock& header,
                    const std::vector<TagWord>& tags) {
  if (header.too_large || contains(raw.substr(0, std::max<std::size_t>(header.body, 1)), "\r")) {
    return true;
  }
  for (const char* name : {state_header, delegate_header, action_header}) {
    if (mail::find_field(header, name)) {
      return true;
    }
  }
  if (is_encoded(raw, header)) {
    return true;
  }
  const TagCounts counts = count_tags(raw.substr(std::min(header.body, raw.size())), tags);
  return counts != TagCounts{};
}

void read_paths(std::string_view diff, std::vector<std::string>& paths) {
  const auto files = mail::parse_diff(diff);
  if (!files) {
    return;
  }
  std::set<std::string> unique;
  for (const mail::FileDiff& file : *files) {
    unique.insert(file.old_path);
    unique.insert(file.new_path);
  }
  unique.erase("");
  paths.assign(unique.begin(), unique.end());
}

}  // namespace

MailMarks read_marks(std::string_view raw, const std::vector<TagWord>& tags, MarksWanted wanted) {
  const mail::HeaderBlock header = mail::read_header(raw, 0, longest_header, true);
  MailMarks marks;
  if (!wanted.pull_url && !wanted.paths && !wanted.ancestors && !wanted.hash &&
      !says_something(raw, header, tags)) {
    return marks;
  }
  const auto message = mail::parse_message(raw);
  if (!message) {
    return marks;
  }
  const auto value_of = [&](const char* name) {
    return std::string(trim(message->header(name).value_or("")));
  };
  marks.state = value_of(state_header);
  marks.delegate = value_of(delegate_header);
  marks.action_required = message->header(action_header).has_value();
  marks.tags = count_tags(message->text, tags);
  marks.pull_url = message->pull_url;
  if (wanted.paths && !message->diff.empty()) {
    read_paths(message->diff, marks.paths);
  }
  if (wanted.hash && !message->diff.empty()) {
    marks.hash = mail::patchwork_hash(message->diff);
  }
  if (wanted.ancestors) {
    marks.ancestors = tracker::parents_of(*message, most_references);
  }
  return marks;
}

}  // namespace patchmill::registry
