#include "reports/report.hpp"
#include "util/text.hpp"

#include <array>
#include <utility>

namespace patchmill::reports {
namespace {

using Row = std::pair<std::string_view, CheckClass>;

constexpr std::array<Row, 7> k_names = {{{"applies", CheckClass::applies},
                                         {"sign-off", CheckClass::sign_off},
                                         {"description", CheckClass::description},
                                         {"build", CheckClass::build},
                                         {"test", CheckClass::test},
                                         {"style", CheckClass::style},
                                         {"other", CheckClass::other}}};

constexpr std::array<Row, 14> k_own_checks = {{{"applies", CheckClass::applies},
                                               {"signed-off-by", CheckClass::sign_off},
                                               {"test-description", CheckClass::description},
                                               {"test-plan", CheckClass::description},
                                               {"checkpatch", CheckClass::style},
                                               {"whitespace", CheckClass::style},
                                               {"subject-form", CheckClass::style},
                                               {"commit-message", CheckClass::style},
                                               {"new-inline", CheckClass::style},
                                               {"deprecated-api", CheckClass::style},
                                               {"spdx", CheckClass::style},
                                               {"shellcheck", CheckClass::style},
                                               {"yamllint", CheckClass::style},
                                               {"ruff", CheckClass::style}}};

}  // namespace

std::string_view to_string(CheckClass check_class) {
  for (const auto& [name, value] : k_names) {
    if (value == check_class) {
      return name;
    }
  }
  return "other";
}

std::optional<CheckClass> check_class_from(std::string_view text) {
  for (const auto& [name, value] : k_names) {
    if (name == text) {
      return value;
    }
  }
  return std::nullopt;
}

CheckClass class_of(const pipeline::Node& node, const ClassRules& rules) {
  if (const auto exact = rules.find(node.name); exact != rules.end()) {
    return exact->second;
  }
  for (const auto& [pattern, check_class] : rules) {
    if (glob_match(pattern, node.name)) {
      return check_class;
    }
  }
  for (const auto& [name, check_class] : k_own_checks) {
    if (name == node.name) {
      return check_class;
    }
  }
  switch (node.kind) {
    case pipeline::NodeKind::kbuild:
      return CheckClass::build;
    case pipeline::NodeKind::test:
      return CheckClass::test;
    default:
      return CheckClass::other;
  }
}

}  // namespace patchmill::reports
