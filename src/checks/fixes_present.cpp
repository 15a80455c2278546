// A tree for fixes takes fixes: some patch of the series says what it fixes.

#include "checks/message_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::array k_fixes_present_settings = {
    Setting{.name = "exempt-trees",
            .type = SettingType::words,
            .default_value = "next",
            .meaning = "Trees whose name or tag contains one of these words need no Fixes: tag."},
    Setting{.name = "exempt-paths",
            .type = SettingType::words,
            .default_value = "Documentation/,MAINTAINERS",
            .meaning = "A series that only touches paths beginning so needs no Fixes: tag."},
};

class FixesPresent final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "fixes-present"; }
  [[nodiscard]] std::string_view description() const override {
    return "A series for a tree of fixes carries a Fixes: tag in at least one of its patches.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::series; }
  [[nodiscard]] std::span<const Setting> settings() const override {
    return k_fixes_present_settings;
  }
  [[nodiscard]] bool on_by_default() const override { return false; }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;
};

bool contains_any(std::string_view text, const std::vector<std::string>& words) {
  const std::string lower = to_lower(text);
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return lower.find(to_lower(word)) != std::string::npos;
  });
}

CheckOutcome FixesPresent::run(const Context& context) const {
  const SeriesView& series = *context.series;
  Report report(*this, context);
  const auto exempt = words_setting(*this, context, "exempt-trees");
  // The tree it was placed on decides; the author's tags speak where it was not placed.
  const bool exempt_tree =
      series.tree.empty()
          ? std::any_of(series.tags.begin(), series.tags.end(),
                        [&](const std::string& tag) { return contains_any(tag, exempt); })
          : contains_any(series.tree, exempt) ||
                std::any_of(series.tree_tags.begin(), series.tree_tags.end(),
                            [&](const std::string& tag) { return contains_any(tag, exempt); });
  if (exempt_tree) {
    return report.finish("a Fixes: tag is not needed for this tree");
  }
  for (const PatchView& patch : series.patches) {
    if (!tag_lines(split_lines(patch.text.body), "Fixes").empty()) {
      return report.finish("a Fixes: tag is present");
    }
  }
  const auto paths = words_setting(*this, context, "exempt-paths");
  bool any_file = false;
  bool all_exempt = true;
  for (const PatchView& patch : series.patches) {
    for (const mail::FileDiff& file : patch.files) {
      any_file = true;
      all_exempt = all_exempt && std::any_of(paths.begin(), paths.end(), [&](const std::string& p) {
                     return file.path().starts_with(p);
                   });
    }
  }
  if (any_file && all_exempt) {
    return report.finish("no Fixes: tag, but the series touches no code");
  }
  report.error("missing", "the tree takes fixes, but no patch carries a Fixes: tag");
  return report.finish({});
}

}  // namespace

std::unique_ptr<Check> make_fixes_present() {
  return std::make_unique<FixesPresent>();
}

}  // namespace patchmill::checks
