// Who gets which mail: the rules of the section `mail`, and the templates they name.

#include "app/config_reader.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

std::optional<std::chrono::minutes> time_of_day(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.size() - colon != 3) {
    return std::nullopt;
  }
  const auto hours = parse_uint(text.substr(0, colon));
  const auto minutes = parse_uint(text.substr(colon + 1));
  if (!hours || !minutes || *minutes > 59 || *hours * 60 + *minutes > 24 * 60 || colon > 2) {
    return std::nullopt;
  }
  return std::chrono::minutes(*hours * 60 + *minutes);
}

std::optional<std::chrono::weekday> weekday_from(std::string_view word) {
  static constexpr std::array<std::string_view, 7> names = {"sun", "mon", "tue", "wed",
                                                            "thu", "fri", "sat"};
  for (unsigned i = 0; i < names.size(); ++i) {
    if (names[i] == word) {
      return std::chrono::weekday(i);
    }
  }
  return std::nullopt;
}

// Of "FILE:LINE: …", or of something said about no place in particular.
ConfigFault template_fault(const fs::path& config, std::string_view line) {
  const auto end = line.find(": ");
  const auto colon = end == std::string_view::npos ? end : line.substr(0, end).rfind(':');
  if (colon != std::string_view::npos) {
    if (const auto number = parse_uint(line.substr(colon + 1, end - colon - 1));
        number && *number < 1'000'000'000) {
      return {std::string(line.substr(0, colon)), static_cast<int>(*number), 0,
              std::string(line.substr(end + 2)), std::string(line)};
    }
  }
  return {config.string(), 0, 0, std::string(line), std::string(line)};
}

// Each scalar of a list, which may also be written as a single word.
template <class F>
void each_word(const YamlValue* list, F&& f) {
  if (list != nullptr && list->kind == YamlValue::Kind::scalar) {
    f(*list);
  } else if (list != nullptr) {
    std::for_each(list->items.begin(), list->items.end(), f);
  }
}

}  // namespace

void ConfigReader::read_policy(Config& config, const YamlValue& section) {
  reports::MailConfig& mail = config.mail;
  reports::Policy& policy = mail.reporter.policy;
  policy.rfc = word(section, "rfc") == "true";
  if (const YamlValue* age = section.find("max-age")) {
    policy.max_age = duration_or_none(*age, "max-age");
  }
  policy.strangers = word(section, "strangers") == "true";
  policy.follow_up = word(section, "follow-up") == "true";
  if (section.find("robots") != nullptr) {
    policy.robots = words(section, "robots");
  }
  const reports::TemplateSet templates = read_templates(mail, section);
  const YamlValue* rules = section.find("rules");
  if (rules == nullptr) {
    return;
  }
  const YamlValue* folder = section.find("templates");
  const bool names_known = folder == nullptr || folder->line != 0;
  bool anybody = false;
  for (const YamlValue& item : rules->items) {
    reports::Rule rule = read_rule(item, policy.rules.size() + 1);
    read_match(rule, item, config);
    if (const YamlValue* named = item.find("template");
        named && names_known && !templates.has(rule.mail_template)) {
      const auto names = templates.names();
      const auto near = nearest_name(rule.mail_template, names);
      fault(*named, fmt::format("there is no template '{}'; {}", escape_terminal(named->scalar),
                                near ? fmt::format("did you mean '{}'?", *near)
                                     : "there are: " + join(names, ", ")));
    }
    anybody = anybody || (rule.to && !rule.to->empty()) || (rule.cc && !rule.cc->empty());
    policy.rules.push_back(std::move(rule));
  }
  if (!policy.rules.empty() && !anybody && !is_doubtful(*rules)) {
    fault(*rules, "no rule names anybody in 'to' or 'cc': nothing would ever be mailed");
  }
}

// The shipped ones where the folder's cannot be used, so that names in rules can be looked at.
reports::TemplateSet ConfigReader::read_templates(reports::MailConfig& mail,
                                                  const YamlValue& section) {
  const YamlValue* folder = section.find("templates");
  if (folder == nullptr) {
    return {};
  }
  if (folder->line == 0) {
    return {};
  }
  mail.templates = path(*folder);
  std::error_code error;
  if (!fs::is_directory(mail.templates, error)) {
    fault(*folder, fmt::format("there is no folder {}", mail.templates.string()));
    return {};
  }
  auto loaded = reports::load_templates(mail);
  if (loaded) {
    return *std::move(loaded);
  }
  // "FILE:LINE: …" of the templates' own files.
  for (const auto line : split_lines(loaded.error().message)) {
    m_faults.push_back(template_fault(m_file, line));
  }
  return {};
}

