#include "mail/address.hpp"

#include "mail/encoded_words.hpp"
#include "util/ascii.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace patchmill::mail {

namespace {

// One entry of the list, cut up while reading: what stood outside and inside the brackets.
struct Entry {
  std::string front;    // of an author's name: what stood before commas
  std::string phrase;   // text outside "<...>", quotes undone
  std::string angle;    // text inside "<...>"
  std::string comment;  // last comment in parentheses, without them
  bool has_angle = false;
  bool quoted = false;  // the phrase had a quoted string

  void clear() { *this = Entry{}; }
};

// Reads a quoted string whose opening quote is at `pos`; leaves `pos` behind the closing one.
// An unclosed quote is taken as an ordinary character.
bool read_quoted(std::string_view text, std::size_t& pos, std::string& out) {
  std::string value;
  for (std::size_t i = pos + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      value += text[++i];
    } else if (text[i] == '"') {
      out += value;
      pos = i + 1;
      return true;
    } else {
      value += text[i];
    }
  }
  return false;
}

bool read_comment(std::string_view text, std::size_t& pos, std::string& out) {
  std::string value;
  int depth = 0;
  for (std::size_t i = pos; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      value += text[++i];
      continue;
    }
    if (text[i] == '(' && ++depth == 1) {
      continue;
    }
    if (text[i] == ')' && --depth == 0) {
      out = std::move(value);
      pos = i + 1;
      return true;
    }
    value += text[i];
  }
  return false;
}

