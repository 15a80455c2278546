// "subsystem: summary phrase", as Documentation/process/submitting-patches of Linux asks for and
// most projects that work by mail do.

#include "checks/diff_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "mail/subject.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::array k_subject_form_settings = {
    Setting{.name = "max-length",
            .type = SettingType::number,
            .default_value = "75",
            .meaning = "Longest subject in characters, without the bracketed prefix."},
    Setting{.name = "prefix",
            .type = SettingType::flag,
            .default_value = "true",
            .meaning = "Whether a 'subsystem: ' prefix is asked for."},
};

// Where the summary starts after "subsystem: "; npos: no such prefix.
std::size_t summary_start(std::string_view title) {
  const std::size_t colon = title.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 >= title.size() ||
      title[colon + 1] != ' ') {
    return std::string_view::npos;
  }
  // A colon far into a sentence ends no prefix.
  const std::string_view prefix = title.substr(0, colon);
  return std::count(prefix.begin(), prefix.end(), ' ') > 3 ? std::string_view::npos : colon + 2;
}

bool is_revert(std::string_view title) {
  return istarts_with(title, "Revert \"") || istarts_with(title, "Reapply \"") ||
         istarts_with(title, "Merge ");
}

// What git commit --fixup and --squash write for git rebase --autosquash; empty: nothing of it.
std::string_view autosquash_mark(std::string_view title) {
  for (const std::string_view mark : {"fixup!", "squash!", "amend!"}) {
    if (title.starts_with(mark) && (title.size() == mark.size() || title[mark.size()] == ' ')) {
      return mark;
    }
  }
  return {};
}

constexpr std::array<std::string_view, 4> k_unfinished_words = {"WIP", "DRAFT", "DO NOT MERGE",
                                                                "DNM"};

// "WIP: x", "(draft) x", "DO NOT MERGE x" begin with such a word; empty: this does not. In small
// letters and without a colon it is a word of the sentence: "Do not merge bios of two queues".
std::string_view unfinished_mark(std::string_view text) {
  const bool in_brackets = text.starts_with('(');
  const std::string_view inside = text.substr(in_brackets ? 1 : 0);
  for (const std::string_view word : k_unfinished_words) {
    if (!istarts_with(inside, word)) {
      continue;
    }
    const std::string_view after = inside.substr(word.size());
    const bool ends = in_brackets ? after.starts_with(')')
                                  : after.empty() || after.front() == ':' || after.front() == '!' ||
                                        (after.front() == ' ' && inside.starts_with(word));
    if (ends) {
      return word;
    }
  }
  return {};
}

// The same in the brackets before the title, which do not become part of the commit.
std::string_view unfinished_prefix(std::string_view subject) {
  const std::string words = " " + join(mail::parse_subject(subject).prefixes, " ") + " ";
  for (const std::string_view word : k_unfinished_words) {
    if (to_lower(words).find(to_lower(fmt::format(" {} ", word))) != std::string::npos) {
      return word;
    }
  }
  return {};
}

// The whole summary is the name of a file this patch touches, or of any file.
bool is_file_name(std::string_view summary, const std::vector<mail::FileDiff>& files) {
  if (summary.find(' ') != std::string_view::npos) {
    return false;
  }
  return std::any_of(files.begin(), files.end(), [&](const mail::FileDiff& file) {
    return summary == file.path() || summary == base_name(file.path());
  });
}

class SubjectForm final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "subject-form"; }
  [[nodiscard]] std::string_view description() const override {
    return "The subject reads 'subsystem: what the patch does', short and without a full stop.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override {
    return k_subject_form_settings;
  }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;
};

CheckOutcome SubjectForm::run(const Context& context) const {
  const PatchView& patch = *context.patch;
  const std::string_view title = trim(patch.text.title);
  Report report(*this, context);
  if (title.empty()) {
    report.error("empty", "the subject says nothing; write 'subsystem: what the patch does'");
    return report.finish({});
  }
  if (title.front() == '[') {
    report.error("bracket",
                 fmt::format("'{}' is left over in brackets and would become part of the commit's "
                             "title; git am cuts only prefixes at the very front",
                             ellipsize(title.substr(0, title.find(']') + 1), 60)));
  }
  if (title.find("*** SUBJECT HERE ***") != std::string_view::npos ||
      istarts_with(title, "EDITME")) {
    report.error("placeholder", "the subject is still the placeholder of the template");
  }

  if (const std::string_view mark = autosquash_mark(title); !mark.empty()) {
    report.error(
        "autosquash",
        fmt::format("'{}' is meant for git rebase --autosquash, which puts this change into "
                    "the commit it names; do that before sending",
                    mark));
  }

  const std::size_t start = summary_start(title);
  std::string_view summary = title;
  if (start != std::string_view::npos) {
    summary = trim(title.substr(start));
    if (summary.empty()) {
      report.error("empty", "nothing follows the prefix in the subject");
    }
  } else if (flag_setting(*this, context, "prefix") && !is_revert(title) && title.front() != '[') {
    report.warning("prefix", fmt::format("the subject has no 'subsystem: ' prefix: '{}'",
                                         ellipsize(title, 100)));
  }
  std::string_view unfinished = unfinished_mark(title);
  if (unfinished.empty()) {
    unfinished = unfinished_mark(summary);
  }
  if (unfinished.empty() && patch.message != nullptr) {
    unfinished = unfinished_prefix(patch.message->subject);
  }
  if (!unfinished.empty()) {
    report.warning("unfinished",
                   fmt::format("the subject says '{}'; what is to be read but not applied is sent "
                               "as [RFC PATCH]",
                               unfinished));
  }
  // With several prefixes ("net: foo: bar.c") the last piece is what is said.
  const std::size_t last = summary.rfind(": ");
  const std::string_view said = last == std::string_view::npos ? summary : summary.substr(last + 2);
  if (is_file_name(said, patch.files)) {
    report.warning("only-file-name", "the subject names a file, not what the patch does to it");
  } else if (iequals(said, "fix") || iequals(said, "update") || iequals(said, "cleanup") ||
             iequals(said, "changes")) {
    report.warning("says-nothing",
                   fmt::format("'{}' alone does not say what the patch does", said));
  }

  const auto longest = number_setting(*this, context, "max-length");
  const std::size_t length = count_characters(title);
  if (longest > 0 && length > longest && !is_revert(title)) {
    report.warning("length",
                   fmt::format("the subject has {} characters, more than {}", length, longest));
  }
  if (title.back() == '.' && !title.ends_with("...")) {
    report.warning("full-stop", "the subject ends with a full stop");
  }
  return report.finish("the subject is well formed");
}

}  // namespace

std::unique_ptr<Check> make_subject_form() {
  return std::make_unique<SubjectForm>();
}

}  // namespace patchmill::checks
