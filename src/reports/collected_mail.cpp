#include "reports/collected_mail.hpp"

namespace patchmill::reports {

void make_undecided_due(store::Database& database) {
  database.exec("UPDATE report_undecided SET due = 0");
}

void make_digests_due(store::Database& database) {
  database.exec("UPDATE report_digests SET due = 0 WHERE mail IS NULL");
}

DroppedMail drop_collected_mail(store::Database& database) {
  DroppedMail dropped;
  store::Transaction transaction(database);
  for (const auto& [series] :
       database.rows<std::int64_t>("SELECT series FROM report_undecided ORDER BY series")) {
    dropped.series.push_back(series);
  }
  database.exec("DELETE FROM report_undecided");
  // As of a digest of which nothing was left to tell.
  dropped.collected = database.exec("UPDATE report_digests SET mail = 0 WHERE mail IS NULL");
  transaction.commit();
  return dropped;
}

}  // namespace patchmill::reports
