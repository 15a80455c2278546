#include "web/ansi.hpp"

#include "util/text.hpp"
#include "web/format.hpp"

#include <algorithm>
#include <array>

namespace patchmill::web {
namespace {

// The length of the escape sequence at text[0] == ESC (ECMA-48: CSI, strings up to ST, others).
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) {
    return text.size();
  }
  const char kind = text[1];
  std::size_t n = 2;
  if (kind == '[') {
    while (n < text.size() && static_cast<unsigned char>(text[n]) >= 0x20 &&
           static_cast<unsigned char>(text[n]) < 0x40) {
      ++n;
    }
    // A final byte ends it; anything else is no part of it.
    return n < text.size() && static_cast<unsigned char>(text[n]) >= 0x40 &&
                   static_cast<unsigned char>(text[n]) < 0x7f
               ? n + 1
               : n;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    const std::size_t end = text.find_first_of("\x07\x1b", 2);
    if (end == std::string_view::npos) {
      return text.size();
    }
    return text[end] == '\x07' ? end + 1 : std::min(end + 2, text.size());
  }
  n = 1;
  while (n < text.size() && static_cast<unsigned char>(text[n]) >= 0x20 &&
         static_cast<unsigned char>(text[n]) < 0x30) {
    ++n;  // intermediate bytes: ESC ( B
  }
  return n < text.size() && static_cast<unsigned char>(text[n]) >= 0x30 &&
                 static_cast<unsigned char>(text[n]) < 0x7f
             ? n + 1
             : n;
}

constexpr std::array<std::array<int, 3>, 16> k_palette{{{0, 0, 0},
                                                        {205, 0, 0},
                                                        {0, 205, 0},
                                                        {205, 205, 0},
                                                        {0, 0, 238},
                                                        {205, 0, 205},
                                                        {0, 205, 205},
                                                        {229, 229, 229},
                                                        {127, 127, 127},
                                                        {255, 0, 0},
                                                        {0, 255, 0},
                                                        {255, 255, 0},
                                                        {92, 92, 255},
                                                        {255, 0, 255},
                                                        {0, 255, 255},
                                                        {255, 255, 255}}};

std::int8_t nearest(int red, int green, int blue) {
  std::int8_t best = 0;
  int least = -1;
  for (std::size_t i = 0; i < k_palette.size(); ++i) {
    const int r = red - k_palette[i][0];
    const int g = green - k_palette[i][1];
    const int b = blue - k_palette[i][2];
    const int distance = r * r + g * g + b * b;
    if (least < 0 || distance < least) {
      least = distance;
      best = static_cast<std::int8_t>(i);
    }
  }
  return best;
}

// xterm's 256 colours: 16 of the palette, a cube of 6x6x6, 24 greys.
std::int8_t from_256(int index) {
  if (index < 16) {
    return static_cast<std::int8_t>(std::max(index, 0));
  }
  if (index >= 232) {
    const int grey = 8 + 10 * (std::min(index, 255) - 232);
    return nearest(grey, grey, grey);
  }
  const auto level = [](int step) { return step == 0 ? 0 : 55 + 40 * step; };
  const int cube = index - 16;
  return nearest(level(cube / 36), level(cube / 6 % 6), level(cube % 6));
}

// What stays visible after the last carriage return that something follows.
std::string_view after_return(std::string_view text) {
  while (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  const auto at = text.rfind('\r');
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

// At most `most` bytes, without cutting a character in two.
std::string_view bounded(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return text;
  }
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) {
    --most;
  }
  return text.substr(0, most);
}

}  // namespace

