// Long lists and their filters.

#include "api/patchwork/parameters.hpp"
#include "api/xmlrpc/describe.hpp"
#include "api/xmlrpc/limited.hpp"
#include "api/xmlrpc/lookup.hpp"
#include "api/xmlrpc/methods.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace patchmill::api::xmlrpc {
namespace {

constexpr std::size_t k_longest_argument = 1'000;  // no field holds more

struct Field {
  std::string_view name;
  Kind kind;
};
// What can be looked into; fields named …_id, max_count and series have a value and no lookup.
constexpr std::array<Field, 7> k_patch_fields = {{{"id", Kind::number},
                                                  {"name", Kind::text},
                                                  {"archived", Kind::number},
                                                  {"date", Kind::date},
                                                  {"commit_ref", Kind::text},
                                                  {"hash", Kind::text},
                                                  {"msgid", Kind::text}}};
constexpr std::array<Field, 2> k_check_fields = {{{"id", Kind::number}, {"user", Kind::text}}};

const Field* find_field(std::span<const Field> fields, std::string_view name) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

using Rest = std::vector<std::pair<std::string_view, Condition>>;  // by field

// A filter on its way to the registry. What the registry does not know is left in `rest`.
template <class Filter>
struct Asked {
  Filter filter;
  Rest rest;
  std::int64_t count = 0;
  bool nothing = false;  // as Patchwork: an unknown field, or a value that names nothing
};

Result<std::int64_t> read_count(const Value& value) {
  return value.number() != nullptr ? Result<std::int64_t>(*value.number())
                                   : fail(ErrorKind::invalid, "'max_count' has to be a number");
}

Result<Id> read_id(std::string_view field, const Value& value) {
  const auto id = id_in(value);
  return id ? Result<Id>(*id)
            : fail(ErrorKind::invalid, fmt::format("the filter '{}' takes an id", field));
}

// Puts ids of "id" and "id__in" into the registry's filter, where they cost nothing.
void by_ids(registry::Values& ids, const Value& value) {
  const auto add = [&](const Value& one) {
    if (const auto id = id_in(one)) {
      ids.push_back(std::to_string(*id));
    }
  };
  if (const Array* many = value.array()) {
    std::for_each(many->begin(), many->end(), add);
  } else {
    add(value);
  }
}

// What the registry can do of a condition already, so that few rows are looked at: never more than
// the condition itself.
void narrow(registry::PatchFilter& filter, std::string_view field, Lookup lookup,
            const Value& value) {
  const bool one_text = value.text() != nullptr && lookup != Lookup::isnull;
  if (field == "id" && (lookup == Lookup::exact || lookup == Lookup::in)) {
    by_ids(filter.id, value);
  } else if (field == "hash" && one_text && lookup == Lookup::exact) {
    filter.hash = {*value.text()};
  } else if (field == "msgid" && one_text && lookup == Lookup::exact) {
    filter.msgid = {*value.text()};
  } else if (field == "archived" && lookup == Lookup::exact && value.boolean() != nullptr) {
    filter.archived = *value.boolean();
  } else if (field == "name" && one_text && lookup != Lookup::gt && lookup != Lookup::gte &&
             lookup != Lookup::lt) {
    filter.q = *value.text();
  } else if (field == "date" && one_text) {
    const auto date = patchwork::parse_api_date(*value.text());
    if (lookup == Lookup::gt || lookup == Lookup::gte) {
      filter.date.since.emplace_back(date);
    } else if (lookup == Lookup::lt) {
      filter.date.before.emplace_back(date);
    }
  }
}

// The field …_id, or another one without lookups. False: there is no such field.
Result<bool> by_name(Visit& visit, Asked<registry::PatchFilter>& asked, std::string_view field,
                     const Value& value) {
  if (field == "max_count") {
    PM_TRY_ASSIGN(asked.count, read_count(value));
    return true;
  }
  constexpr std::array<std::string_view, 5> k_named = {"project_id", "submitter_id", "delegate_id",
                                                       "state_id", "series"};
  if (std::find(k_named.begin(), k_named.end(), field) == k_named.end()) {
    return false;
  }
  PM_TRY_ASSIGN(const auto id, read_id(field, value));
  const registry::Values ids = {std::to_string(id)};
  if (field == "project_id") {
    asked.filter.project = ids;
  } else if (field == "submitter_id") {
    asked.filter.submitter = ids;
  } else if (field == "state_id") {
    asked.filter.state = ids;
  } else if (field == "series") {
    asked.filter.series = ids;
  } else {  // the id is a person's, as person_list gives it
    const auto person = visit.registry.person(id);
    asked.nothing |= !person || !person->user;
    if (!asked.nothing) {
      asked.filter.delegate = {std::to_string(person->user->id)};
    }
  }
  return true;
}

// Patchwork keeps Message-IDs in angle brackets, we do not: a bracket in what is looked for says
// where the id begins or ends, so that another lookup finds the same.
Lookup without_brackets(Lookup lookup, std::string& msgid) {
  const bool opens = msgid.starts_with('<');
  const bool closes = msgid.ends_with('>');
  const bool is_whole_id =
      lookup == Lookup::exact || lookup == Lookup::iexact || lookup == Lookup::in;
  if ((!opens && !closes) || (is_whole_id && !(opens && closes))) {
    return lookup;
  }
  msgid = msgid.substr(opens ? 1 : 0, msgid.size() - (opens ? 1 : 0) - (closes ? 1 : 0));
  switch (lookup) {
    case Lookup::contains:
      return !closes ? Lookup::startswith : opens ? Lookup::exact : Lookup::endswith;
    case Lookup::icontains:
      return !closes ? Lookup::istartswith : opens ? Lookup::iexact : Lookup::iendswith;
    case Lookup::startswith:
      return closes ? Lookup::exact : lookup;
    case Lookup::istartswith:
      return closes ? Lookup::iexact : lookup;
    case Lookup::endswith:
      return opens ? Lookup::exact : lookup;
    case Lookup::iendswith:
      return opens ? Lookup::iexact : lookup;
    default:
      return lookup;
  }
}

// A boolean may be a word.
Value as_kept(std::string_view field, Lookup& lookup, Value value) {
  if (auto* many = std::get_if<Array>(&value.is)) {
    std::transform(many->begin(), many->end(), many->begin(),
                   [&](const Value& one) { return as_kept(field, lookup, one); });
  }
  auto* text = std::get_if<std::string>(&value.is);
  if (text != nullptr && field == "msgid") {
    lookup = without_brackets(lookup, *text);
  }
  if (text != nullptr && field == "archived") {
    if (const auto flag = patchwork::parse_api_bool(*text)) {
      return {*flag};
    }
  }
  return value;
}

Result<Asked<registry::PatchFilter>> read_patch_filter(Visit& visit) {
  PM_TRY_ASSIGN(const auto given, filter_param(visit, 0));
  Asked<registry::PatchFilter> asked;
  for (const auto& [key, sent] : given) {
    const auto [name, lookup] = parse_key(key);
    PM_TRY_ASSIGN(const bool done, by_name(visit, asked, name, sent));
    const Field* field = find_field(k_patch_fields, name);
    if (!lookup || (!done && field == nullptr)) {
      asked.nothing = true;
    }
    if (asked.nothing || done) {
      continue;
    }
    Lookup kept_lookup = *lookup;
    const Value value = as_kept(name, kept_lookup, sent);
    const auto* text = value.text();
    const auto* many = value.array();
    if ((text != nullptr && text->size() > k_longest_argument) ||
        (many != nullptr && many->empty())) {
      asked.nothing = true;
      continue;
    }
    PM_TRY_ASSIGN(auto condition, Condition::make(key, field->kind, kept_lookup, value));
    asked.rest.emplace_back(field->name, std::move(condition));
    narrow(asked.filter, name, kept_lookup, value);
  }
  return asked;
}

std::optional<Operand> operand(std::string_view field, const registry::Patch& patch) {
  const auto text = [](const std::optional<std::string>& value) {
    return value ? std::optional(Operand{*value, 0}) : std::nullopt;
  };
  if (field == "id") {
    return Operand{std::to_string(patch.self.id), patch.self.id};
  }
  if (field == "archived") {
    return Operand{patch.archived ? "True" : "False", patch.archived ? 1 : 0};
  }
  if (field == "date") {
    return Operand{date_text(patch.self.date), to_micros(patch.self.date)};
  }
  if (field == "commit_ref") {
    return text(patch.commit_ref);
  }
  if (field == "hash") {
    return text(patch.hash);
  }
  return Operand{field == "msgid" ? patch.self.msgid : patch.self.name, 0};
}

std::optional<Operand> operand(std::string_view field, const registry::Check& check) {
  return field == "id" ? Operand{std::to_string(check.id), check.id}
                       : Operand{check.user.username, check.user.id};
}

template <class T>
bool fits_all(const Rest& rest, const T& item) {
  return std::all_of(rest.begin(), rest.end(), [&](const auto& condition) {
    return condition.second.fits(operand(condition.first, item));
  });
}

Result<Asked<registry::CheckFilter>> read_check_filter(Visit& visit, std::optional<Id>& patch) {
  PM_TRY_ASSIGN(const auto given, filter_param(visit, 0));
  Asked<registry::CheckFilter> asked;
  for (const auto& [key, value] : given) {
    const auto [name, lookup] = parse_key(key);
    if (name == "max_count") {
      PM_TRY_ASSIGN(asked.count, read_count(value));
    } else if (name == "patch_id") {
      PM_TRY_ASSIGN(patch, read_id(name, value));
    } else if (name == "project_id") {
      PM_TRY_ASSIGN(const auto id, read_id(name, value));
      asked.filter.project = {std::to_string(id)};
    } else if (name == "user" && lookup == Lookup::exact) {
      const auto id = id_in(value);
      if (!id && value.text() == nullptr) {
        return fail(ErrorKind::invalid, "the filter 'user' takes a name or an id");
      }
      asked.filter.user = {id ? std::to_string(*id) : *value.text()};
    } else if (const Field* field = find_field(k_check_fields, name); field != nullptr && lookup) {
      PM_TRY_ASSIGN(auto condition, Condition::make(key, field->kind, *lookup, value));
      asked.rest.emplace_back(field->name, std::move(condition));
      if (name == "id" && (lookup == Lookup::exact || lookup == Lookup::in)) {
        by_ids(asked.filter.id, value);
      }
    }
    asked.nothing |= !lookup || (name != "max_count" && name != "patch_id" &&
                                 name != "project_id" && !find_field(k_check_fields, name));
  }
  return asked;
}

}  // namespace

