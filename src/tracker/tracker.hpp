#pragma once
// The only writer of messages and series: mails go in, in any order; series come out.
//
// Assembly is a pure function of the set of mails in a thread (assembly.hpp), so the order of
// arrival cannot change the result.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mail/message.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/model.hpp"
#include "util/clock.hpp"

namespace patchmill::tracker {

// A mail on its way in. Parsing is done by intake, in parallel.
struct Incoming {
  std::string raw;                           // as received
  Result<mail::Message> parsed;              // or why it cannot be used
  std::string list_id;                       // given by the source (--list-id); may be empty
  std::string source;                        // which source brought it, for the record
};

struct IngestOutcome {
  std::size_t stored = 0, duplicates = 0, unusable = 0;
  std::vector<std::int64_t> changed_series;  // created or changed by this batch, unique
};

class Tracker {
 public:
  // Both outlive the tracker. Mails larger than 1 MiB go to `blobs`, the rest into rows.
  Tracker(store::Database& database, store::BlobStore& blobs, const Clock& clock);
  ~Tracker();

  // Stores the batch and reassembles the threads it touches, in one transaction with its events.
  // Idempotent by Message-ID. `also` runs inside the same transaction (cursors of the source).
  IngestOutcome ingest(std::span<const Incoming> batch, const std::function<void()>& also = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace patchmill::tracker
