#pragma once
// From our `?` placeholders to PostgreSQL's `$1`, `$2`, …

#include <string>
#include <string_view>

namespace patchmill::store::detail {

// Leaves strings ('…', E'…', $tag$…$tag$), quoted identifiers and comments (-- and nested /* */)
// as they are, by PostgreSQL's lexical rules (its manual, section 4.1).
std::string number_placeholders(std::string_view sql);

}  // namespace patchmill::store::detail
