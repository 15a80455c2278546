#pragma once
// Verdicts whose mail is still to be decided.
//
// One is written down in the transaction that sets the verdict, so that none is forgotten, and
// decided in another: a template, a list of opt-outs or a mail that cannot be read must not take
// the verdict with it. Until it can be decided it is tried again, with back-off.

#include "reports/load_report.hpp"
#include "reports/reporter.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace patchmill::reports {

class Undecided {
 public:
  // Both outlive it.
  Undecided(store::Database& database, const Clock& clock);

  // Due at once; replaces an earlier one of the series.
  void add(std::int64_t series, const VerdictContext& context);
  [[nodiscard]] std::int64_t count();

  // Decides all that are due. Returns how many were; what could not be decided is logged, keeps
  // the fault as the series' decision and is due again later. After k_give_up_after it is let go:
  // nobody wants mail about a verdict of last week.
  int decide(Reporter& reporter, tracker::Queries& queries);

  static constexpr std::chrono::hours k_give_up_after{5 * 24};
  // Doubling from half a minute to an hour.
  static std::chrono::seconds retry_after(int attempts);

 private:
  struct Item {
    std::int64_t series = 0, stamp = 0;
    VerdictContext context;
    int attempts = 0;
    std::string reason;
    Timestamp created{};
  };
  std::optional<Item> next_due();
  Result<void> decide_one(const Item& item, Reporter& reporter, tracker::Queries& queries);
  void postpone(const Item& item, Reporter& reporter, const std::string& reason);
  void remove(const Item& item);

  store::Database& m_database;
  const Clock& m_clock;
};

}  // namespace patchmill::reports
