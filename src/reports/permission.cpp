#include "reports/permission.hpp"

#include "mail/header_encode.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

bool matches_one(const std::vector<std::string>& patterns, std::string_view text) {
  const std::string lower = to_lower(text);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return glob_match(to_lower(pattern), lower);
  });
}

bool matches_any(const std::vector<std::string>& patterns, const std::vector<std::string>& texts) {
  return patterns.empty() || std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
           return matches_one(patterns, text);
         });
}

}  // namespace

std::string name_of(const Rule& rule) {
  return rule.name.empty() ? "a rule" : fmt::format("rule '{}'", rule.name);
}

bool speaks_of(const Rule& rule, const Subject& subject) {
  const auto& classes = rule.match.classes;
  return classes.empty() ||
         (subject.check_class &&
          std::find(classes.begin(), classes.end(), *subject.check_class) != classes.end());
}
bool speaks_to(const Rule& rule, const mail::Address& person) {
  return rule.match.people.empty() || matches_one(rule.match.people, person.email);
}

Permissions::Permissions(const Policy& policy, const Report& report, const People& people,
                         const History& history)
    : m_policy(policy), m_people(people), m_history(history) {
  std::vector<std::string> authors = {report.submitter.email};
  for (const auto& author : people.authors) {
    authors.push_back(author.email);
  }
  const std::vector<std::string> project = {report.project}, tree = {report.tree};
  for (const Rule& rule : policy.rules) {
    const Match& match = rule.match;
    if (matches_any(match.projects, project) && matches_any(match.lists, report.lists) &&
        matches_any(match.trees, tree) && matches_any(match.tags, history.subject_tags) &&
        matches_any(match.authors, authors)) {
      m_rules.push_back(&rule);
    }
  }
}

std::vector<mail::Address> Permissions::addresses_of(const RecipientSpec& spec) const {
  switch (spec.role) {
    case Role::author:
      return m_people.authors.empty() ? std::vector{m_people.submitter} : m_people.authors;
    case Role::submitter:
      return {m_people.submitter};
    case Role::signer:
      if (!m_people.signers.empty()) {
        return m_people.signers;
      }
      return m_people.authors.empty() ? std::vector{m_people.submitter} : m_people.authors;
    case Role::maintainers:
      return m_people.maintainers;
    case Role::list:
      return m_people.lists;
    case Role::thread:
      return m_people.thread;
    case Role::fixed:
      break;
  }
  return {spec.address};
}

std::optional<std::string> Permissions::refusal_of(const RecipientDecision& recipient) const {
  const std::string& email = recipient.address.email;
  if (!mail::is_plain_address(email)) {
    return "no address that can be mailed to";
  }
  if (matches_one(m_history.own_addresses, email)) {
    return "that is ourselves";
  }
  if (matches_one(m_policy.robots, email)) {
    return "a robot's or no-reply address";
  }
  if (const auto it = m_history.opted_out.find(to_lower(email)); it != m_history.opted_out.end()) {
    return it->second.empty() ? "asked for no mail" : "asked for no mail: " + it->second;
  }
  const bool by_their_word = recipient.role == Role::author || recipient.role == Role::signer;
  const bool present =
      std::any_of(m_people.present.begin(), m_people.present.end(),
                  [&](const std::string& other) { return mail::same_email(other, email); });
  if (by_their_word && !present && !m_policy.strangers) {
    return "is named in the patch only, not in the mails' From, To or Cc (see 'strangers')";
  }
  std::optional<int> lowest;  // of the rules; the standard is for where none says anything
  for (const Rule* rule : m_rules) {
    if (rule->per_person_day && speaks_to(*rule, recipient.address)) {
      lowest = std::min(lowest.value_or(*rule->per_person_day), *rule->per_person_day);
    }
    if (!speaks_to(*rule, recipient.address)) {
      continue;
    }
    if (matches_one(rule->deny, email)) {
      return fmt::format("denied by {}", name_of(*rule));
    }
    if (!rule->allow.empty() && !matches_one(rule->allow, email)) {
      return fmt::format("not among those {} allows", name_of(*rule));
    }
  }
  const int limit = lowest.value_or(m_policy.standard_per_person_day);
  const auto sent = m_history.mails_to_person.find(to_lower(email));
  if (sent != m_history.mails_to_person.end() && sent->second >= limit) {
    return fmt::format("has had {} within 24 hours, the limit is {}",
                       count_of(sent->second, "mail"), limit);
  }
  return std::nullopt;
}

bool Permissions::names(const std::optional<std::vector<RecipientSpec>>& specs,
                        const mail::Address& person) const {
  for (const auto& spec : specs.value_or(std::vector<RecipientSpec>{})) {
    for (const auto& address : addresses_of(spec)) {
      if (mail::same_email(address.email, person.email)) {
        return true;
      }
    }
  }
  return false;
}

Permission Permissions::permission(const Subject& subject, const mail::Address& person) const {
  Permission result;
  bool verdict_named = false;
  const auto verdict = findings::to_string(subject.verdict);
  const std::string what = subject.check_class
                               ? fmt::format("{} of {}", verdict, to_string(*subject.check_class))
                               : fmt::format("the verdict {}", verdict);
  for (const Rule* rule : m_rules) {
    if (!speaks_of(*rule, subject) || !speaks_to(*rule, person)) {
      continue;
    }
    if (rule->mail == false) {
      return {false, false, fmt::format("{} mails nothing", name_of(*rule))};
    }
    if (rule->verdicts) {
      verdict_named = true;
      if (!rule->verdicts->contains(subject.verdict)) {
        return {false, false, fmt::format("{} does not mail {}", name_of(*rule), what)};
      }
    }
    if (rule->to || rule->cc) {
      const bool in_to = names(rule->to, person), in_cc = names(rule->cc, person);
      if (!in_to && !in_cc) {
        return {false, false, fmt::format("{} names others only", name_of(*rule))};
      }
      result.granted = true;
      result.cc = result.cc || !in_to;
      result.reason += (result.reason.empty() ? "named by " : ", ") + name_of(*rule);
    }
  }
  if (!result.granted) {
    return {false, false, fmt::format("no rule names them for {}", what)};
  }
  if (!verdict_named && !m_policy.standard_verdicts.contains(subject.verdict)) {
    return {false, false, fmt::format("{} is not mailed unless a rule says so", what)};
  }
  return result;
}

}  // namespace patchmill::reports
