#pragma once
// Which series are taken: any of several clauses, each of which is a number of conditions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::tracker {

// What conditions look at; project, delegate and state are what a Patchwork says.
enum class Trait : std::uint8_t { project, delegate, state, tag, submitter, path, list };
inline constexpr std::array<std::string_view, 7> k_traits = {
    "project", "delegate", "state", "tag", "submitter", "path", "list"};
inline std::string_view to_string(Trait trait) {
  return k_traits.at(static_cast<std::size_t>(trait));
}

struct Condition {
  Trait trait = Trait::project;
  std::vector<std::string> patterns;  // of the shell, in any case; one must fit
  bool negated = false;               // none may fit
  bool operator==(const Condition&) const = default;
};
using Clause = std::vector<Condition>;  // all must hold

struct TraitValues {
  std::vector<std::string> values;
  std::string missing;  // why there may be more values than these; empty: there are none
};
struct SeriesTraits {
  std::array<TraitValues, k_traits.size()> of;
  TraitValues& operator[](Trait trait) { return of.at(static_cast<std::size_t>(trait)); }
  const TraitValues& operator[](Trait trait) const {
    return of.at(static_cast<std::size_t>(trait));
  }
};

enum class Taking : std::uint8_t {
  taken,
  waiting,  // what is not known yet decides
  skipped,
};
std::string_view to_string(Taking taking);

struct Selection {
  Taking taking = Taking::taken;
  std::string reason;  // for people; of each clause what it fails or waits for
};
// Without clauses everything is taken. Pure.
Selection select(std::span<const Clause> clauses, const SeriesTraits& traits);

}  // namespace patchmill::tracker