void AnsiRenderer::select(std::string_view parameters) {
  std::array<int, 32> numbers{};
  std::size_t count = 0;
  int value = 0;
  for (std::size_t i = 0; i <= parameters.size() && count < numbers.size(); ++i) {
    const char c = i < parameters.size() ? parameters[i] : ';';
    if (c >= '0' && c <= '9') {
      value = std::min(value * 10 + (c - '0'), 9999);
    } else if (c == ';' || c == ':') {
      numbers[count++] = value;
      value = 0;
    } else {
      return;  // private parameters: not a colour
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const int n = numbers[i];
    if (n == 0) {
      m_look = {};
    } else if (n == 1) {
      m_look.bold = true;
    } else if (n == 2) {
      m_look.dim = true;
    } else if (n == 3) {
      m_look.italic = true;
    } else if (n == 4) {
      m_look.underline = true;
    } else if (n == 7) {
      m_look.inverse = true;
    } else if (n == 22) {
      m_look.bold = m_look.dim = false;
    } else if (n == 23) {
      m_look.italic = false;
    } else if (n == 24) {
      m_look.underline = false;
    } else if (n == 27) {
      m_look.inverse = false;
    } else if (n >= 30 && n <= 37) {
      m_look.foreground = static_cast<std::int8_t>(n - 30);
    } else if (n == 39) {
      m_look.foreground = -1;
    } else if (n >= 40 && n <= 47) {
      m_look.background = static_cast<std::int8_t>(n - 40);
    } else if (n == 49) {
      m_look.background = -1;
    } else if (n >= 90 && n <= 97) {
      m_look.foreground = static_cast<std::int8_t>(n - 90 + 8);
    } else if (n >= 100 && n <= 107) {
      m_look.background = static_cast<std::int8_t>(n - 100 + 8);
    } else if (n == 38 || n == 48) {
      auto& colour = n == 38 ? m_look.foreground : m_look.background;
      if (i + 2 < count && numbers[i + 1] == 5) {
        colour = from_256(numbers[i + 2]);
        i += 2;
      } else if (i + 4 < count && numbers[i + 1] == 2) {
        colour = nearest(std::min(numbers[i + 2], 255), std::min(numbers[i + 3], 255),
                         std::min(numbers[i + 4], 255));
        i += 4;
      } else {
        return;
      }
    }
  }
}

void AnsiRenderer::open(Html& out) const {
  const auto foreground = m_look.inverse ? m_look.background : m_look.foreground;
  const auto background = m_look.inverse ? m_look.foreground : m_look.background;
  out.raw("<span class=\"a");
  if (foreground >= 0) {
    out.raw(" f").number(foreground);
  }
  if (background >= 0) {
    out.raw(" g").number(background);
  } else if (m_look.inverse) {
    out.raw(" inv");
  }
  if (m_look.bold) {
    out.raw(" b");
  }
  if (m_look.dim) {
    out.raw(" d");
  }
  if (m_look.italic) {
    out.raw(" i");
  }
  if (m_look.underline) {
    out.raw(" u");
  }
  out.raw("\">");
}

void AnsiRenderer::line(std::string_view text, Html& out) {
  const std::string_view whole = text;
  text = bounded(after_return(bounded(text, k_longest_line * 4)), k_longest_line);
  std::string piece;
  const auto flush = [&] {
    if (piece.empty()) {
      return;
    }
    if (m_look == Look{}) {
      out.text(piece);
    } else {
      open(out);
      out.text(piece).raw("</span>");
    }
    piece.clear();
  };
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '\x1b') {
      const std::size_t length = escape_length(text.substr(i));
      if (length > 2 && text[i + 1] == '[' && text[i + length - 1] == 'm') {
        flush();
        select(text.substr(i + 2, length - 3));
      }
      i += std::max<std::size_t>(length, 1);
    } else if (c == '\b') {
      ++i;
    } else {
      const auto next = text.find_first_of("\x1b\b", i);
      piece += text.substr(i, next == std::string_view::npos ? next : next - i);
      i = next == std::string_view::npos ? text.size() : next;
    }
  }
  flush();
  if (whole.size() > k_longest_line) {
    out.raw("<span class=\"cut\"> … ");
    out.text(count_of(whole.size() - std::min(whole.size(), k_longest_line), "byte", "bytes"));
    out.raw(" more in the raw log</span>");
  }
}

std::string AnsiRenderer::plain(std::string_view text) {
  text = bounded(after_return(bounded(text, k_longest_line * 4)), k_longest_line);
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '\x1b') {
      i += std::max<std::size_t>(escape_length(text.substr(i)), 1);
    } else if (text[i] == '\b') {
      ++i;
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace patchmill::web
