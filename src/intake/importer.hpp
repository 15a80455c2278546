#pragma once
// From sources into the tracker: read ahead, parse in parallel, store in order.

#include "intake/source.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace patchmill::intake {

struct ImportOptions {
  std::string list_id;   // every mail belongs to this list, whatever it says; may be empty
  unsigned parsers = 0;  // threads; 0: one a processor
  std::size_t batch_mails = 1000;  // stored in one transaction
  std::size_t batch_bytes = std::size_t{8} << 20;
  std::size_t bytes_in_flight = std::size_t{32} << 20;  // read and not yet stored; one mail more
};

struct ImportProgress {
  std::string source;       // Source::name()
  SourceProgress position;  // of that source, as stored
  std::uint64_t mails = 0;  // stored, duplicate or unusable so far, all sources
  double mails_per_second = 0;
};

struct ImportReport {
  std::uint64_t stored = 0;  // new ones, unusable ones included
  std::uint64_t duplicates = 0;
  std::uint64_t unusable = 0;                               // stored with their reason
  std::map<std::string, std::uint64_t> unusable_by_reason;  // of those that cannot be parsed
  std::vector<std::int64_t> changed_series;                 // created or changed, ascending, unique
  std::vector<Error> problems;  // sources, and mails of them, that could not be read, each named
  double seconds = 0;

  // What two runs did together.
  void add(const ImportReport& more);
};

// Stores what is new in the sources, one after the other. Mails and the cursor of their source are
// stored in one transaction, so whoever is killed continues where the store says. A source that
// fails does not stop the others, nor does a mail that cannot be read. Throws store::DatabaseError.
class Importer {
 public:
  // All of them outlive the importer.
  Importer(store::Database& database, store::BlobStore& blobs, const Clock& clock,
           ImportOptions options = {});

  using OnProgress = std::function<void(const ImportProgress&)>;  // after each batch
  ImportReport run(std::span<const std::unique_ptr<Source>> sources,
                   const OnProgress& on_progress = {});

 private:
  store::Database& m_database;
  store::BlobStore& m_blobs;
  const Clock& m_clock;
  ImportOptions m_options;
};

// Whoever imports into a data directory holds this. Error conflict when another one does.
Result<LockFile> lock_intake(const std::filesystem::path& data_dir, bool wait);

}  // namespace patchmill::intake
