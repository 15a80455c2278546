#pragma once
// The only writer of messages and series: mails go in, in any order; series come out.
//
// Assembly is a pure function of the set of mails in a thread (assembly.hpp), so the order of
// arrival cannot change the result.

#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/incoming.hpp"
#include "tracker/model.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::tracker {

struct IngestOutcome {
  std::size_t stored = 0, duplicates = 0, unusable = 0;
  std::vector<std::int64_t> changed_series;  // created or changed by this batch, unique
  std::vector<std::size_t> unparsed;  // index in the batch, of those stored that are no mails
};

struct TrackerOptions {
  // Words in subject prefixes that only name a list (Patchwork's link names, "dpdk-dev"). The
  // "[LABEL] " that mailman puts in front is recognised by the list's id without this.
  std::vector<std::string> list_words;
};

class Tracker {
 public:
  // Both outlive the tracker. Mails larger than 1 MiB go to `blobs`, the rest into rows.
  Tracker(store::Database& database, store::BlobStore& blobs, const Clock& clock,
          TrackerOptions options = {});
  ~Tracker();

  // Stores the batch and reassembles the threads it touches, in one transaction with its events.
  // Idempotent by Message-ID: the first mail with an id stays, unless it was unusable, or is the
  // beginning of the new one from the same source (read while it was being written), or has a diff
  // cut off or damaged where the copy of the same author has a whole one. The lists of both are
  // kept. `also` runs inside the same transaction (cursors of the
  // source). Large batches are quicker. Throws store::DatabaseError; then nothing has changed.
  IngestOutcome ingest(std::span<const Incoming> batch, const std::function<void()>& also = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace patchmill::tracker
