#pragma once
// Text helpers with no state. Everything takes and returns UTF-8 unless it says bytes.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill {

std::string_view trim(std::string_view text);
std::string_view trim_end(std::string_view text);      // white space at the end only
std::string to_lower(std::string_view text);           // ASCII letters only
bool iequals(std::string_view a, std::string_view b);  // ASCII case folding
bool istarts_with(std::string_view text, std::string_view prefix);
std::vector<std::string_view> split(std::string_view text, char separator);
// Lines without their \n (a \r before it stays). A last line without \n counts; "" has no lines.
std::vector<std::string_view> split_lines(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);
// "1 error", "2 errors"; `many` for what takes no plain s.
template <std::integral N>
std::string count_of(N n, std::string_view one, std::string_view many = {}) {
  std::string text = std::to_string(n) + " ";
  text += n == 1 || many.empty() ? one : many;
  return n != 1 && many.empty() ? text + "s" : text;
}
// The lines that say something, trimmed, with "; " between: what a program printed, in a message.
std::string joined_lines(std::string_view text);
std::string collapse_whitespace(std::string_view text);  // runs of white space become one space

bool is_valid_utf8(std::string_view bytes);
std::size_t count_characters(std::string_view utf8);
// Invalid sequences are read as windows-1252; NUL becomes U+FFFD. The result is valid UTF-8.
std::string mend_utf8(std::string_view bytes);
// At most `max` bytes, cut at a character boundary, with "…" when something was cut.
std::string ellipsize(std::string_view text, std::size_t max);
// For terminals: control and invisible characters (C0, C1, DEL, bidi overrides, zero width) become
// visible \xNN or \u{NNNN}. Newline and tab stay when keep_layout.
std::string escape_terminal(std::string_view text, bool keep_layout = false);

// Edit distance with transpositions (Damerau, restricted).
std::size_t edit_distance(std::string_view a, std::string_view b);
// The nearest of `names` to what was written, if it is near enough to be a slip.
std::optional<std::string> nearest_name(std::string_view written,
                                        std::span<const std::string> names);

// Whole non-negative decimal number, nothing else around it.
std::optional<std::uint64_t> parse_uint(std::string_view text);
// "90", "90s", "5m", "2h", "30d" -> seconds.
std::optional<std::uint64_t> parse_duration_seconds(std::string_view text);
// "4096", "64k", "256M", "2G" -> bytes.
std::optional<std::uint64_t> parse_size_bytes(std::string_view text);
// Shell wildcard match; '*' also crosses '/'.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace patchmill
