#include "checks/deprecated_api.hpp"

#include "checks/c_code.hpp"
#include "checks/code_changes.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "util/ascii.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace patchmill::checks {
namespace {

constexpr std::string_view k_table =
#include "checks/data/deprecated_api.txt"
    ;

constexpr std::array k_deprecated_api_settings = {
    Setting{.name = "table",
            .type = SettingType::path,
            .default_value = "",
            .meaning = "A file with rules to use instead of the built-in ones."},
};

constexpr std::size_t k_largest_table = 1u << 20;

std::string_view trim_table_line(std::string_view line) {
  line = trim(line);
  // The marks that let the built-in table be compiled in.
  return line == "R\"table(" || line == ")table\"" ? std::string_view() : line;
}

class DeprecatedApi final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "deprecated-api"; }
  [[nodiscard]] std::string_view description() const override {
    return "A patch does not add uses of interfaces that a table lists as deprecated.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override {
    return k_deprecated_api_settings;
  }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;
};

struct Use {
  std::string file;
  int line = 0;
};

struct Tally {
  std::size_t before = 0, now = 0;
  std::vector<Use> added;
};

// Which rules a text can concern at all, in one pass for all of them: most patches have none.
class Finder {
 public:
  explicit Finder(const std::vector<DeprecatedRule>& rules) : m_rules(rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      m_by_first[static_cast<unsigned char>(ascii_lower(rules[i].pattern.front()))].push_back(i);
    }
  }
  [[nodiscard]] std::vector<std::size_t> present_in(std::string_view text) const {
    std::vector<bool> present(m_rules.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (const std::size_t i : m_by_first[static_cast<unsigned char>(ascii_lower(text[at]))]) {
        const std::string& pattern = m_rules[i].pattern;
        if (!present[i] && iequals(text.substr(at, pattern.size()), pattern)) {
          present[i] = true;
        }
      }
    }
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < present.size(); ++i) {
      if (present[i]) {
        found.push_back(i);
      }
    }
    return found;
  }

 private:
  const std::vector<DeprecatedRule>& m_rules;
  std::array<std::vector<std::size_t>, 256> m_by_first;
};

// One pass over the diff for all rules.
std::vector<Tally> count_uses(const Context& context, const std::vector<DeprecatedRule>& rules) {
  std::vector<Tally> tallies(rules.size());
  const Finder finder(rules);
  for (const mail::FileDiff& file : context.patch->files) {
    if (file.binary) {
      continue;
    }
    std::vector<std::size_t> applying = finder.present_in(file.text);
    std::erase_if(applying, [&](std::size_t i) {
      const auto& paths = rules[i].paths;
      return std::none_of(paths.begin(), paths.end(),
                          [&](const std::string& glob) { return glob_match(glob, file.path()); });
    });
    if (applying.empty()) {
      continue;
    }
    for_each_change(context, file,
                    [&](char marker, int line, std::string_view code, std::string_view) {
                      for (const std::size_t i : applying) {
                        // Lines are counted, not uses, as grep -c does.
                        if (count_pattern(code, rules[i].pattern) == 0) {
                          continue;
                        }
                        if (marker == '+') {
                          ++tallies[i].now;
                          tallies[i].added.push_back({file.path(), line});
                        } else {
                          ++tallies[i].before;
                        }
                      }
                    });
  }
  return tallies;
}

CheckOutcome DeprecatedApi::run(const Context& context) const {
  Report report(*this, context);
  std::vector<DeprecatedRule> own;
  const std::string table = setting(*this, context, "table");
  if (!table.empty()) {
    const auto text = read_file(table, k_largest_table);
    if (!text) {
      return incomplete(fmt::format("the table of deprecated interfaces {} cannot be read: {}",
                                    table, text.error().message));
    }
    auto rules = parse_deprecated_rules(*text);
    if (!rules) {
      return incomplete(fmt::format("{}: {}", table, rules.error().message));
    }
    own = std::move(*rules);
  }
  const auto& rules = table.empty() ? built_in_deprecated_rules() : own;
  const auto tallies = count_uses(context, rules);
  std::string counts;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const DeprecatedRule& rule = rules[i];
    const Tally& tally = tallies[i];
    if (tally.before + tally.now == 0) {
      continue;
    }
    counts += fmt::format("{}'{}' was: {} now: {}", counts.empty() ? "" : "; ", rule.pattern,
                          tally.before, tally.now);
    const bool more = tally.now > tally.before;
    // Where as many went as came, a line was moved or edited: only errors are worth a word.
    if (tally.now == 0 || (!more && !rule.is_error)) {
      continue;
    }
    for (const Use& use : tally.added) {
      const std::string message = fmt::format("'{}' is deprecated: {}", rule.pattern, rule.advice);
      if (rule.is_error && more) {
        report.error(rule.pattern, message, {.file = use.file, .line = use.line});
      } else {
        report.warning(rule.pattern, message, {.file = use.file, .line = use.line});
      }
    }
  }
  return report.finish_with(counts.empty() ? "no deprecated interfaces" : counts);
}

}  // namespace

Result<std::vector<DeprecatedRule>> parse_deprecated_rules(std::string_view text) {
  std::vector<DeprecatedRule> rules;
  std::size_t number = 0;
  for (const std::string_view raw : split_lines(text)) {
    ++number;
    const std::string_view line = trim_table_line(raw);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const auto fields = split(line, '|');
    if (fields.size() != 4) {
      return fail(
          ErrorKind::invalid,
          fmt::format("line {}: 'severity | pattern | paths | advice' is expected", number));
    }
    const std::string_view severity = trim(fields[0]);
    DeprecatedRule rule = {.is_error = severity == "error",
                           .pattern = std::string(trim(fields[1])),
                           .paths = {},
                           .advice = std::string(trim(fields[3]))};
    if (severity != "error" && severity != "warning") {
      return fail(ErrorKind::invalid,
                  fmt::format("line {}: the severity is error or warning, not '{}'", number,
                              ellipsize(severity, 40)));
    }
    for (const std::string_view path : split(trim(fields[2]), ' ')) {
      if (!trim(path).empty()) {
        rule.paths.emplace_back(trim(path));
      }
    }
    if (rule.pattern.empty() || rule.paths.empty()) {
      return fail(ErrorKind::invalid,
                  fmt::format("line {}: a pattern and paths ('*' for all) are needed", number));
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

const std::vector<DeprecatedRule>& built_in_deprecated_rules() {
  static const std::vector<DeprecatedRule> rules = [] {
    auto parsed = parse_deprecated_rules(k_table);
    if (!parsed) {
      throw std::logic_error("deprecated_api.txt: " + parsed.error().message);
    }
    return std::move(*parsed);
  }();
  return rules;
}

std::unique_ptr<Check> make_deprecated_api() {
  return std::make_unique<DeprecatedApi>();
}

}  // namespace patchmill::checks
