#pragma once
// Lines of terminal output as HTML: colours as classes, everything else a terminal would obey
// dropped or spelled out.

#include "web/html.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchmill::web {

// Turns lines into HTML, remembering colours from line to line (ECMA-48 SGR: 16 colours; 256 and
// 24-bit ones become the nearest of them).
class AnsiRenderer {
 public:
  static constexpr std::size_t k_longest_line = 8192;  // bytes; what comes after is only counted

  // A line without its "\n". What a carriage return would overwrite is left out.
  void line(std::string_view text, Html& out);
  // The text alone, for searching and for deciding what a line is.
  static std::string plain(std::string_view text);
  // Whether the next line looks the same from both.
  friend bool operator==(const AnsiRenderer&, const AnsiRenderer&) = default;

 private:
  struct Look {
    std::int8_t foreground = -1, background = -1;  // 0 to 15
    bool bold = false, dim = false, italic = false, underline = false, inverse = false;
    friend bool operator==(const Look&, const Look&) = default;
  };
  void select(std::string_view parameters);
  void open(Html& out) const;
  Look m_look;
};

}  // namespace patchmill::web
