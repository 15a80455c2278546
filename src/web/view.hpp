#pragma once
// What a template is filled with, and the templates (templates/NAME.html).
//
// Text is escaped by the templates. The only keys that go in as HTML end in "_html", and take
// nothing but Html; a test sees to it that templates keep to that.

#include "util/clock.hpp"
#include "web/html.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace patchmill::web {

class View {
 public:
  using List = std::vector<View>;
  using Value = std::variant<bool, std::string, Html, List>;

  // By show(). Sections of empty text are not there.
  View& set(std::string_view key, std::string_view value);
  View& set(std::string_view key, const char* value) { return set(key, std::string_view(value)); }
  View& set(std::string_view key, const std::string& value) {
    return set(key, std::string_view(value));
  }
  // Zero counts as there.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  View& set(std::string_view key, T value) {
    return set(key, std::to_string(value));
  }
  View& set(std::string_view key, bool value) { return put(key, value); }
  // Throws std::logic_error when the key does not end in "_html".
  View& set_html(std::string_view key, Html value);
  // Also KEY_any (whether there are some) and KEY_count.
  View& set_list(std::string_view key, List value);
  // KEY_iso for <time datetime>, KEY for people; empty: neither.
  View& set_time(std::string_view key, std::optional<Timestamp> time);

  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& values() const {
    return m_values;
  }

 private:
  View& put(std::string_view key, Value value);
  std::vector<std::pair<std::string, Value>> m_values;
};

struct EmbeddedFile {
  std::string_view name, bytes, gzip;  // gzip: empty where it is of no use
};
// Made by cmake/EmbedWeb.cmake from src/web/templates/*.html and src/web/static/*; sorted by name.
std::span<const EmbeddedFile> embedded_templates();
std::span<const EmbeddedFile> embedded_assets();

// Throws std::logic_error when there is no such template, or it is wrong: a bug.
Html render_template(std::string_view name, const View& view);

}  // namespace patchmill::web
