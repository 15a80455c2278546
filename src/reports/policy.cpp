#include "reports/policy.hpp"

#include "mail/header_encode.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace patchmill::reports {
namespace {

constexpr std::array<std::pair<std::string_view, Role>, 7> k_roles = {
    {{"author", Role::author},
     {"submitter", Role::submitter},
     {"signer", Role::signer},
     {"maintainers", Role::maintainers},
     {"list", Role::list},
     {"thread", Role::thread},
     {"fixed", Role::fixed}}};

}  // namespace

std::string_view to_string(Role role) {
  for (const auto& [name, value] : k_roles) {
    if (value == role) {
      return name;
    }
  }
  return "fixed";
}

std::optional<Role> role_from(std::string_view text) {
  for (const auto& [name, value] : k_roles) {
    if (name == text && value != Role::fixed) {
      return value;
    }
  }
  return std::nullopt;
}

std::vector<std::string> check_policy(const Policy& policy) {
  std::vector<std::string> faults;
  const auto fault = [&](const Rule& rule, std::size_t index, const std::string& text) {
    faults.push_back(rule.name.empty() ? fmt::format("mail rule {}: {}", index + 1, text)
                                       : fmt::format("mail rule '{}': {}", rule.name, text));
  };
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const Rule& rule = policy.rules[i];
    std::vector<RecipientSpec> specs = rule.to.value_or(std::vector<RecipientSpec>{});
    if (rule.cc) {
      specs.insert(specs.end(), rule.cc->begin(), rule.cc->end());
    }
    for (const auto& spec : specs) {
      if (spec.role == Role::fixed && !mail::is_plain_address(spec.address.email)) {
        fault(rule, i,
              fmt::format("'{}' is no mail address and none of author, submitter, signer, "
                          "maintainers, list, thread",
                          escape_terminal(spec.address.email)));
      }
    }
    for (const auto& period : rule.quiet) {
      if (const auto good = check_quiet(period); !good) {
        fault(rule, i, good.error().message);
      }
    }
    if (!rule.quiet.empty() && faults.empty() && !first_loud(rule.quiet, Timestamp{})) {
      fault(rule, i, "its quiet periods leave no time to mail in");
    }
    if (rule.per_thread.value_or(0) < 0 || rule.per_person_day.value_or(0) < 0) {
      fault(rule, i, "a limit is negative");
    }
    if (rule.verdicts && rule.verdicts->contains(findings::Verdict::incomplete)) {
      fault(rule, i, "'incomplete' is our own trouble and is never mailed");
    }
  }
  return faults;
}

std::vector<mail::Address> Decision::to() const {
  std::vector<mail::Address> result;
  for (const auto& recipient : recipients) {
    if (recipient.kept && !recipient.digest_at && !recipient.cc) {
      result.push_back(recipient.address);
    }
  }
  return result;
}

std::vector<mail::Address> Decision::cc() const {
  std::vector<mail::Address> result;
  for (const auto& recipient : recipients) {
    if (recipient.kept && !recipient.digest_at && recipient.cc) {
      result.push_back(recipient.address);
    }
  }
  return result;
}

bool Decision::has_digest() const {
  for (const auto& recipient : recipients) {
    if (recipient.kept && recipient.digest_at) {
      return true;
    }
  }
  return false;
}

}  // namespace patchmill::reports
