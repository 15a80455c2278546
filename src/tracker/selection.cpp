#include "tracker/selection.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::tracker {
namespace {

constexpr std::size_t longest_list = 80;
constexpr std::size_t longest_reason = 500;

enum class Fit { yes, unknown, no };

std::string shown(const std::vector<std::string>& words) {
  return escape_terminal(ellipsize(join(words, ", "), longest_list));
}

bool any_fits(const Condition& condition, const std::vector<std::string>& values) {
  // Two files may differ in nothing but that (Linux has xt_DSCP.c and xt_dscp.c).
  const bool is_exact = condition.trait == Trait::path;
  return std::ranges::any_of(condition.patterns, [&](const std::string& pattern) {
    const std::string wanted = is_exact ? pattern : to_lower(pattern);
    return std::ranges::any_of(values, [&](const std::string& value) {
      return glob_match(wanted, is_exact ? value : to_lower(value));
    });
  });
}

Fit fit_of(const Condition& condition, const TraitValues& known) {
  if (any_fits(condition, known.values)) {
    return condition.negated ? Fit::no : Fit::yes;
  }
  if (!known.missing.empty()) {
    return Fit::unknown;
  }
  return condition.negated ? Fit::yes : Fit::no;
}

std::string wish_of(const Condition& condition) {
  return fmt::format("{}{} {}", condition.negated ? "not " : "", to_string(condition.trait),
                     shown(condition.patterns));
}

std::string refusal_of(const Condition& condition, const TraitValues& known) {
  return fmt::format("{} is {}, wanted is {}", to_string(condition.trait),
                     known.values.empty() ? "empty" : shown(known.values), wish_of(condition));
}

// The first condition that does not hold says why; else the first that nobody knows.
Selection select(const Clause& clause, const SeriesTraits& traits) {
  std::string wishes;
  std::string waits;
  for (const auto& condition : clause) {
    const auto& known = traits[condition.trait];
    switch (fit_of(condition, known)) {
      case Fit::no:
        return {Taking::skipped, refusal_of(condition, known)};
      case Fit::unknown:
        if (waits.empty()) {
          waits = fmt::format("{}, but {}", wish_of(condition), known.missing);
        }
        break;
      case Fit::yes:
        wishes += (wishes.empty() ? "" : "; ") + wish_of(condition);
        break;
    }
  }
  return waits.empty() ? Selection{Taking::taken, wishes}
                       : Selection{Taking::waiting, "wanted is " + waits};
}

}  // namespace

std::string_view to_string(Taking taking) {
  switch (taking) {
    case Taking::taken:
      return "taken";
    case Taking::waiting:
      return "waiting";
    case Taking::skipped:
      break;
  }
  return "skipped";
}

Selection select(std::span<const Clause> clauses, const SeriesTraits& traits) {
  if (clauses.empty()) {
    return {Taking::taken, "everything is taken"};
  }
  Selection found{Taking::skipped, {}};
  for (std::size_t i = 0; i < clauses.size(); ++i) {
    const auto one = select(clauses[i], traits);
    const auto told = fmt::format("clause {}: {}", i + 1, one.reason);
    if (one.taking == Taking::taken) {
      return {Taking::taken, told};
    }
    found.taking = std::min(found.taking, one.taking);
    found.reason += (found.reason.empty() ? "" : "; ") + told;
  }
  found.reason = ellipsize(found.reason, longest_reason);
  return found;
}

}  // namespace patchmill::tracker