Result<Value> list_patches(Visit& visit) {
  PM_TRY_ASSIGN(auto asked, read_patch_filter(visit));
  if (asked.nothing) {
    return Value{Array{}};
  }
  Describe as(visit.registry);
  return described<registry::Patch>(
      asked.count,
      [&](auto page, bool from_end) {
        asked.filter.order = {"date", from_end};
        return visit.registry.find(asked.filter, page);
      },
      [&](const auto& patch) { return fits_all(asked.rest, patch); },
      [&](const auto& patch) { return as(patch); });
}

Result<Value> list_checks(Visit& visit) {
  std::optional<Id> patch;
  PM_TRY_ASSIGN(auto asked, read_check_filter(visit, patch));
  if (asked.nothing) {
    return Value{Array{}};
  }
  Describe as(visit.registry);
  return described<registry::Check>(
      asked.count,
      [&](auto page, bool from_end) {
        asked.filter.order = {"id", from_end};
        return visit.registry.find_checks(patch, asked.filter, page);
      },
      [&](const auto& check) { return fits_all(asked.rest, check); },
      [&](const auto& check) { return as(check); });
}

Result<Value> list_people(Visit& visit) {
  PM_TRY_ASSIGN(const auto part, text_param(visit, 0));
  PM_TRY_ASSIGN(const auto count, count_param(visit, 1));
  if (part.size() > k_longest_argument) {
    return Value{Array{}};
  }
  const std::string lower = to_lower(part);
  const auto has = [&](std::string_view text) {
    return to_lower(text).find(lower) != std::string::npos;
  };
  return described<registry::Person>(
      count,
      [&](auto page, bool from_end) {
        return visit.registry.find_people({part, {"id", from_end}}, page);
      },
      [&](const auto& person) { return has(person.name) || has(person.email); },
      [](const auto& person) { return describe(person); });
}

}  // namespace patchmill::api::xmlrpc
