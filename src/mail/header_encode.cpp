#include "mail/header_encode.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace patchmill::mail {
namespace {

constexpr std::size_t k_columns = 78;
constexpr std::size_t k_encoded_word = 75;
constexpr std::size_t k_longest_id = 900;

bool is_ascii_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_atom(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// The length of the UTF-8 character at the start of valid text.
std::size_t character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) {
    ++length;
  }
  return length;
}

// Invisible, or turning the direction of what follows.
bool misleads(std::string_view c) {
  return c == "\u200B" || c == "\u200C" || c == "\u200D" || c == "\u200E" || c == "\u200F" ||
         c == "\u2028" || c == "\u2029" || c == "\u202A" || c == "\u202B" || c == "\u202C" ||
         c == "\u202D" || c == "\u202E" || c == "\u2066" || c == "\u2067" || c == "\u2068" ||
         c == "\u2069" || c == "\uFEFF";
}

// Only what RFC 2047 section 5 (3) allows everywhere stays as it is.
std::string q_encoded(std::string_view character) {
  std::string out;
  for (const char c : character) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '_';
    } else {
      out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Encoded words for the whole text; no character is split between two.
std::vector<std::string> encoded_words(std::string_view text) {
  constexpr std::string_view start = "=?UTF-8?Q?";
  std::vector<std::string> words;
  std::string word(start);
  while (!text.empty()) {
    const std::string next = q_encoded(text.substr(0, character(text)));
    if (word.size() + next.size() + 2 > k_encoded_word) {
      words.push_back(word + "?=");
      word = start;
    }
    word += next;
    text.remove_prefix(character(text));
  }
  words.push_back(word + "?=");
  return words;
}

// Appends tokens with a blank between them, folding before what would stick out.
class Folder {
 public:
  explicit Folder(std::string_view name) : m_out(fmt::format("{}:", name)) {
    m_column = m_out.size();
  }
  void token(std::string_view token) {
    if (m_any && m_column + 1 + token.size() > k_columns) {
      m_out += "\n";
      m_column = 0;
    }
    m_out += fmt::format(" {}", token);
    m_column += 1 + token.size();
    m_any = true;
  }
  std::string take() { return std::move(m_out) + "\n"; }

 private:
  std::string m_out;
  std::size_t m_column = 0;
  bool m_any = false;
};

// A display name as one or more tokens.
std::vector<std::string> phrase(const std::string& name) {
  if (!is_ascii_text(name) || name.find("=?") != std::string::npos || name.size() > 60) {
    return encoded_words(name);
  }
  if (std::all_of(name.begin(), name.end(), [](char c) { return c == ' ' || is_atom(c); })) {
    return {name};
  }
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
  }
  return {quoted + "\""};
}

}  // namespace

std::string header_text(std::string_view text) {
  const std::string valid = mend_utf8(text);
  std::string out;
  std::string_view rest = valid;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, character(rest));
    rest.remove_prefix(one.size());
    const auto first = static_cast<unsigned char>(one[0]);
    const bool c1 = one.size() == 2 && first == 0xC2 && static_cast<unsigned char>(one[1]) < 0xA0;
    if (first < 0x20 || first == 0x7f || c1) {
      out += ' ';
    } else if (!misleads(one)) {
      out += one;
    }
  }
  return std::string(trim(collapse_whitespace(out)));
}

bool is_plain_address(std::string_view email) {
  const std::size_t at = email.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || email.size() > 254) {
    return false;
  }
  const std::string_view local = email.substr(0, at), domain = email.substr(at + 1);
  const auto dotted = [](std::string_view text) {
    return !text.empty() && text.front() != '.' && text.back() != '.' &&
           text.find("..") == std::string_view::npos;
  };
  if (!dotted(local) ||
      !std::all_of(local.begin(), local.end(), [](char c) { return c == '.' || is_atom(c); })) {
    return false;
  }
  if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
    return std::all_of(domain.begin() + 1, domain.end() - 1, [](char c) {
      return c == '.' || c == ':' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
             (c >= 'A' && c <= 'Z');
    });
  }
  return dotted(domain) && domain.front() != '-' &&
         std::all_of(domain.begin(), domain.end(), [](char c) {
           return c == '.' || c == '-' || c == '_' || (c >= '0' && c <= '9') ||
                  (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

std::string encode_text_header(std::string_view name, std::string_view value) {
  const std::string text = header_text(value);
  Folder folder(name);
  if (text.empty()) {
    return folder.take();
  }
  const auto words = split(text, ' ');
  const bool plain =
      is_ascii_text(text) && text.find("=?") == std::string::npos &&
      std::all_of(words.begin(), words.end(), [](std::string_view w) { return w.size() < 200; });
  if (plain) {
    for (const std::string_view word : words) {
      folder.token(word);
    }
  } else {
    for (const auto& word : encoded_words(text)) {
      folder.token(word);
    }
  }
  return folder.take();
}

std::string encode_address_header(std::string_view name, std::span<const Address> addresses) {
  std::vector<const Address*> usable;
  for (const Address& address : addresses) {
    if (is_plain_address(address.email)) {
      usable.push_back(&address);
    }
  }
  if (usable.empty()) {
    return "";
  }
  Folder folder(name);
  for (std::size_t i = 0; i < usable.size(); ++i) {
    const std::string comma = i + 1 < usable.size() ? "," : "";
    const std::string display = header_text(ellipsize(header_text(usable[i]->name), 200));
    if (display.empty()) {
      folder.token(usable[i]->email + comma);
      continue;
    }
    for (const auto& token : phrase(display)) {
      folder.token(token);
    }
    folder.token("<" + usable[i]->email + ">" + comma);
  }
  return folder.take();
}

std::string encode_id_header(std::string_view name, std::span<const std::string> ids) {
  std::string out;
  for (const auto& id : ids) {
    const bool plain =
        !id.empty() && id.size() <= k_longest_id && std::all_of(id.begin(), id.end(), [](char c) {
          return c > 0x20 && c < 0x7f && c != '<' && c != '>';
        });
    if (plain) {
      out += out.empty() ? fmt::format("{}: <{}>", name, id) : fmt::format("\n <{}>", id);
    }
  }
  return out.empty() ? out : out + "\n";
}

}  // namespace patchmill::mail
