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

// The statement as it appears in error messages: one line, bounded.
std::string quote_sql(std::string_view sql);

// Looks strings up by views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace patchmill::store::detail
