#include "checks/registry.hpp"

namespace patchmill::checks {
namespace {

std::vector<std::unique_ptr<Check>> make_all() {
  std::vector<std::unique_ptr<Check>> checks;
  for (const auto make :
       {make_series_format, make_signed_off_by, make_subject_form, make_commit_message,
        make_fixes_tag, make_fixes_present, make_cc_maintainers, make_checkpatch, make_whitespace,
        make_new_inline, make_deprecated_api, make_large_binary, make_spdx, make_shellcheck,
        make_yamllint, make_ruff}) {
    checks.push_back(make());
  }
  return checks;
}

}  // namespace

const std::vector<std::unique_ptr<Check>>& all_checks() {
  static const std::vector<std::unique_ptr<Check>> checks = make_all();
  return checks;
}

const Check* find_check(std::string_view name) {
  for (const auto& check : all_checks()) {
    if (check->name() == name) {
      return check.get();
    }
  }
  return nullptr;
}

}  // namespace patchmill::checks
