#include "mail/charset.hpp"

#include "util/text.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>

namespace patchmill::mail {

namespace {

struct Known {
  std::string_view alias;  // lower case, without '_' and '-'
  const char* name;        // for iconv; the superset that mail programs mean
  bool single_byte;
};

// Only these reach iconv: its more exotic converters are no place for hostile input.
constexpr Known known_charsets[] = {
    {"iso88591", "WINDOWS-1252", true},
    {"latin1", "WINDOWS-1252", true},
    {"windows1252", "WINDOWS-1252", true},
    {"cp1252", "WINDOWS-1252", true},
    {"iso88592", "ISO-8859-2", true},
    {"latin2", "ISO-8859-2", true},
    {"iso88593", "ISO-8859-3", true},
    {"iso88594", "ISO-8859-4", true},
    {"iso88595", "ISO-8859-5", true},
    {"iso88596", "ISO-8859-6", true},
    {"iso88597", "ISO-8859-7", true},
    {"iso88598", "ISO-8859-8", true},
    {"iso88598i", "ISO-8859-8", true},
    {"iso88599", "WINDOWS-1254", true},
    {"iso885910", "ISO-8859-10", true},
    {"iso885911", "ISO-8859-11", true},
    {"iso885913", "ISO-8859-13", true},
    {"iso885914", "ISO-8859-14", true},
    {"iso885915", "ISO-8859-15", true},
    {"latin9", "ISO-8859-15", true},
    {"iso885916", "ISO-8859-16", true},
    {"windows1250", "WINDOWS-1250", true},
    {"cp1250", "WINDOWS-1250", true},
    {"windows1251", "WINDOWS-1251", true},
    {"cp1251", "WINDOWS-1251", true},
    {"windows1253", "WINDOWS-1253", true},
    {"windows1254", "WINDOWS-1254", true},
    {"windows1255", "WINDOWS-1255", true},
    {"windows1256", "WINDOWS-1256", true},
    {"windows1257", "WINDOWS-1257", true},
    {"windows1258", "WINDOWS-1258", true},
    {"windows874", "WINDOWS-874", true},
    {"tis620", "WINDOWS-874", true},
    {"koi8r", "KOI8-R", true},
    {"koi8u", "KOI8-U", true},
    {"cp866", "CP866", true},
    {"ibm866", "CP866", true},
    {"cp437", "CP437", true},
    {"cp850", "CP850", true},
    {"macintosh", "MACINTOSH", true},
    {"gb2312", "GB18030", false},
    {"gbk", "GB18030", false},
    {"gb18030", "GB18030", false},
    {"cp936", "GB18030", false},
    {"xgbk", "GB18030", false},
    {"big5", "BIG5-HKSCS", false},
    {"big5hkscs", "BIG5-HKSCS", false},
    {"eucjp", "EUC-JP", false},
    {"iso2022jp", "ISO-2022-JP-2", false},
    {"shiftjis", "CP932", false},
    {"sjis", "CP932", false},
    {"cp932", "CP932", false},
    {"windows31j", "CP932", false},
    {"euckr", "CP949", false},
    {"ksc56011987", "CP949", false},
    {"cp949", "CP949", false},
    {"ks56011987", "CP949", false},
    {"iso2022kr", "ISO-2022-KR", false},
    {"utf16", "UTF-16", false},
    {"utf16le", "UTF-16LE", false},
    {"utf16be", "UTF-16BE", false},
    {"utf32", "UTF-32", false},
    {"utf32le", "UTF-32LE", false},
    {"utf32be", "UTF-32BE", false},
    {"utf7", "UTF-7", false},
};

// Lower case without separators; also without the language of RFC 2231 ("utf-8*en").
std::string alias_of(std::string_view charset) {
  std::string alias;
  for (const char c : charset.substr(0, charset.find('*')).substr(0, 40)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      alias += c;
    } else if (c >= 'A' && c <= 'Z') {
      alias += static_cast<char>(c - 'A' + 'a');
    }
  }
  return alias;
}

const Known* find_known(std::string_view alias) {
  for (const Known& known : known_charsets) {
    if (known.alias == alias) {
      return &known;
    }
  }
  return nullptr;
}

bool is_utf8_name(std::string_view alias) {
  return alias == "utf8" || alias == "cputf8";
}
bool is_ascii_name(std::string_view alias) {
  return alias.empty() || alias == "usascii" || alias == "ascii" || alias == "ansix3.4" ||
         alias == "unknown8bit" || alias == "8bit" || alias == "7bit" || alias == "default";
}

// Converters are made once per thread: opening one loads a shared library.
class Converters {
 public:
  Converters() = default;
  Converters(const Converters&) = delete;
  Converters& operator=(const Converters&) = delete;
  ~Converters() {
    for (const auto& [name, handle] : m_open) {
      if (usable(handle)) {
        iconv_close(handle);
      }
    }
  }

