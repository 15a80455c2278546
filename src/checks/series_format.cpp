// How a series is put together: cover letter, size, numbers, the tree it names.

#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace patchmill::checks {
namespace {

constexpr std::array k_series_format_settings = {
    Setting{.name = "cover-from",
            .type = SettingType::number,
            .default_value = "3",
            .meaning = "Series of this many patches or more need a cover letter; 0: never."},
    Setting{.name = "max-patches",
            .type = SettingType::number,
            .default_value = "15",
            .meaning = "Most patches in a series; 0: any number."},
    Setting{.name = "tree-tag",
            .type = SettingType::flag,
            .default_value = "true",
            .meaning = "Whether a tree with subject tags expects one of them in the subject."},
};

bool cover_says_nothing(const mail::Message& cover) {
  // A blurb is a line of prose: not the shortlog and diffstat that format-patch fills in.
  for (const std::string_view line : split_lines(cover.text)) {
    const std::string_view text = trim(line);
    if (text.empty()) {
      continue;
    }
    return text.ends_with("):") || text.find(" | ") != std::string_view::npos ||
           text.starts_with("base-commit:");
  }
  return true;
}

std::string join_numbers(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size() && i < 10; ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", numbers[i]);
  }
  return numbers.size() > 10 ? text + ", …" : text;
}

class SeriesFormat final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "series-format"; }
  [[nodiscard]] std::string_view description() const override {
    return "A series is of reviewable size, whole, introduced by a cover letter and names its "
           "tree.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::series; }
  [[nodiscard]] std::span<const Setting> settings() const override {
    return k_series_format_settings;
  }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  void check_cover(const Context& context, Report& report) const;
  void check_numbers(const SeriesView& series, Report& report) const;
};

void SeriesFormat::check_cover(const Context& context, Report& report) const {
  const SeriesView& series = *context.series;
  if (series.cover == nullptr) {
    const auto from = number_setting(*this, context, "cover-from");
    // A pull request is its own cover letter.
    if (!series.pull_request && from > 0 && series.patches.size() >= from) {
      report.warning("cover", "the series does not have a cover letter");
    }
    return;
  }
  const bool placeholder =
      series.cover->text.find("*** BLURB HERE ***") != std::string::npos ||
      series.cover->subject.find("*** SUBJECT HERE ***") != std::string::npos ||
      series.cover->text.find("EDITME:") != std::string::npos ||
      series.cover->subject.find("EDITME:") != std::string::npos;
  if (placeholder) {
    report.error("blurb", "the cover letter is still the placeholder of the template");
  } else if (cover_says_nothing(*series.cover)) {
    report.warning("blurb", "the cover letter does not say what the series is for");
  }
}

void SeriesFormat::check_numbers(const SeriesView& series, Report& report) const {
  std::set<int> seen;
  std::vector<int> twice;
  for (const PatchView& patch : series.patches) {
    if (!seen.insert(patch.number).second) {
      twice.push_back(patch.number);
    }
  }
  if (!twice.empty()) {
    report.warning("numbers", fmt::format("patch {} came more than once", join_numbers(twice)));
  }
  std::vector<int> missing;
  // The total is the author's word and may be anything.
  const int last = std::min(series.total, 1000);
  for (int number = 1; number <= last; ++number) {
    if (!seen.contains(number)) {
      missing.push_back(number);
    }
  }
  if (!missing.empty() && !series.pull_request) {
    report.warning("numbers",
                   fmt::format("of {} these are missing: {}",
                               count_of(series.total, "patch", "patches"), join_numbers(missing)));
  }
  if (!seen.empty() && *seen.rbegin() > series.total) {
    report.warning("numbers",
                   fmt::format("patch {} is beyond the total of {}", *seen.rbegin(), series.total));
  }
}

CheckOutcome SeriesFormat::run(const Context& context) const {
  const SeriesView& series = *context.series;
  Report report(*this, context);
  check_cover(context, report);

  const auto most = number_setting(*this, context, "max-patches");
  if (most > 0 && series.patches.size() > most) {
    const std::string text = fmt::format("the series is longer than {} patches", most);
    if (series.pull_request) {
      report.warning("count", text + " (pull request)");
    } else {
      report.error("count", series.cover == nullptr ? text + " and has no cover letter" : text);
    }
  }
  check_numbers(series, report);

  const bool tagged = std::any_of(series.tags.begin(), series.tags.end(), [&](const auto& tag) {
    return std::any_of(series.tree_tags.begin(), series.tree_tags.end(),
                       [&](const auto& expected) { return iequals(tag, expected); });
  });
  if (!series.tree_tags.empty() && !tagged && flag_setting(*this, context, "tree-tag")) {
    report.warning("tree-tag", fmt::format("the subject does not name the target tree; write "
                                           "[PATCH {}]",
                                           series.tree_tags.front()));
  }
  return report.finish("the posting is formatted correctly");
}

}  // namespace

std::unique_ptr<Check> make_series_format() {
  return std::make_unique<SeriesFormat>();
}

}  // namespace patchmill::checks
