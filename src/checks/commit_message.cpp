// What stands between the subject and the diff.

#include "checks/message_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::array k_commit_message_settings = {
    Setting{.name = "max-line",
            .type = SettingType::number,
            .default_value = "75",
            .meaning = "Longest line in characters; 0 for any."},
    Setting{.name = "require-body",
            .type = SettingType::flag,
            .default_value = "true",
            .meaning = "Whether a message of tags alone gets a warning."},
};

// Lines that lose by wrapping: tags, quotations, links, indented code and logs, single words.
bool may_be_long(std::string_view line) {
  const char first = line.front();
  if (first == ' ' || first == '\t' || first == '>' || first == '|' || first == '$' ||
      first == '#' || first == '+' || first == '-' || first == '@') {
    return true;
  }
  if (first == '[' && line.size() > 1 && (line[1] == ' ' || (line[1] >= '0' && line[1] <= '9'))) {
    return true;  // "[   12.345678] BUG: …", "[1] https://…"
  }
  return line.find("://") != std::string_view::npos || trailer_key(line).has_value() ||
         trim(line).find(' ') == std::string_view::npos;
}

// "Change-Id: I" and 40 hexadecimal digits: Gerrit's, of no use outside it.
bool is_gerrit_id(std::string_view value) {
  return value.size() >= 9 && (value.front() == 'I' || value.front() == 'i') &&
         std::all_of(value.begin() + 1, value.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool is_placeholder(std::string_view line) {
  return line.find("*** BLURB HERE ***") != std::string_view::npos ||
         line.find("*** SUBJECT HERE ***") != std::string_view::npos || line.starts_with("EDITME:");
}

class CommitMessage final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "commit-message"; }
  [[nodiscard]] std::string_view description() const override {
    return "The message says why, in lines of at most 75 characters, without leftovers of tools.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override {
    return k_commit_message_settings;
  }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;
};

CheckOutcome CommitMessage::run(const Context& context) const {
  Report report(*this, context);
  const auto lines = split_lines(context.patch->text.body);
  const auto longest = number_setting(*this, context, "max-line");

  bool has_prose = false;
  std::size_t too_long = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    if (trim(line).empty()) {
      continue;
    }
    if (is_placeholder(line)) {
      report.error("placeholder",
                   fmt::format("line {} is still the placeholder of the template", i + 1));
      continue;
    }
    has_prose = has_prose || !trailer_key(line);
    if (longest > 0 && line.size() > longest && count_characters(line) > longest &&
        !may_be_long(line)) {
      ++too_long;
      if (too_long <= 5) {
        report.warning("long-line",
                       fmt::format("line {} of the message has {} characters, more "
                                   "than {}: '{}'",
                                   i + 1, count_characters(line), longest, ellipsize(line, 60)));
      }
    }
  }
  if (too_long > 5) {
    report.warning("long-line",
                   fmt::format("{} more lines of the message are too long", too_long - 5));
  }
  for (const TagLine& tag : tag_lines(lines, "Change-Id")) {
    if (is_gerrit_id(tag.value)) {
      report.error("gerrit-change-id", "remove Gerrit's 'Change-Id:' before sending");
    }
  }
  if (!has_prose && flag_setting(*this, context, "require-body")) {
    report.warning("empty", "the message does not say why the change is made");
  }
  return report.finish("the message is well formed");
}

}  // namespace

std::unique_ptr<Check> make_commit_message() {
  return std::make_unique<CommitMessage>();
}

}  // namespace patchmill::checks
