#pragma once
// Pieces of JSON put straight into a text: a page of series is half a megabyte, and building a tree
// of values first would cost several times as much as everything else.

#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

// In quotes, escaped; bytes that are not UTF-8 are mended.
void append_string(std::string& out, std::string_view text);
// The same without the quotes, to be continued.
void append_escaped(std::string& out, std::string_view text);
// null for nothing.
void append_string_or_null(std::string& out, const std::optional<std::string>& text);
void append_number(std::string& out, std::int64_t number);
inline void append_bool(std::string& out, bool value) {
  out += value ? "true" : "false";
}
// UTC as Patchwork writes it, in quotes: "2026-11-20T09:30:00", with six digits of a fraction when
// there is one.
void append_date(std::string& out, Timestamp date);

// A Message-ID, a name or a user as one segment of a path: what Django's reverse() leaves as it is
// stays, '/' and everything else is coded.
void append_path_segment(std::string& out, std::string_view segment);
// The same of a Message-ID, as registry/msgid_segment.hpp has it.
void append_msgid_segment(std::string& out, std::string_view msgid);

}  // namespace patchmill::api::patchwork
