#pragma once
// HTML that cannot be made of outside text by mistake: literals of the program go in as they are,
// everything else escaped.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchmill::web {

// A string literal; nothing else converts to it.
class Literal {
 public:
  template <std::size_t N>
  consteval Literal(const char (&text)[N]) : m_text(text, N - 1) {}  // NOLINT: meant to convert
  [[nodiscard]] constexpr std::string_view text() const { return m_text; }

 private:
  std::string_view m_text;
};

class Html {
 public:
  Html& raw(Literal literal) {
    m_text += literal.text();
    return *this;
  }
  // Content or the value of a quoted attribute, by show().
  Html& text(std::string_view value);
  Html& number(std::int64_t value);
  Html& add(const Html& other) {
    m_text += other.m_text;
    return *this;
  }
  [[nodiscard]] const std::string& string() const { return m_text; }
  [[nodiscard]] std::string take() { return std::move(m_text); }
  [[nodiscard]] std::size_t size() const { return m_text.size(); }
  [[nodiscard]] bool empty() const { return m_text.empty(); }

 private:
  friend Html render_template(std::string_view name, const class View& view);
  std::string m_text;
};

// Outside text as people get to see it: valid UTF-8, control, bidirectional and invisible
// characters spelled out ("\u{202E}"), so that nothing looks like something else. Not HTML-escaped.
std::string show(std::string_view text);

// Text with its http and https links made to work, without giving them weight or a way back.
Html linkify(std::string_view text);

}  // namespace patchmill::web
