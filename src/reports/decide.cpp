#include "reports/permission.hpp"
#include "reports/policy.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

using findings::Verdict;

std::string duration_text(std::chrono::seconds seconds) {
  const auto count = seconds.count();
  return count % 3600 == 0 ? fmt::format("{} h", count / 3600) : fmt::format("{} min", count / 60);
}

class Decider {
 public:
  Decider(const Policy& policy, const Report& report, const People& people, const History& history,
          Timestamp now)
      : m_policy(policy),
        m_report(report),
        m_history(history),
        m_now(now),
        m_permissions(policy, report, people, history),
        m_rules(m_permissions.rules()) {}

  Decision run() {
    m_decision.not_before = m_now;
    m_decision.entries.resize(m_report.entries.size(), {false, "nothing is mailed"});
    if (const auto why = reason_for_silence()) {
      m_decision.reasons.push_back(*why);
      return std::move(m_decision);
    }
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
    if (m_policy.max_age && m_report.posted != Timestamp{} &&
        m_now - m_report.posted > *m_policy.max_age) {
      return fmt::format("it was posted more than {} ago (see 'max-age')",
                         duration_text(*m_policy.max_age));
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

  // Everybody some rule names, each once, in the order of the rules. The role is the first.
  void find_candidates() {
    for (const Rule* rule : m_rules) {
      for (const auto* specs : {&rule->to, &rule->cc}) {
        for (const auto& spec : specs->value_or(std::vector<RecipientSpec>{})) {
          for (const auto& address : m_permissions.addresses_of(spec)) {
            add_candidate(address, spec.role);
          }
        }
      }
    }
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
      recipient.reason = m_permissions.refusal_of(recipient).value_or("");
    }
    std::optional<std::size_t> main;
    for (std::size_t i = 0; i < all.size() && !main; ++i) {
      for (auto& recipient : m_decision.recipients) {
        if (recipient.reason.empty() &&
            m_permissions.permission(all[i], recipient.address).granted) {
          main = i;
        }
      }
    }
    for (auto& recipient : m_decision.recipients) {
      if (recipient.reason.empty()) {
        const Permission allowed =
            m_permissions.permission(all[main.value_or(0)], recipient.address);
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
    std::vector<Subject> told;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i == *main || m_decision.entries[i].kept) {
        told.push_back(all[i]);
      }
    }
    choose_time(told);
  }

  EntryDecision entry_decision(const Subject& subject) const {
    for (const auto& recipient : m_decision.recipients) {
      if (recipient.kept) {
        const Permission allowed = m_permissions.permission(subject, recipient.address);
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

  static bool speaks_of_any(const Rule& rule, const std::vector<Subject>& told) {
    return std::any_of(told.begin(), told.end(),
                       [&](const Subject& subject) { return speaks_of(rule, subject); });
  }

  void choose_time(const std::vector<Subject>& told) {
    for (auto& recipient : m_decision.recipients) {
      if (recipient.kept) {
        choose_digest(recipient, told);
      }
    }
    std::optional<int> lowest;
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
      if (!speaks_of_any(*rule, told) || !speaks_to_kept(*rule)) {
        continue;
      }
      quiet.insert(quiet.end(), rule->quiet.begin(), rule->quiet.end());
      delay = std::max(delay, rule->delay.value_or(std::chrono::seconds(0)));
      if (rule->per_thread) {
        lowest = std::min(lowest.value_or(*rule->per_thread), *rule->per_thread);
      }
      if (rule->moderate == true && !m_decision.held) {
        m_decision.held = true;
        m_decision.reasons.push_back(
            fmt::format("{} wants a person to release it", name_of(*rule)));
      }
    }
    const int per_thread = lowest.value_or(m_policy.standard_per_thread);
    if (m_history.mails_in_thread >= per_thread) {
      m_decision.send = false;
      m_decision.held = false;
      m_decision.reasons = {fmt::format("the thread has had {} of ours, the limit is {}",
                                        count_of(m_history.mails_in_thread, "mail"), per_thread)};
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

  void choose_digest(RecipientDecision& recipient, const std::vector<Subject>& told) const {
    std::chrono::seconds longest{0};
    const Rule* by = nullptr;
    std::vector<QuietPeriod> quiet;
    for (const Rule* rule : m_rules) {
      if (!speaks_of_any(*rule, told) || !speaks_to(*rule, recipient.address)) {
        continue;
      }
      if (rule->moderate == true) {
        return;  // a digest nobody has looked at would go round the moderation
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
  const History& m_history;
  Timestamp m_now;
  Permissions m_permissions;
  const std::vector<const Rule*>& m_rules;
  Decision m_decision;
};

}  // namespace

Decision decide(const Policy& policy, const Report& report, const People& people,
                const History& history, Timestamp now) {
  return Decider(policy, report, people, history, now).run();
}

}  // namespace patchmill::reports
