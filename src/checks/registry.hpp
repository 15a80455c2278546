#pragma once
// One maker for each built-in check; registry.cpp puts them in order.

#include "checks/check.hpp"

#include <memory>

namespace patchmill::checks {

std::unique_ptr<Check> make_series_format();
std::unique_ptr<Check> make_signed_off_by();
std::unique_ptr<Check> make_subject_form();
std::unique_ptr<Check> make_commit_message();
std::unique_ptr<Check> make_fixes_tag();
std::unique_ptr<Check> make_fixes_present();
std::unique_ptr<Check> make_cc_maintainers();
std::unique_ptr<Check> make_checkpatch();
std::unique_ptr<Check> make_whitespace();
std::unique_ptr<Check> make_new_inline();
std::unique_ptr<Check> make_deprecated_api();
std::unique_ptr<Check> make_large_binary();
std::unique_ptr<Check> make_spdx();
std::unique_ptr<Check> make_shellcheck();
std::unique_ptr<Check> make_yamllint();
std::unique_ptr<Check> make_ruff();

}  // namespace patchmill::checks
