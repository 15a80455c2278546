#include "intake/freedesktop_mails.hpp"

#include "http/headers.hpp"
#include "intake/source.hpp"
#include "mail/encoded_words.hpp"
#include "mail/header_block.hpp"
#include "mail/message_ids.hpp"
#include "mail/subject.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::intake {
namespace {

constexpr std::size_t longest_header = std::size_t{1} << 20;
constexpr std::size_t longest_title = 500;
constexpr std::string_view k_from = "From patchwork ";

mail::HeaderBlock header_of(std::string_view text) {
  return mail::read_header(text, 0, longest_header, true);
}

std::string value_of(const mail::HeaderBlock& header, std::string_view name) {
  const auto value = mail::find_field(header, name);
  return value ? std::string(trim(mail::unfold(*value))) : std::string();
}

bool is_counter(std::string_view token) {
  return token.find('/') != std::string_view::npos &&
         token.find_first_not_of("0123456789/") == std::string_view::npos;
}

std::string list_line(std::string_view list_id) {
  return list_id.empty() ? std::string()
                         : fmt::format("List-Id: <{}>\n", http::safe_field_value(list_id));
}

}  // namespace

std::optional<FreedesktopPatch> read_patch(std::string_view mbox, std::int64_t patch) {
  FreedesktopPatch read{patch, {}, {}, std::string(without_from_line(mbox))};
  const auto header = header_of(read.mail);
  read.message_id = mail::own_id(header);
  read.delegate = value_of(header, "X-Patchwork-Delegate");
  if (read.message_id.empty()) {
    return std::nullopt;
  }
  return read;
}

std::optional<std::vector<FreedesktopPatch>> split_revision(std::string_view mbox,
                                                            std::span<const std::int64_t> patches) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < mbox.size() && starts.size() <= patches.size();) {
    if (mbox.substr(at).starts_with(k_from)) {
      starts.push_back(at);
    }
    const auto end = mbox.find('\n', at);
    at = end == std::string_view::npos ? mbox.size() : end + 1;
  }
  if (starts.size() != patches.size() || starts.empty() || starts.front() != 0) {
    return std::nullopt;
  }
  starts.push_back(mbox.size());
  std::vector<FreedesktopPatch> all;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    auto patch = read_patch(mbox.substr(starts[i], starts[i + 1] - starts[i]), patches[i]);
    if (!patch || parse_uint(value_of(header_of(patch->mail), "X-Patchwork-Id")) !=
                      static_cast<std::uint64_t>(patches[i])) {
      return std::nullopt;
    }
    all.push_back(std::move(*patch));
  }
  return all;
}

std::string patch_mail(const FreedesktopPatch& patch, std::string_view parent,
                       std::string_view list_id) {
  const auto header = header_of(patch.mail);
  const auto has = [&](std::string_view name) {
    return mail::find_field(header, name).has_value();
  };
  std::string mail;
  if (!parent.empty() && !has("In-Reply-To") && !has("References")) {
    const auto id = http::safe_field_value(parent);
    mail += fmt::format("In-Reply-To: <{0}>\nReferences: <{0}>\n", id);
  }
  mail += has("List-Id") ? std::string() : list_line(list_id);
  return mail + patch.mail;
}

std::string cover_mail(const FreedesktopPatch& first, std::string_view message_id,
                       std::string_view title, std::string_view text, std::size_t patches,
                       std::string_view list_id) {
  const auto header = header_of(first.mail);
  std::string mail;
  for (const auto* name : {"From", "To", "Cc", "Date"}) {
    if (const auto value = value_of(header, name); !value.empty()) {
      mail += fmt::format("{}: {}\n", name, value);
    }
  }
  const auto subject = mail::parse_subject(mail::decode_header(value_of(header, "Subject")));
  std::string words = "PATCH";
  for (const auto& token : subject.tokens) {
    words += is_counter(token) ? std::string() : ' ' + token;
  }
  mail += fmt::format("Subject: [{} 0/{}] {}\n", http::safe_field_value(words), patches,
                      http::safe_field_value(ellipsize(title, longest_title)));
  mail += fmt::format("Message-ID: <{}>\n", message_id) + list_line(list_id);
  mail +=
      "MIME-Version: 1.0\nContent-Type: text/plain; charset=\"utf-8\"\n"
      "Content-Transfer-Encoding: 8bit\n\n";
  mail += text;
  mail += text.ends_with('\n') ? "" : "\n";
  return mail;
}

}  // namespace patchmill::intake
