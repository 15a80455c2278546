#include "reports/mail_counts.hpp"

namespace patchmill::reports {

std::vector<MailCount> mail_counts(store::Database& database) {
  std::vector<MailCount> counts;
  // Ids grow with time, and the index has both: no mail is read for the oldest of each state.
  database.each(
      "SELECT c.state, c.n, m.created FROM (SELECT state, COUNT(*) AS n, MIN(id) AS first FROM "
      "report_mails GROUP BY state) c JOIN report_mails m ON m.id = c.first ORDER BY c.state",
      [&](const store::Row& row) {
        counts.push_back({row.get<MailState>(0), row.integer(1), from_micros(row.integer(2))});
      });
  return counts;
}

}  // namespace patchmill::reports
