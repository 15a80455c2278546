#include "service/blob_references.hpp"

#include "pipeline/artifact_blobs.hpp"
#include "tracker/message_blobs.hpp"

#include <array>

namespace patchmill::service {

std::span<const BlobColumn> blob_columns() {
  static constexpr std::array columns = {BlobColumn{"messages", "raw_sha256"},
                                         BlobColumn{"node_artifacts", "sha256"}};
  return columns;
}

store::BlobNames referenced_blobs(store::Database& database) {
  store::BlobNames names;
  const auto add = [&](std::string_view sha256) { names.add(sha256); };
  tracker::each_message_blob(database, add);
  pipeline::each_artifact_blob(database, add);
  names.settle();
  return names;
}

}  // namespace patchmill::service
