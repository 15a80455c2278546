#pragma once
// For stores that assemble each set of mails by itself (`patchmill try`), as if nothing had ever
// arrived.

#include "store/database.hpp"

#include <cstdint>

namespace patchmill::tracker {

// The number the next new series gets.
std::int64_t next_series_number(store::Database& database);

// Forgets every mail and series; new series are numbered from `next` on, mails from 1, so that
// equal batches get equal rows. What others keep under the number of a series stays; nothing may be
// kept under the row of a mail. One transaction; throws store::DatabaseError.
void start_afresh(store::Database& database, std::int64_t next);

}  // namespace patchmill::tracker