  bool convert(const char* name, std::string_view bytes, std::string& out) {
    const auto [entry, fresh] = m_open.try_emplace(name, nullptr);
    if (fresh) {
      entry->second = iconv_open("UTF-8", name);
    }
    iconv_t handle = entry->second;
    if (!usable(handle)) {
      return false;
    }
    iconv(handle, nullptr, nullptr, nullptr, nullptr);
    out.clear();
    // iconv wants char** although it only reads.
    char* in = const_cast<char*>(bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    std::size_t in_left = bytes.size();
    std::array<char, 4096> chunk;
    while (in_left > 0) {
      char* to = chunk.data();
      std::size_t room = chunk.size();
      const std::size_t before = in_left;
      const std::size_t status = iconv(handle, &in, &in_left, &to, &room);
      const int code = errno;  // append() may change it
      out.append(chunk.data(), chunk.size() - room);
      if (status == static_cast<std::size_t>(-1) &&
          (code != E2BIG || (before == in_left && room == chunk.size()))) {
        return false;
      }
    }
    char* to = chunk.data();
    std::size_t room = chunk.size();
    iconv(handle, nullptr, nullptr, &to, &room);
    out.append(chunk.data(), chunk.size() - room);
    return true;
  }

 private:
  static bool usable(iconv_t handle) {
    return reinterpret_cast<std::intptr_t>(handle) != -1;  // NOLINT: iconv_open's error value
  }
  std::map<std::string, iconv_t, std::less<>> m_open;
};

Decoded fall_back(std::string_view bytes, std::string why) {
  Decoded result;
  if (is_valid_utf8(bytes)) {
    result.text = bytes;
    result.mended = std::move(why) + "; read as UTF-8";
  } else {
    result.text = mend_utf8(bytes);
    result.mended = std::move(why) + "; read as windows-1252";
  }
  return result;
}

std::string shown_charset(std::string_view charset) {
  return "\"" + ellipsize(escape_terminal(mend_utf8(charset.substr(0, 40))), 40) + "\"";
}

}  // namespace

bool is_ascii(std::string_view bytes) {
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    if ((word & 0x8080808080808080ULL) != 0) {
      return false;
    }
  }
  for (; i < bytes.size(); ++i) {
    if (static_cast<unsigned char>(bytes[i]) >= 0x80) {
      return false;
    }
  }
  return true;
}

bool hides_ascii(std::string_view charset) {
  const std::string alias = alias_of(charset);
  return alias.starts_with("utf16") || alias.starts_with("utf32") || alias == "utf7";
}

Decoded to_utf8(std::string_view bytes, std::string_view charset) {
  const std::string alias = alias_of(charset);
  // ISO-2022 and UTF-7 hide other characters behind ASCII bytes.
  const bool seven_bit_coding =
      alias.starts_with("iso2022") || alias.starts_with("utf7") || hides_ascii(charset);
  if (!seven_bit_coding && is_ascii(bytes)) {
    return {std::string(bytes), {}};
  }
  if (is_utf8_name(alias)) {
    if (is_valid_utf8(bytes)) {
      return {std::string(bytes), {}};
    }
    return fall_back(bytes, "declared as UTF-8 but is not");
  }
  if (is_ascii_name(alias)) {
    return fall_back(bytes, charset.empty() ? "bytes above 127 without a declared charset"
                                            : "declared as " + shown_charset(charset) +
                                                  " but has bytes above 127");
  }
  const Known* known = find_known(alias);
  if (known == nullptr) {
    return fall_back(bytes, "unknown charset " + shown_charset(charset));
  }
  // Text of a single-byte charset is practically never valid UTF-8 by chance.
  if (known->single_byte && is_valid_utf8(bytes)) {
    return {std::string(bytes), "declared as " + shown_charset(charset) + " but is UTF-8"};
  }
  thread_local Converters converters;
  Decoded result;
  const auto lines = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  // Two or four bytes a character: were it so, the lines would still be there afterwards.
  if (!converters.convert(known->name, bytes, result.text) || !is_valid_utf8(result.text) ||
      (hides_ascii(charset) && 2 * lines(result.text) < lines(bytes))) {
    return fall_back(bytes, "not valid in its declared charset " + shown_charset(charset));
  }
  return result;
}

}  // namespace patchmill::mail
