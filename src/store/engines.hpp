#pragma once
// The two engines behind Database::open().

#include "store/database.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace patchmill::store::detail {

std::unique_ptr<Database> open_sqlite(std::string_view path);
std::unique_ptr<Database> open_postgresql(std::string_view url);

// Throws DatabaseError unless the text is UTF-8 without NUL.
void check_text(std::string_view text, std::string_view sql);

// The statement as it appears in messages about a mistake in it: one line, bounded.
std::string quote_sql(std::string_view sql);

// SQL helps nobody who runs patchmill, so a statement that failed is told to the debug log only.
void note_refused(std::string_view sql, std::string_view words);

// Looks strings up by views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace patchmill::store::detail