bool looks_like_email(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         std::ranges::none_of(text, [](char c) {
           return is_space(c) || c == '<' || c == '>' || c == ',' || c == ';' ||
                  static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

// "u at h" as list archives write it.
std::string undo_at(std::string_view text) {
  const std::size_t at = text.find(" at ");
  if (at == std::string_view::npos) {
    return {};
  }
  std::string email(trim(text.substr(0, at)));
  email += '@';
  email += trim(text.substr(at + 4));
  return looks_like_email(email) ? email : std::string();
}

std::string without_spaces(std::string_view text) {
  std::string result;
  std::ranges::copy_if(text, std::back_inserter(result), [](char c) { return !is_space(c); });
  return result;
}

std::string clean_name(std::string_view raw) {
  std::string name = collapse_whitespace(decode_header(raw));
  std::string_view view = trim(name);
  // Names quoted twice, and the quotes that lists put around rewritten names.
  while (view.size() >= 2 && ((view.front() == '"' && view.back() == '"') ||
                              (view.front() == '\'' && view.back() == '\''))) {
    view = trim(view.substr(1, view.size() - 2));
  }
  return std::string(view);
}

// "u@h", "u at h", "Name u@h" without brackets; no email: it is none of them.
Address read_bare(std::string_view phrase) {
  Address address;
  address.email = looks_like_email(phrase) ? std::string(phrase) : undo_at(phrase);
  if (address.email.empty()) {
    const std::size_t space = phrase.find_last_of(" \t");
    if (space != std::string_view::npos && looks_like_email(phrase.substr(space + 1))) {
      address.email = phrase.substr(space + 1);
      address.name = phrase.substr(0, space);
    }
  }
  return address;
}

// At a comma within an author's name: what came before is no address. Where one in brackets
// follows, "Bob at Acme" is a name, and "bob at acme.com" still an address.
bool take_front(Entry& entry, char comma, std::string_view rest) {
  const std::string_view phrase = trim(entry.phrase);
  const std::string email = read_bare(phrase).email;
  const bool is_name = phrase.find('@') == std::string_view::npos &&
                       email.find('.') == std::string::npos &&
                       rest.find('<') != std::string_view::npos;
  if (phrase.empty() || entry.has_angle || (!is_name && !email.empty())) {
    return false;
  }
  entry.front += entry.phrase;
  if (!entry.comment.empty()) {
    entry.front += "(" + entry.comment + ")";
    entry.comment.clear();
  }
  entry.front += comma;
  entry.phrase.clear();
  return true;
}

// `phrase`: the part of the name that stands beside the address.
std::string whole_name(const Entry& entry, std::string_view phrase) {
  if (!phrase.empty()) {
    const bool apart = !entry.front.empty() && is_space(entry.phrase.front());
    return clean_name(entry.front + (apart ? " " : "") + std::string(phrase));
  }
  const std::size_t end = entry.front.find_last_not_of(" \t\r\n,;");
  return clean_name(std::string_view(entry.front).substr(0, end + 1));  // npos + 1 is 0
}

void finish(Entry& entry, std::vector<Address>& result) {
  Address address;
  const std::string_view phrase = trim(entry.phrase);
  if (entry.has_angle) {
    address.email = without_spaces(entry.angle);
    if (!looks_like_email(address.email)) {
      address.email = undo_at(entry.angle);
    }
    address.name = whole_name(entry, phrase);
    if (!entry.comment.empty()) {
      const std::string comment = clean_name(entry.comment);
      if (address.name.empty()) {
        address.name = comment;
      }
    }
  } else if (!phrase.empty()) {
    address = read_bare(phrase);
    address.name = whole_name(entry, address.name);
    if (!entry.comment.empty()) {
      address.name = clean_name(entry.comment);
    }
  }
  if (!address.email.empty()) {
    address.email = mend_utf8(address.email);
    result.push_back(std::move(address));
  }
  entry.clear();
}

bool is_phrase(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~ ").find(c) != std::string_view::npos;
}

}  // namespace

bool same_email(std::string_view a, std::string_view b) {
  return iequals(a, b);
}

std::vector<Address> parse_addresses(std::string_view header_value, AddressField field) {
  std::vector<Address> result;
  Entry entry;
  std::size_t pos = 0;
  bool broken_quote = false, broken_comment = false;
  while (pos < header_value.size()) {
    const char c = header_value[pos];
    if (c == '"' && !broken_quote) {
      if (read_quoted(header_value, pos, entry.phrase)) {
        entry.quoted = true;
        continue;
      }
      broken_quote = true;
    } else if (c == '(' && !broken_comment) {
      // A comment inside a display name ("A B (C) <a@x>") is part of what people call themselves.
      const std::size_t start = pos;
      std::string comment;
      if (read_comment(header_value, pos, comment)) {
        const std::size_t next = header_value.find_first_not_of(" \t\r\n", pos);
        const bool of_name =
            next != std::string_view::npos &&
            (header_value[next] == '<' ||
             (field == AddressField::author && header_value.find('<', next) != header_value.npos));
        if (of_name && !trim(entry.phrase).empty()) {
          entry.phrase += header_value.substr(start, pos - start);
        } else {
          entry.comment = std::move(comment);
        }
        continue;
      }
      broken_comment = true;
    } else if (c == '<') {
      const std::size_t close = header_value.find('>', pos);
      const std::size_t end = close == std::string_view::npos ? header_value.size() : close;
      if (!entry.has_angle) {
        entry.angle = header_value.substr(pos + 1, end - pos - 1);
        entry.has_angle = true;
      }
      pos = close == std::string_view::npos ? header_value.size() : close + 1;
      continue;
    } else if (c == ',' || c == ';') {
      if (field == AddressField::list || !result.empty() ||
          !take_front(entry, c, header_value.substr(pos))) {
        finish(entry, result);
      }
      ++pos;
      continue;
    } else if (c == ':' && !entry.has_angle && entry.phrase.find('@') == std::string::npos) {
      entry.clear();  // the name of a group
      ++pos;
      continue;
    }
    entry.phrase += c;
    ++pos;
  }
  finish(entry, result);
  return result;
}

std::string to_string(const Address& address) {
  if (address.name.empty()) {
    return address.email;
  }
  std::string result;
  if (std::ranges::all_of(address.name, is_phrase)) {
    result = address.name;
  } else {
    result = "\"";
    for (const char c : address.name) {
      if (c == '"' || c == '\\') {
        result += '\\';
      }
      result += c;
    }
    result += '"';
  }
  return result + " <" + address.email + ">";
}

}  // namespace patchmill::mail
