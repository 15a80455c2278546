#pragma once
// Mails at a glance, for operators.

#include "reports/mail_store.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace patchmill::reports {

struct MailCount {
  MailState state = MailState::queued;
  std::int64_t count = 0;
  std::optional<Timestamp> oldest;  // when the oldest of them was made
};
// Only states in which there are mails.
std::vector<MailCount> mail_counts(store::Database& database);

}  // namespace patchmill::reports
