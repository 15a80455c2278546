#include "mail/header_encode.hpp"
#include "reports/policy.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

using findings::Verdict;

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

std::string name_of(const Rule& rule) {
  return rule.name.empty() ? "a rule" : fmt::format("rule '{}'", rule.name);
}

std::string duration_text(std::chrono::seconds seconds) {
  const auto count = seconds.count();
  return count % 3600 == 0 ? fmt::format("{} h", count / 3600) : fmt::format("{} min", count / 60);
}

// A mail may be about single entries or, when everything passed, about the whole.
struct Subject {
  std::optional<CheckClass> check_class;  // empty: the whole
  Verdict verdict = Verdict::incomplete;
};

class Decider {
 public:
  Decider(const Policy& policy, const Report& report, const People& people, const History& history,
          Timestamp now)
      : m_policy(policy), m_report(report), m_people(people), m_history(history), m_now(now) {}

  Decision run() {
    m_decision.not_before = m_now;
    m_decision.entries.resize(m_report.entries.size(), {false, "nothing is mailed"});
    if (const auto why = reason_for_silence()) {
      m_decision.reasons.push_back(*why);
      return std::move(m_decision);
    }
    find_rules();
    if (m_rules.empty()) {
      m_decision.reasons.emplace_back("no mail rule matches this series");
      return std::move(m_decision);
    }
    find_candidates();
    choose();
    return std::move(m_decision);
  }

 private:
  [[nodiscard]] std::optional<std::string> reason_for_silence() const {
    if (m_policy.rules.empty()) {
      return "no mail is configured";
    }
    if (m_report.verdict == Verdict::incomplete) {
      return "the verdict is incomplete: our own trouble is never mailed";
    }
    if (m_report.verdict == Verdict::skip) {
      return "nothing was tested: " + m_report.reason;
    }
    if (m_report.is_rfc && !m_policy.rfc) {
      return "the series is marked RFC";
    }
    if (!m_history.do_not_answer.empty()) {
      return "loop protection: " + m_history.do_not_answer;
    }
    if (m_history.mails_of_revision > 0) {
      if (!m_policy.follow_up) {
        return "this revision has had its mail";
      }
      const bool failed_before = m_history.last_verdict == Verdict::fail;
      const bool fails_now = m_report.verdict == Verdict::fail;
      if (failed_before == fails_now) {
        return "this revision has had its mail, and the verdict has not turned";
      }
    }
    return std::nullopt;
  }

  void find_rules() {
    std::vector<std::string> authors = {m_report.submitter.email};
    for (const auto& author : m_people.authors) {
      authors.push_back(author.email);
    }
    const std::vector<std::string> project = {m_report.project}, tree = {m_report.tree};
    for (const Rule& rule : m_policy.rules) {
      const Match& match = rule.match;
      if (matches_any(match.projects, project) && matches_any(match.lists, m_report.lists) &&
          matches_any(match.trees, tree) && matches_any(match.tags, m_history.subject_tags) &&
          matches_any(match.authors, authors)) {
        m_rules.push_back(&rule);
      }
    }
  }

  static bool speaks_of(const Rule& rule, const Subject& subject) {
    const auto& classes = rule.match.classes;
    return classes.empty() ||
           (subject.check_class &&
            std::find(classes.begin(), classes.end(), *subject.check_class) != classes.end());
  }
  static bool speaks_to(const Rule& rule, const mail::Address& person) {
    return rule.match.people.empty() || matches_one(rule.match.people, person.email);
  }

  // Everybody some rule names, each once, in the order of the rules. The role is the first.
  void find_candidates() {
    for (const Rule* rule : m_rules) {
      for (const auto* specs : {&rule->to, &rule->cc}) {
        for (const auto& spec : specs->value_or(std::vector<RecipientSpec>{})) {
          for (const auto& address : addresses_of(spec)) {
            add_candidate(address, spec.role);
          }
        }
      }
    }
  }

