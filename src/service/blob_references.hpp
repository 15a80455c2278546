#pragma once
// Every blob the store refers to. Whoever adds a column with names of blobs adds it here (a test
// looks for columns that are called so): what is not named here is removed by `patchmill prune`
// and left out of backups.

#include "store/blob_sweep.hpp"
#include "store/database.hpp"

#include <span>
#include <string_view>

namespace patchmill::service {

struct BlobColumn {
  std::string_view table, column;
};
std::span<const BlobColumn> blob_columns();

// Read in pieces, so that neither engine holds a long transaction or much memory.
store::BlobNames referenced_blobs(store::Database& database);

}  // namespace patchmill::service
