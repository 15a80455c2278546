#include "patchwork/rebuilt_mail.hpp"

#include "http/headers.hpp"
#include "mail/date.hpp"
#include "mail/outgoing.hpp"
#include "util/text.hpp"

#include <iconv.h>

#include <algorithm>
#include <optional>

namespace patchmill::patchwork {
namespace {

// What a charset has to leave as it is, or a diff is none any more in it (UTF-16, UTF-7).
constexpr std::string_view k_ascii = "diff --git @@ +-~\\{}[]|^'\"&\t\n";

// Folded lines stay folded; nothing in a value can begin another header.
std::string safe_value(std::string_view value) {
  std::string safe;
  safe.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\n') {
      const bool folded = i + 1 < value.size() && (value[i + 1] == ' ' || value[i + 1] == '\t');
      // A line of nothing but blanks would end the headers for some readers.
      const auto next = value.find_first_not_of(" \t\r", i + 1);
      const bool blank = next == std::string_view::npos || value[next] == '\n';
      safe += folded && !blank ? '\n' : ' ';
    } else if (c != '\r' && c != '\0') {
      safe += c;
    }
  }
  return safe;
}

// "text/plain; charset=\"iso-8859-1\"" -> "iso-8859-1"; empty for other types.
std::string charset_of(std::string_view content_type) {
  const auto parts = split(content_type, ';');
  if (!iequals(trim(parts.front()), "text/plain")) {
    return {};
  }
  for (const auto part : parts) {
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && iequals(trim(part.substr(0, equals)), "charset")) {
      auto value = trim(part.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      const bool plain =
          !value.empty() && value.size() <= 40 && std::ranges::all_of(value, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_' || c == '.' || c == ':';
          });
      return plain ? std::string(value) : std::string();
    }
  }
  return {};
}

// Nothing where the charset is not known, or lacks one of the characters.
std::optional<std::string> encode(std::string_view utf8, const std::string& charset) {
  const iconv_t converter = ::iconv_open(charset.c_str(), "UTF-8");
  // NOLINTNEXTLINE(performance-no-int-to-ptr): as iconv_open(3) says it failed
  if (converter == reinterpret_cast<iconv_t>(-1)) {
    return std::nullopt;
  }
  std::string out(utf8.size() * 4 + 16, '\0');
  char* from = const_cast<char*>(utf8.data());
  std::size_t left = utf8.size();
  char* to = out.data();
  std::size_t room = out.size();
  const bool done = ::iconv(converter, &from, &left, &to, &room) == 0 &&
                    ::iconv(converter, nullptr, nullptr, &to, &room) == 0;
  ::iconv_close(converter);
  if (!done) {
    return std::nullopt;
  }
  out.resize(out.size() - room);
  return out;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::string rebuild_mail(const MailDetail& detail, std::string_view list_id) {
  std::string raw;
  std::string charset;
  bool has_list = false;
  bool has_date = false;
  const auto date = mail::parse_date(detail.date);
  for (const auto& [name, value] : detail.headers) {
    if (!http::is_token(name)) {
      continue;
    }
    if (iequals(name, "Content-Type") && charset.empty()) {
      charset = charset_of(value);
    }
    if (istarts_with(name, "Content-") || iequals(name, "MIME-Version")) {
      continue;  // they say how the parts were put together that are not together any more
    }
    if (iequals(name, "Date")) {
      const bool readable = mail::parse_date(value).has_value();
      if (!readable && date) {
        continue;
      }
      has_date = has_date || readable;
    }
    has_list = has_list || iequals(name, "List-Id") || iequals(name, "X-Mailing-List") ||
               iequals(name, "X-List");
    raw += name + ": " + safe_value(value) + '\n';
  }
  if (!has_date && date) {
    raw += "Date: " + mail::format_date(*date) + '\n';
  }
  if (!has_list && !list_id.empty()) {
    raw += "List-Id: <" + http::safe_field_value(list_id) + ">\n";
  }
  std::string body = detail.content;
  while (body.ends_with('\n')) {
    body.pop_back();
  }
  if (!detail.diff.empty()) {
    body += body.empty() ? "" : "\n\n";
    body += detail.diff;
  }
  body += body.ends_with('\n') ? "" : "\n";
  if (charset.empty() || is_ascii(body)) {
    charset = "utf-8";
  } else if (auto encoded = encode(body, charset);
             encoded && encode(k_ascii, charset) == std::optional<std::string>(k_ascii)) {
    body = std::move(*encoded);
  } else {
    charset = "utf-8";
  }
  raw += "MIME-Version: 1.0\nContent-Type: text/plain; charset=\"" + charset +
         "\"\nContent-Transfer-Encoding: 8bit\n\n";
  raw += body;
  return raw;
}

}  // namespace patchmill::patchwork
