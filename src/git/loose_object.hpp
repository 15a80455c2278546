#pragma once
// Writing objects straight into a repository's objects/ folder, as loose files.

#include "git/object_id.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace patchmill::git {

// `id_bytes`: 20 (SHA-1) or 32 (SHA-256). Written beside and renamed, so that readers never see a
// part; not fsynced. Thread-safe, also against other processes.
Result<ObjectId> write_loose_object(const std::filesystem::path& objects_dir, std::size_t id_bytes,
                                    std::string_view type, std::string_view content);

}  // namespace patchmill::git
