#include "api/xmlrpc/lookup.hpp"

#include "api/patchwork/parameters.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace patchmill::api::xmlrpc {
namespace {

constexpr std::size_t k_most_listed = 1'000;  // of "in"

constexpr std::array<std::pair<std::string_view, Lookup>, 16> k_lookups = {{
    {"iexact", Lookup::iexact},
    {"contains", Lookup::contains},
    {"icontains", Lookup::icontains},
    {"gt", Lookup::gt},
    {"gte", Lookup::gte},
    {"lt", Lookup::lt},
    {"in", Lookup::in},
    {"startswith", Lookup::startswith},
    {"istartswith", Lookup::istartswith},
    {"endswith", Lookup::endswith},
    {"iendswith", Lookup::iendswith},
    {"range", Lookup::range},
    {"year", Lookup::year},
    {"month", Lookup::month},
    {"day", Lookup::day},
    {"isnull", Lookup::isnull},
}};

bool ignores_case(Lookup lookup) {
  return lookup == Lookup::iexact || lookup == Lookup::icontains || lookup == Lookup::istartswith ||
         lookup == Lookup::iendswith;
}

// Looks at the text, whatever the field is.
bool is_of_text(Lookup lookup) {
  return lookup == Lookup::contains || lookup == Lookup::icontains ||
         lookup == Lookup::startswith || lookup == Lookup::istartswith ||
         lookup == Lookup::endswith || lookup == Lookup::iendswith;
}

bool is_part_of_date(Lookup lookup) {
  return lookup == Lookup::year || lookup == Lookup::month || lookup == Lookup::day;
}

std::optional<Operand> read_operand(Kind kind, const Value& value) {
  Operand read;
  if (const auto* number = value.number()) {
    read = {std::to_string(*number), *number};
    return kind == Kind::date ? std::nullopt : std::optional(read);
  }
  if (const auto* flag = value.boolean()) {
    read = {*flag ? "True" : "False", *flag ? 1 : 0};
    return kind == Kind::date ? std::nullopt : std::optional(read);
  }
  const auto* text = value.text();
  if (text == nullptr) {
    return std::nullopt;
  }
  read.text = *text;
  if (kind == Kind::date) {
    const auto date = patchwork::parse_api_date(*text);
    if (!date) {
      return std::nullopt;
    }
    read.number = to_micros(*date);
  } else if (kind == Kind::number) {
    const char* end = text->data() + text->size();
    const auto [at, error] = std::from_chars(text->data(), end, read.number);
    if (error != std::errc() || at != end) {
      return std::nullopt;
    }
  }
  return read;
}

}  // namespace

Key parse_key(std::string_view key) {
  const auto cut = key.find("__");
  if (cut == std::string_view::npos) {
    return {key, Lookup::exact};
  }
  Key parsed{key.substr(0, cut), std::nullopt};
  for (const auto& [name, lookup] : k_lookups) {
    if (name == key.substr(cut + 2)) {
      parsed.lookup = lookup;
    }
  }
  return parsed;
}

Result<Condition> Condition::make(std::string_view key, Kind kind, Lookup lookup,
                                  const Value& value) {
  Condition made(kind, lookup);
  const auto wrong = [&](std::string_view wanted) {
    return fail(ErrorKind::invalid,
                fmt::format("the filter '{}' takes {}", ellipsize(mend_utf8(key), 80), wanted));
  };
  if (is_part_of_date(lookup) && kind != Kind::date) {
    return wrong("no part of a date: the field is none");
  }
  const bool many = lookup == Lookup::in || lookup == Lookup::range;
  const Array one = {value};
  const Array* values = many ? value.array() : &one;
  if (values == nullptr || values->size() > k_most_listed ||
      (lookup == Lookup::range && values->size() != 2)) {
    return wrong(lookup == Lookup::range
                     ? "a list of two values"
                     : fmt::format("a list of at most {} values", k_most_listed));
  }
  const Kind wanted = is_of_text(lookup)                                    ? Kind::text
                      : is_part_of_date(lookup) || lookup == Lookup::isnull ? Kind::number
                                                                            : kind;
  for (const Value& each : *values) {
    auto operand = read_operand(wanted, each);
    if (!operand) {
      return wrong(wanted == Kind::date     ? "a date, as 2023-11-15T12:00:00"
                   : wanted == Kind::number ? "a number"
                                            : "text");
    }
    if (ignores_case(lookup)) {
      operand->text = to_lower(operand->text);
    }
    made.m_operands.push_back(*std::move(operand));
  }
  return made;
}

int Condition::compare(const Operand& field, const Operand& with) const {
  if (m_kind == Kind::text) {
    return field.text.compare(with.text);
  }
  return field.number < with.number ? -1 : static_cast<int>(field.number > with.number);
}

bool Condition::fits_text(std::string_view field) const {
  const std::string_view part = m_operands.front().text;
  switch (m_lookup) {
    case Lookup::startswith:
    case Lookup::istartswith:
      return field.starts_with(part);
    case Lookup::endswith:
    case Lookup::iendswith:
      return field.ends_with(part);
    case Lookup::iexact:
      return field == part;
    default:
      return field.find(part) != std::string_view::npos;
  }
}

bool Condition::fits(const std::optional<Operand>& field) const {
  if (m_lookup == Lookup::isnull) {
    return !field.has_value() == (m_operands.front().number != 0);
  }
  if (!field) {
    return false;
  }
  const auto part_is = [&](std::size_t at, std::size_t size) {
    return parse_uint(std::string_view(field->text).substr(at, size)) ==
           static_cast<std::uint64_t>(m_operands.front().number);
  };
  switch (m_lookup) {
    case Lookup::exact:
      return compare(*field, m_operands.front()) == 0;
    case Lookup::iexact:
      return m_kind == Kind::text ? fits_text(to_lower(field->text))
                                  : compare(*field, m_operands.front()) == 0;
    case Lookup::gt:
      return compare(*field, m_operands.front()) > 0;
    case Lookup::gte:
      return compare(*field, m_operands.front()) >= 0;
    case Lookup::lt:
      return compare(*field, m_operands.front()) < 0;
    case Lookup::in:
      return std::any_of(m_operands.begin(), m_operands.end(),
                         [&](const Operand& one) { return compare(*field, one) == 0; });
    case Lookup::range:
      return compare(*field, m_operands[0]) >= 0 && compare(*field, m_operands[1]) <= 0;
    case Lookup::year:
      return part_is(0, 4);
    case Lookup::month:
      return part_is(5, 2);
    case Lookup::day:
      return part_is(8, 2);
    default:
      return fits_text(ignores_case(m_lookup) ? to_lower(field->text) : field->text);
  }
}

}  // namespace patchmill::api::xmlrpc
