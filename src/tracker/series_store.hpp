#pragma once
// Rows of series and of their patches.

#include "store/database.hpp"
#include "tracker/series_content.hpp"

#include <cstdint>
#include <optional>

namespace patchmill::tracker {

class SeriesStore {
 public:
  explicit SeriesStore(store::Database& database);

  std::int64_t next_number();
  struct Known {
    std::int64_t digest = 0;
    bool complete = false;
  };
  std::optional<Known> known(std::int64_t number);
  void insert(std::int64_t number, const SeriesContent& content);
  void update(std::int64_t number, const SeriesContent& content);
  // Returns the work it belonged to.
  std::int64_t remove(std::int64_t number);
  // Remembers in which series a mail was posted.
  void set_series_of_mail(std::int64_t mail, std::int64_t series);

 private:
  void write_parts(std::int64_t number, const SeriesContent& content);
  void remove_parts(std::int64_t number);
  store::Database& m_database;
};

// The series in which the mail stands now: the newest revision when several share it.
std::optional<std::int64_t> newest_series_of(store::Database& database, std::int64_t mail);

}  // namespace patchmill::tracker
