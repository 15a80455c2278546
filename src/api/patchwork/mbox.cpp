#include "api/patchwork/mbox.hpp"

#include "mail/charset.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::api::patchwork {
namespace {

constexpr std::array<std::string_view, 7> k_days = {"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Calendar {
  std::string_view weekday, month;
  unsigned day = 0, hour = 0, minute = 0, second = 0;
  int year = 0;
};

Calendar calendar(Timestamp date) {
  const auto day = std::chrono::floor<std::chrono::days>(date);
  const std::chrono::year_month_day ymd(day);
  const auto seconds =
      static_cast<unsigned>(std::chrono::floor<std::chrono::seconds>(date - day).count());
  return {k_days[std::chrono::weekday(day).c_encoding()],
          k_months[static_cast<unsigned>(ymd.month()) - 1],
          static_cast<unsigned>(ymd.day()),
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          static_cast<int>(ymd.year())};
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
    };
    const unsigned three = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    out += alphabet[three >> 18U & 63U];
    out += alphabet[three >> 12U & 63U];
    out += i + 1 < bytes.size() ? alphabet[three >> 6U & 63U] : '=';
    out += i + 2 < bytes.size() ? alphabet[three & 63U] : '=';
  }
  return out;
}

std::string q_coded(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9');
    if (c == ' ') {
      out += '_';
    } else if (letter || std::string_view("-!*+/").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("={:02X}", byte);
    }
  }
  return out;
}

// Python's email.utils.formataddr() with its UTF-8: the shorter of the two codings.
std::string address(const registry::Person& person) {
  const auto one_line = [](std::string_view text) {
    std::string line(text);
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return line;
  };
  const std::string name = one_line(person.name);
  const std::string email = one_line(person.email);
  if (name.empty()) {
    return email;
  }
  if (!mail::is_ascii(name)) {
    const std::string b = base64(name);
    const std::string q = q_coded(name);
    return "=?utf-8?" + (b.size() < q.size() ? "b?" + b : "q?" + q) + "?= <" + email + ">";
  }
  if (name.find_first_of("[]\\()<>@,:;\".") == std::string::npos) {
    return name + " <" + email + ">";
  }
  std::string safe;
  for (const char c : name) {
    if (c == '"' || c == '\\') {
      safe += '\\';
    }
    safe += c;
  }
  return "\"" + safe + "\" <" + email + ">";
}

// The address in the value of a From header, as far as it can be told from a list's.
std::string_view address_in(std::string_view value) {
  const auto open = value.rfind('<');
  if (open == std::string_view::npos) {
    return trim(value.substr(0, value.find(' ')));
  }
  return value.substr(open + 1, value.find('>', open) - open - 1);
}

// The commit message before the first line of two or three dashes, maybe with a space, and the rest
// behind that line; as Patchwork, also where it is the very first one.
std::pair<std::string_view, std::string_view> split_notes(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) {
      break;
    }
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with(' ')) {
      line.remove_suffix(1);
    }
    if (line == "--" || line == "---") {
      return {text.substr(0, at), text.substr(end + 1)};
    }
    at = end + 1;
  }
  return {text, {}};
}

std::string body_of(const MailParts& mail, std::string_view responses) {
  std::string text(trim(mail.content));
  if (!text.empty()) {
    text += '\n';
  }
  const auto [message, notes] = split_notes(text);
  std::string body;
  if (notes.data() != nullptr) {
    body = std::string(trim(message)) + "\n";
  } else {
    body = message;
  }
  body += responses;
  if (const std::string_view rest = trim_end(notes); !rest.empty()) {
    body += "---\n";
    body += rest;
    body += '\n';
  }
  if (!mail.diff.empty()) {
    body += '\n';
    body += mail.diff;
  }
  return body;
}

bool is_response(std::string_view line) {
  static constexpr std::array<std::string_view, 6> keys = {
      "Tested-by:", "Reviewed-by:", "Acked-by:", "Signed-off-by:", "Nacked-by:", "Reported-by:"};
  return std::any_of(keys.begin(), keys.end(),
                     [&](std::string_view key) { return istarts_with(line, key); });
}

}  // namespace

std::string responses_in(std::string_view comment) {
  std::string found;
  for (const std::string_view line : split_lines(comment)) {
    if (is_response(line)) {
      found += line;
      found += '\n';
    }
  }
  return found;
}

std::string mbox_of(const Submission& submission, const MailParts& mail,
                    std::string_view responses) {
  const std::string body = body_of(mail, responses);
  const Calendar when = calendar(submission.date);
  const std::string submitter = address(submission.submitter);
  std::string out = fmt::format(
      "From patchwork {} {} {:2} {:02}:{:02}:{:02} {}\n"
      "Content-Type: text/plain; charset=\"utf-8\"\n"
      "MIME-Version: 1.0\n"
      "Content-Transfer-Encoding: {}\n"
      "X-Patchwork-Submitter: {}\n"
      "X-Patchwork-Id: {}\n",
      when.weekday, when.month, when.day, when.hour, when.minute, when.second, when.year,
      mail::is_ascii(body) ? "7bit" : "8bit", submitter, submission.id);
  if (!submission.delegate.empty()) {
    out += "X-Patchwork-Delegate: " + address({0, "", submission.delegate, {}}) + "\n";
  }
  bool dated = false;
  const auto header = [&out](std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += '\n';
  };
  for (const auto& [name, value] : mail.headers) {
    if (iequals(name, "Content-Type") || iequals(name, "Content-Transfer-Encoding")) {
      continue;
    }
    dated = dated || iequals(name, "Date");
    if (iequals(name, "From") && !submission.list_email.empty() &&
        iequals(address_in(value), submission.list_email)) {
      header("X-Patchwork-Original-From", value);
      header(name, submitter);
    } else {
      header(name, value);
    }
  }
  if (!dated) {
    header("Date", fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} -0000", when.weekday, when.day,
                               when.month, when.year, when.hour, when.minute, when.second));
  }
  out += '\n';
  out += body;
  return out;
}

std::string file_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool kept = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9') || c == '-' || c == '_' || c == '.';
    if (kept) {
      out += c;
    } else if (out.empty() || out.back() != '-') {
      out += '-';
    }
  }
  const auto first = out.find_first_not_of('-');
  const auto last = out.find_last_not_of('-');
  return first == std::string::npos ? "" : out.substr(first, last - first + 1);
}

}  // namespace patchmill::api::patchwork
