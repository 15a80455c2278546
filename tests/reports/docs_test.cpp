#include "reports/template_keys.hpp"
#include "reports/template_set.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace patchmill::reports {
namespace {

std::string kind_name(KeyKind kind) {
  return kind == KeyKind::text ? "text" : kind == KeyKind::flag ? "flag" : "list";
}

TEST_CASE("docs/mail-policy.md: every template and every word is there") {
  const auto page = read_file(std::string(PATCHMILL_SOURCE_DIR) + "/docs/mail-policy.md");
  REQUIRE(page.has_value());
  for (const auto& key : template_keys()) {
    const std::string row =
        fmt::format("| `{}` | {} | {} | {} |\n", key.name, kind_name(key.kind),
                    key.parent.empty() ? std::string() : fmt::format("`{}`", key.parent), key.help);
    CHECK_MESSAGE(page->find(row) != std::string::npos, row);
  }
  for (const auto& shipped : embedded_templates()) {
    const std::string name = fmt::format("`{}`", shipped.name);
    CHECK_MESSAGE(page->find(name) != std::string::npos, name);
  }
}

}  // namespace
}  // namespace patchmill::reports
