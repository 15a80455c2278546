#include "findings/finding.hpp"

#include "findings/normalise.hpp"
#include "util/hash.hpp"

#include <string>
#include <unordered_map>

namespace patchmill::findings {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::warning:
      return "warning";
    case Verdict::fail:
      return "fail";
    case Verdict::skip:
      return "skip";
    case Verdict::incomplete:
      return "incomplete";
  }
  return "incomplete";
}

std::optional<Verdict> verdict_from(std::string_view text) {
  for (const Verdict verdict :
       {Verdict::pass, Verdict::warning, Verdict::fail, Verdict::skip, Verdict::incomplete}) {
    if (to_string(verdict) == text) {
      return verdict;
    }
  }
  return std::nullopt;
}

Verdict worst_of(std::span<const Verdict> verdicts) {
  if (verdicts.empty()) {
    return Verdict::incomplete;
  }
  bool fail = false, incomplete = false, warning = false, pass = false;
  for (const Verdict verdict : verdicts) {
    fail = fail || verdict == Verdict::fail;
    incomplete = incomplete || verdict == Verdict::incomplete;
    warning = warning || verdict == Verdict::warning;
    pass = pass || verdict == Verdict::pass;
  }
  if (fail) {
    return Verdict::fail;
  }
  if (incomplete) {
    return Verdict::incomplete;
  }
  if (warning) {
    return Verdict::warning;
  }
  return pass ? Verdict::pass : Verdict::skip;
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "note";
}

std::optional<Severity> severity_from(std::string_view text) {
  for (const Severity severity : {Severity::error, Severity::warning, Severity::note}) {
    if (to_string(severity) == text) {
      return severity;
    }
  }
  return std::nullopt;
}

std::string Finding::fingerprint() const {
  // Severity stays out: -Werror turns the same trouble from a warning into an error.
  std::string identity;
  for (const std::string_view part : {std::string_view(tool), std::string_view(rule)}) {
    identity.append(part).push_back('\0');
  }
  identity.append(normalise_path(file)).push_back('\0');
  identity.append(normalise_message(message)).push_back('\0');
  identity.append(normalise_function(function));
  return sha256_hex(identity);
}

std::vector<Finding> introduced(std::span<const Finding> before, std::span<const Finding> after) {
  std::unordered_map<std::string, std::size_t> known;
  for (const Finding& finding : before) {
    ++known[finding.fingerprint()];
  }
  std::vector<Finding> result;
  for (const Finding& finding : after) {
    const auto it = known.find(finding.fingerprint());
    if (it != known.end() && it->second > 0) {
      --it->second;
    } else {
      result.push_back(finding);
    }
  }
  return result;
}

}  // namespace patchmill::findings
