#include "reports/reporter.hpp"

#include <boost/json.hpp>

namespace patchmill::reports {

std::string decision_json(const Decision& decision) {
  boost::json::object out;
  out["send"] = decision.send;
  out["held"] = decision.held;
  out["not_before"] = to_iso(decision.not_before);
  boost::json::array reasons;
  for (const auto& reason : decision.reasons) {
    reasons.emplace_back(reason);
  }
  out["reasons"] = std::move(reasons);
  boost::json::array recipients;
  for (const auto& recipient : decision.recipients) {
    boost::json::object one;
    one["name"] = recipient.address.name;
    one["email"] = recipient.address.email;
    one["role"] = to_string(recipient.role);
    one["field"] = recipient.cc ? "cc" : "to";
    one["kept"] = recipient.kept;
    one["reason"] = recipient.reason;
    if (recipient.digest_at) {
      one["digest"] = to_iso(*recipient.digest_at);
    }
    recipients.push_back(std::move(one));
  }
  out["recipients"] = std::move(recipients);
  boost::json::array entries;
  for (const auto& entry : decision.entries) {
    entries.push_back({{"kept", entry.kept}, {"reason", entry.reason}});
  }
  out["entries"] = std::move(entries);
  return boost::json::serialize(out);
}

}  // namespace patchmill::reports
