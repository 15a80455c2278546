// Which series of a source are tested: `take`.

#include "app/config_parts.hpp"
#include "app/config_reader.hpp"

#include <algorithm>

namespace patchmill::app {

std::vector<KeySpec> selection_keys() {
  using enum KeyType;
  std::vector<KeySpec> keys;
  for (const std::string_view part : {"sources.take", "sources.take.not"}) {
    keys.insert(
        keys.end(),
        {{part, "project", words, "Projects of the Patchwork, as `patchwork.projects` has them.",
          "any", "[netdevbpf]"},
         {part, "delegate", words,
          "Usernames at the Patchwork; `*` is anybody, and `not: {delegate: \"*\"}` nobody.", "any",
          "[kuba]"},
         {part, "state", words, "States of a patch at the Patchwork, as slugs.", "any",
          "[new, under-review]"},
         {part, "tag", words, "Words in the subject's brackets.", "any", "[net-next]"},
         {part, "submitter", words, "Mail addresses or names.", "any", "[\"*@example.org\"]"},
         {part, "path", words, "Touched files; `*` crosses `/`.", "any", "[\"drivers/net/*\"]"},
         {part, "list", words, "List-Ids.", "any", "[netdev.vger.kernel.org]"}});
  }
  keys.push_back({"sources.take", "not", section, "None of these fits.", "", ""});
  return keys;
}

// Shell patterns, one of which fits. What is written empty would fit nothing: a slip.
void ConfigReader::read_conditions(tracker::Clause& clause, const YamlValue& item, bool negated) {
  for (std::size_t i = 0; i < tracker::k_traits.size(); ++i) {
    const YamlValue* value = item.find(tracker::k_traits[i]);
    if (value == nullptr) {
      continue;
    }
    tracker::Condition condition{static_cast<tracker::Trait>(i), words(item, tracker::k_traits[i]),
                                 negated};
    if (std::ranges::any_of(condition.patterns, &std::string::empty) ||
        condition.patterns.empty()) {
      fault(*value,
            fmt::format("'{}' is empty: leave it out, or say what fits", tracker::k_traits[i]));
    }
    clause.push_back(std::move(condition));
  }
}

void ConfigReader::read_take(intake::SourceSpec& spec, const YamlValue& item) {
  const YamlValue* take = item.find("take");
  if (take == nullptr) {
    return;
  }
  if (take->items.empty()) {
    fault(*take, "'take' has no clause: nothing would be tested; leave it out to test everything");
  }
  const bool is_patchwork = std::holds_alternative<intake::PatchworkSpec>(spec.kind);
  for (const YamlValue& one : take->items) {
    tracker::Clause clause;
    read_conditions(clause, one, false);
    if (const YamlValue* negated = one.find("not")) {
      read_conditions(clause, *negated, true);
    }
    if (clause.empty() && !is_doubtful(one)) {
      fault(one, "a clause of 'take' without conditions fits everything; leave 'take' out instead");
    }
    for (const tracker::Condition& condition : clause) {
      if (!is_patchwork && condition.trait <= tracker::Trait::state) {
        fault(one, fmt::format("'{}' is what a Patchwork knows; this source is none",
                               tracker::to_string(condition.trait)));
      }
    }
    spec.take.push_back(std::move(clause));
  }
}

}  // namespace patchmill::app
