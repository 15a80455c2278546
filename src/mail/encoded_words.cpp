#include "mail/encoded_words.hpp"

#include "mail/charset.hpp"
#include "mail/transfer.hpp"
#include "util/text.hpp"

#include <cstddef>
#include <optional>

namespace patchmill::mail {

namespace {

struct Word {
  std::string_view charset;
  std::string bytes;
  std::size_t length = 0;  // of the encoded form
};

// The encoded word at the start of `text` ("=?charset?B?...?="). White space inside the encoded
// text, which RFC 2047 forbids, is accepted: broken programs fold there.
std::optional<Word> read_word(std::string_view text) {
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end == 2 || charset_end > 60 ||
      charset_end + 2 >= text.size() || text[charset_end + 2] != '?') {
    return std::nullopt;
  }
  const char kind = text[charset_end + 1];
  const std::size_t start = charset_end + 3;
  const std::size_t end = text.find("?=", start);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view encoded = text.substr(start, end - start);
  if (encoded.find("=?") != std::string_view::npos) {
    return std::nullopt;  // never ended; the next word starts inside
  }
  Word word;
  word.charset = text.substr(2, charset_end - 2);
  word.length = end + 2;
  if (kind == 'B' || kind == 'b') {
    word.bytes = decode_base64(encoded);
  } else if (kind == 'Q' || kind == 'q') {
    word.bytes = decode_q(encoded);
  } else {
    return std::nullopt;
  }
  return word;
}

bool is_gap(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string decode_words(std::string_view raw) {
  std::string out, pending;
  std::string_view pending_charset;
  const auto flush = [&] {
    if (!pending.empty()) {
      out += to_utf8(pending, pending_charset).text;
      pending.clear();
    }
  };
  std::size_t pos = 0;
  bool after_word = false;
  bool words_end = false;  // no "?=" is left, so looking for more words would be quadratic
  while (pos < raw.size()) {
    const std::size_t mark = words_end ? std::string_view::npos : raw.find("=?", pos);
    const std::size_t stop = mark == std::string_view::npos ? raw.size() : mark;
    const std::string_view between = raw.substr(pos, stop - pos);
    std::optional<Word> word;
    if (mark != std::string_view::npos) {
      if (raw.find("?=", mark + 2) == std::string_view::npos) {
        words_end = true;
        continue;
      }
      word = read_word(raw.substr(mark));
    }
    // White space between two encoded words belongs to the encoding, not to the text.
    if (!(after_word && word && is_gap(between))) {
      flush();
      out += to_utf8(between, "").text;
    }
    if (!word) {
      flush();
      if (mark == std::string_view::npos) {
        break;
      }
      out += "=?";
      pos = mark + 2;
      after_word = false;
      continue;
    }
    if (!pending.empty() && !iequals(pending_charset, word->charset)) {
      flush();
    }
    // A multi-byte character may be split between words of one charset.
    pending += word->bytes;
    pending_charset = word->charset;
    pos = mark + word->length;
    after_word = true;
  }
  flush();
  return out;
}

}  // namespace

std::string decode_header(std::string_view raw) {
  raw = trim(raw);
  std::string text =
      raw.find("=?") == std::string_view::npos ? to_utf8(raw, "").text : decode_words(raw);
  std::size_t to = 0;
  for (std::size_t from = 0; from < text.size(); ++from) {
    const char c = text[from];
    if (c == '\n' || c == '\r' || c == '\0') {
      continue;  // unfolding keeps the white space that starts the next line
    }
    const auto byte = static_cast<unsigned char>(c);
    text[to++] = (byte < 0x20 && c != '\t') || byte == 0x7F ? ' ' : c;
  }
  text.resize(to);
  return text;
}

}  // namespace patchmill::mail
