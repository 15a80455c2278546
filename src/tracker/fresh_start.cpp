#include "tracker/fresh_start.hpp"

#include <string>

namespace patchmill::tracker {

std::int64_t next_series_number(store::Database& database) {
  return database.value<std::int64_t>("SELECT value FROM tracker_counters WHERE name = 'series'");
}

void start_afresh(store::Database& database, std::int64_t next) {
  store::Transaction transaction(database);
  database.exec("UPDATE tracker_counters SET value = ? WHERE name = 'series'", next);
  database.exec("UPDATE tracker_counters SET value = 1 WHERE name = 'message'");
  for (const char* table :
       {"message_ids", "messages", "message_raw", "series_mails", "mail_dependencies", "series",
        "series_patches", "series_keys", "series_dependencies"}) {
    database.exec(std::string("DELETE FROM ") + table);
  }
  transaction.commit();
}

}  // namespace patchmill::tracker
