#pragma once
// Conditions on fields of a filter, as Django names them: "name__icontains", "date__gte".

#include "api/xmlrpc/value.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::api::xmlrpc {

enum class Lookup {
  exact,  // no lookup is named
  iexact,
  contains,
  icontains,
  gt,
  gte,
  lt,
  in,
  startswith,
  istartswith,
  endswith,
  iendswith,
  range,
  year,
  month,
  day,
  isnull,
};
// "name__icontains" as field and lookup; no lookup: there is none of that name.
struct Key {
  std::string_view field;
  std::optional<Lookup> lookup;
};
Key parse_key(std::string_view key);

enum class Kind { text, number, date };

// What a field holds, and what it is compared with.
struct Operand {
  std::string text;         // of a date "2023-11-15 12:00:00"
  std::int64_t number = 0;  // of a date microseconds
};

class Condition {
 public:
  // Error invalid: the value does not fit the lookup; `key` names both in it.
  static Result<Condition> make(std::string_view key, Kind kind, Lookup lookup, const Value& value);
  // Nothing: the field is empty (null).
  [[nodiscard]] bool fits(const std::optional<Operand>& field) const;

 private:
  Condition(Kind kind, Lookup lookup) : m_kind(kind), m_lookup(lookup) {}
  [[nodiscard]] int compare(const Operand& field, const Operand& with) const;
  [[nodiscard]] bool fits_text(std::string_view field) const;

  Kind m_kind;
  Lookup m_lookup;
  std::vector<Operand> m_operands;
};

}  // namespace patchmill::api::xmlrpc
