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

constexpr std::array<std::string_view, 6> k_summaries = {
    "create mode ", "delete mode ", "mode change ", "rename ", "copy ", "rewrite "};

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_indented(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

// "Ann Author (3):", as git shortlog heads what one author wrote.
bool is_shortlog_header(std::string_view line) {
  const std::size_t open = line.rfind(" (");
  return !is_indented(line) && line.ends_with("):") && open != std::string_view::npos && open > 0 &&
         all_digits(line.substr(open + 2, line.size() - open - 4));
}

// " a.c | 3 +-", " b.bin | Bin 0 -> 5 bytes", " 2 files changed, 3 insertions(+)" and the summary
// " create mode 100644 a.c", as git diff --stat --summary indents them.
bool is_diffstat(std::string_view line) {
  if (!line.starts_with(' ')) {
    return false;
  }
  const std::size_t bar = line.rfind(" | ");
  if (bar != std::string_view::npos) {
    const std::string_view count = trim(line.substr(bar + 3));
    return count.starts_with("Bin") || count.starts_with("Unmerged") ||
           all_digits(count.substr(0, count.find(' ')));
  }
  const std::string_view text = trim(line);
  const std::size_t space = text.find(' ');
  if (all_digits(text.substr(0, space)) && space != std::string_view::npos) {
    const std::string_view rest = text.substr(space + 1);
    return rest.starts_with("file changed") || rest.starts_with("files changed");
  }
  return std::any_of(k_summaries.begin(), k_summaries.end(),
                     [&](std::string_view word) { return text.starts_with(word); });
}

// A blurb is a line of prose: not the shortlog and diffstat that format-patch fills in.
bool cover_says_nothing(const mail::Message& cover) {
  bool in_shortlog = false;
  for (const std::string_view raw : split_lines(cover.text)) {
    const std::string_view line = trim_end(raw);
    if (line.empty()) {
      in_shortlog = false;
      continue;
    }
    // A mail's signature says which git made it.
    if (line == "--") {
      return true;
    }
    if (is_shortlog_header(line)) {
      in_shortlog = true;
    } else if (!(in_shortlog && is_indented(line)) && !is_diffstat(line) && line != "---" &&
               !line.starts_with("base-commit:") && !line.starts_with("prerequisite-patch-id:") &&
               !line.starts_with("change-id:")) {
      return false;
    }
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
