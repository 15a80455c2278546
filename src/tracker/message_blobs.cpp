#include "tracker/message_blobs.hpp"

#include <cstdint>
#include <string>

namespace patchmill::tracker {

void each_message_blob(store::Database& database,
                       const std::function<void(std::string_view sha256)>& f) {
  constexpr int k_at_once = 10'000;
  std::int64_t after = 0;
  for (int got = k_at_once; got == k_at_once;) {
    got = 0;
    database.each(
        "SELECT id, raw_sha256 FROM messages WHERE id > ? AND raw_sha256 IS NOT NULL "
        "ORDER BY id LIMIT ?",
        [&](const store::Row& row) {
          after = row.integer(0);
          f(row.text(1));
          ++got;
        },
        after, k_at_once);
  }
}

}  // namespace patchmill::tracker
