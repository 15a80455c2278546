#pragma once
// Which rules of a policy speak about a series, and what they let a person hear. Part of decide().

#include "reports/policy.hpp"

#include <optional>
#include <string>
#include <vector>

namespace patchmill::reports {

// A mail may be about single entries or, when everything passed, about the whole.
struct Subject {
  std::optional<CheckClass> check_class;  // empty: the whole
  findings::Verdict verdict = findings::Verdict::incomplete;
};

struct Permission {
  bool granted = false;
  bool cc = false;
  std::string reason;  // always set
};

// Points into its arguments.
class Permissions {
 public:
  Permissions(const Policy& policy, const Report& report, const People& people,
              const History& history);

  // The rules that match the series.
  [[nodiscard]] const std::vector<const Rule*>& rules() const { return m_rules; }
  [[nodiscard]] std::vector<mail::Address> addresses_of(const RecipientSpec& spec) const;
  // Why this person gets no mail at all, whatever it is about.
  [[nodiscard]] std::optional<std::string> refusal_of(const RecipientDecision& recipient) const;
  // May this person be told this?
  [[nodiscard]] Permission permission(const Subject& subject, const mail::Address& person) const;

 private:
  [[nodiscard]] bool names(const std::optional<std::vector<RecipientSpec>>& specs,
                           const mail::Address& person) const;
  const Policy& m_policy;
  const People& m_people;
  const History& m_history;
  std::vector<const Rule*> m_rules;
};

bool speaks_of(const Rule& rule, const Subject& subject);
bool speaks_to(const Rule& rule, const mail::Address& person);
std::string name_of(const Rule& rule);  // "rule 'x'"

}  // namespace patchmill::reports