reports::Rule ConfigReader::read_rule(const YamlValue& item, std::size_t number) {
  reports::Rule rule;
  rule.name = word(item, "name", fmt::format("#{}", number));
  const auto flag = [&](std::string_view key) {
    const YamlValue* value = item.find(key);
    return value != nullptr ? std::optional(value->scalar == "true") : std::nullopt;
  };
  const auto seconds = [&](std::string_view key) -> std::optional<std::chrono::seconds> {
    const YamlValue* value = item.find(key);
    constexpr std::uint64_t most = 30 * 24 * 3600;
    if (value == nullptr) {
      return std::nullopt;
    }
    const auto count = parse_duration_seconds(value->scalar).value_or(0);
    if (count > most) {
      fault(*value, fmt::format("'{}' is longer than 30 days: nobody would remember", key));
    }
    return std::chrono::seconds(std::min(count, most));
  };
  const auto limit = [&](std::string_view key) -> std::optional<int> {
    const YamlValue* value = item.find(key);
    return value != nullptr ? std::optional(static_cast<int>(std::min<std::uint64_t>(
                                  parse_uint(value->scalar).value_or(0), 1'000'000)))
                            : std::nullopt;
  };
  rule.mail = flag("mail");
  rule.moderate = flag("moderate");
  rule.to = read_recipients(item, "to");
  rule.cc = read_recipients(item, "cc");
  if (item.find("verdicts") != nullptr) {
    rule.verdicts.emplace();
    for (const auto verdict :
         {findings::Verdict::fail, findings::Verdict::warning, findings::Verdict::pass}) {
      const auto named = words(item, "verdicts");
      if (std::find(named.begin(), named.end(), findings::to_string(verdict)) != named.end()) {
        rule.verdicts->insert(verdict);
      }
    }
  }
  rule.allow = words(item, "allow");
  rule.deny = words(item, "deny");
  if (const YamlValue* quiet = item.find("quiet")) {
    for (const YamlValue& period : quiet->items) {
      rule.quiet.push_back(read_quiet(period));
    }
  }
  rule.delay = seconds("delay");
  rule.digest = seconds("digest");
  rule.per_thread = limit("per-thread");
  rule.per_person_day = limit("per-person-day");
  rule.mail_template = word(item, "template");
  return rule;
}

std::optional<std::vector<reports::RecipientSpec>> ConfigReader::read_recipients(
    const YamlValue& rule, std::string_view key) {
  const YamlValue* list = rule.find(key);
  if (list == nullptr) {
    return std::nullopt;
  }
  static const std::vector<std::string> roles = {"author",      "submitter", "signer",
                                                 "maintainers", "list",      "thread"};
  std::vector<reports::RecipientSpec> specs;
  each_word(list, [&](const YamlValue& word) {
    const auto role = reports::role_from(word.scalar);
    if (role && *role != reports::Role::fixed) {
      specs.push_back({*role, {}});
    } else if (word.scalar.find('@') != std::string::npos) {
      if (auto address = mail_address(word)) {
        specs.push_back({reports::Role::fixed, *std::move(address)});
      }
    } else {
      const auto near = nearest_name(word.scalar, roles);
      fault(word, fmt::format("'{}' is neither a mail address nor one of: {}{}",
                              escape_terminal(word.scalar), join(roles, ", "),
                              near ? fmt::format("; did you mean '{}'?", *near) : ""));
    }
  });
  return specs;
}

void ConfigReader::read_match(reports::Rule& rule, const YamlValue& item, const Config& config) {
  const YamlValue* match = item.find("match");
  if (match == nullptr) {
    return;
  }
  rule.match.projects = words(*match, "projects");
  rule.match.lists = words(*match, "lists");
  rule.match.trees = words(*match, "trees");
  rule.match.tags = words(*match, "tags");
  rule.match.authors = words(*match, "authors");
  rule.match.people = words(*match, "people");
  for (const auto& name : words(*match, "classes")) {
    rule.match.classes.push_back(*reports::check_class_from(name));
  }
  std::vector<std::string> trees;
  for (const auto& tree : config.trees) {
    trees.push_back(tree.name);
  }
  each_word(match->find("trees"), [&](const YamlValue& pattern) {
    if (std::none_of(trees.begin(), trees.end(), [&](const std::string& tree) {
          // A name that was refused may be the one.
          return tree.empty() || glob_match(to_lower(pattern.scalar), to_lower(tree));
        })) {
      const auto near = nearest_name(pattern.scalar, trees);
      fault(pattern, fmt::format("there is no tree '{}'{}", escape_terminal(pattern.scalar),
                                 near ? fmt::format("; did you mean '{}'?", *near) : ""));
    }
  });
}

reports::QuietPeriod ConfigReader::read_quiet(const YamlValue& item) {
  reports::QuietPeriod period;
  for (const auto& day : words(item, "days")) {
    period.days.push_back(weekday_from(day).value_or(std::chrono::weekday(0)));
  }
  const auto time = [&](std::string_view key, std::chrono::minutes& target) {
    if (const YamlValue* value = item.find(key)) {
      const auto parsed = time_of_day(value->scalar);
      if (!parsed) {
        fault(*value, fmt::format("'{}' takes a time of day like \"22:00\", found '{}'", key,
                                  escape_terminal(value->scalar)));
      }
      target = parsed.value_or(target);
    }
  };
  time("from", period.from);
  time("until", period.until);
  if (const YamlValue* zone = item.find("zone")) {
    period.zone = zone->scalar;
    if (const auto good = reports::check_quiet(period); !good) {
      fault(*zone, good.error().message);
    }
  }
  return period;
}

}  // namespace patchmill::app