  [[nodiscard]] std::vector<mail::Address> addresses_of(const RecipientSpec& spec) const {
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

  void add_candidate(const mail::Address& address, Role role) {
    for (const auto& known : m_decision.recipients) {
      if (mail::same_email(known.address.email, address.email)) {
        return;
      }
    }
    if (m_decision.recipients.size() < 200) {
      m_decision.recipients.push_back({address, role, false, false, std::nullopt, ""});
    }
  }

  // Why this person gets no mail at all, whatever it is about.
  [[nodiscard]] std::optional<std::string> refusal_of(const RecipientDecision& recipient) const {
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
    if (const auto it = m_history.opted_out.find(to_lower(email));
        it != m_history.opted_out.end()) {
      return it->second.empty() ? "asked for no mail" : "asked for no mail: " + it->second;
    }
    const bool by_their_word = recipient.role == Role::author || recipient.role == Role::signer;
    const bool present =
        std::any_of(m_people.present.begin(), m_people.present.end(),
                    [&](const std::string& other) { return mail::same_email(other, email); });
    if (by_their_word && !present && !m_policy.strangers) {
      return "is named in the patch only, not in the mails' From, To or Cc (see 'strangers')";
    }
    int limit = m_policy.standard_per_person_day;
    for (const Rule* rule : m_rules) {
      if (rule->per_person_day && speaks_to(*rule, recipient.address)) {
        limit = std::min(limit, *rule->per_person_day);
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
    const auto sent = m_history.mails_to_person.find(to_lower(email));
    if (sent != m_history.mails_to_person.end() && sent->second >= limit) {
      return fmt::format("has had {} mails within 24 hours, the limit is {}", sent->second, limit);
    }
    return std::nullopt;
  }

  struct Permission {
    bool granted = false;
    bool cc = false;
    std::string reason;
  };

  [[nodiscard]] bool names(const std::optional<std::vector<RecipientSpec>>& specs,
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

  // May this person be told this?
  [[nodiscard]] Permission permission(const Subject& subject, const mail::Address& person) const {
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

  [[nodiscard]] std::vector<Subject> subjects() const {
    std::vector<Subject> result;
    for (const auto& entry : m_report.entries) {
      result.push_back({entry.check_class, entry.verdict});
    }
    if (result.empty()) {
      result.push_back({std::nullopt, m_report.verdict});
    }
    return result;
  }

  // The mail is about the worst entry that anybody may hear of, for those who may; what one of
  // them may not hear is left out.
  void choose() {
    const auto all = subjects();
    for (auto& recipient : m_decision.recipients) {
      recipient.reason = refusal_of(recipient).value_or("");
    }
    std::optional<std::size_t> main;
    for (std::size_t i = 0; i < all.size() && !main; ++i) {
      for (auto& recipient : m_decision.recipients) {
        if (recipient.reason.empty() && permission(all[i], recipient.address).granted) {
          main = i;
        }
      }
    }
    for (auto& recipient : m_decision.recipients) {
      if (recipient.reason.empty()) {
        const Permission allowed = permission(all[main.value_or(0)], recipient.address);
        recipient.kept = main.has_value() && allowed.granted;
        recipient.cc = allowed.cc;
        recipient.reason = allowed.reason;
      }
    }
    if (!main) {
      m_decision.reasons.emplace_back(m_decision.recipients.empty() ? "no rule names a recipient"
                                                                    : "nobody is left to mail to");
      return;
    }
    for (std::size_t i = 0; i < m_report.entries.size(); ++i) {
      m_decision.entries[i] = entry_decision(all[i]);
    }
    choose_template(all[*main]);
    choose_time(all[*main]);
  }

  EntryDecision entry_decision(const Subject& subject) const {
    for (const auto& recipient : m_decision.recipients) {
      if (recipient.kept) {
        const Permission allowed = permission(subject, recipient.address);
        if (!allowed.granted) {
          return {false, fmt::format("left out: {} may not hear it ({})", recipient.address.email,
                                     allowed.reason)};
        }
      }
    }
    return {true, "in the mail"};
  }

  void choose_template(const Subject& main) {
    for (const Rule* rule : m_rules) {
      if (!rule->mail_template.empty() && speaks_of(*rule, main)) {
        m_decision.mail_template = rule->mail_template;
      }
    }
  }

  [[nodiscard]] bool speaks_to_kept(const Rule& rule) const {
    return std::any_of(m_decision.recipients.begin(), m_decision.recipients.end(),
                       [&](const RecipientDecision& recipient) {
                         return recipient.kept && !recipient.digest_at &&
                                speaks_to(rule, recipient.address);
                       });
  }

  void choose_time(const Subject& main) {
    for (auto& recipient : m_decision.recipients) {
      if (recipient.kept) {
        choose_digest(recipient, main);
      }
    }
    int per_thread = m_policy.standard_per_thread;
    std::vector<QuietPeriod> quiet;
    std::chrono::seconds delay{0};
    bool anybody = false;
    for (const auto& recipient : m_decision.recipients) {
      anybody = anybody || (recipient.kept && !recipient.digest_at);
    }
    if (!anybody) {
      m_decision.reasons.emplace_back("everybody gets it in a digest");
      return;
    }
    m_decision.send = true;
    for (const Rule* rule : m_rules) {
      if (!speaks_of(*rule, main) || !speaks_to_kept(*rule)) {
        continue;
      }
      quiet.insert(quiet.end(), rule->quiet.begin(), rule->quiet.end());
      delay = std::max(delay, rule->delay.value_or(std::chrono::seconds(0)));
      per_thread = std::min(per_thread, rule->per_thread.value_or(per_thread));
      if (rule->moderate == true && !m_decision.held) {
        m_decision.held = true;
        m_decision.reasons.push_back(
            fmt::format("{} wants a person to release it", name_of(*rule)));
      }
    }
    if (m_history.mails_in_thread >= per_thread) {
      m_decision.send = false;
      m_decision.held = false;
      m_decision.reasons = {fmt::format("the thread has had {} mails of ours, the limit is {}",
                                        m_history.mails_in_thread, per_thread)};
      return;
    }
    if (delay.count() > 0) {
      m_decision.not_before += delay;
      m_decision.reasons.push_back(
          fmt::format("waits {}, so that people can speak first", duration_text(delay)));
    }
    const auto loud = first_loud(quiet, m_decision.not_before);
    if (!loud) {
      m_decision.held = true;
      m_decision.reasons.emplace_back("the quiet periods leave no time; a person must release it");
    } else if (*loud != m_decision.not_before) {
      m_decision.not_before = *loud;
      m_decision.reasons.push_back(
          fmt::format("waits for the end of a quiet period, {} UTC", to_iso(*loud)));
    }
    if (m_decision.reasons.empty()) {
      m_decision.reasons.emplace_back("goes at once");
    }
  }

  void choose_digest(RecipientDecision& recipient, const Subject& main) const {
    std::chrono::seconds longest{0};
    const Rule* by = nullptr;
    std::vector<QuietPeriod> quiet;
    for (const Rule* rule : m_rules) {
      if (!speaks_of(*rule, main) || !speaks_to(*rule, recipient.address)) {
        continue;
      }
      quiet.insert(quiet.end(), rule->quiet.begin(), rule->quiet.end());
      if (rule->digest && *rule->digest > longest) {
        longest = *rule->digest;
        by = rule;
      }
    }
    if (by != nullptr) {
      const Timestamp due = m_now + longest;
      recipient.digest_at = first_loud(quiet, due).value_or(due);
      recipient.reason +=
          fmt::format("; collected for {} by {}", duration_text(longest), name_of(*by));
    }
  }

  const Policy& m_policy;
  const Report& m_report;
  const People& m_people;
  const History& m_history;
  Timestamp m_now;
  std::vector<const Rule*> m_rules;
  Decision m_decision;
};

}  // namespace

Decision decide(const Policy& policy, const Report& report, const People& people,
                const History& history, Timestamp now) {
  return Decider(policy, report, people, history, now).run();
}

}  // namespace patchmill::reports
