#pragma once
// How a backup lies on disk.
//
//   DIR/PATCHMILL-BACKUP       says what this folder is; there from the first moment
//   DIR/manifest.json          written last, in one step: without it there is no backup here
//   DIR/store-…                the store; named in the manifest with its SHA-256
//   DIR/blobs-….list           names of the blobs it refers to; named in the manifest likewise
//   DIR/blobs/ab/cdef…         these blobs, as in the data folder
//   DIR/patchmill.yaml         the configuration, for people; secrets are not in it
//
// A later backup into the same folder adds what is new and then replaces the manifest; until then
// the old one stays whole.

#include "util/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::service {

inline constexpr std::string_view k_backup_mark = "PATCHMILL-BACKUP";
inline constexpr std::string_view k_manifest = "manifest.json";
inline constexpr int k_backup_format = 1;

struct BackupFile {
  std::string file;  // within the folder
  std::string sha256;
  std::uint64_t bytes = 0;
};

struct Manifest {
  int format = k_backup_format;
  std::string version, made;  // of patchmill; ISO, UTC: when the snapshot was begun
  std::string engine;         // sqlite or postgresql
  std::string schema_name;    // PostgreSQL's
  int schema = 0;             // newest migration
  BackupFile store, blob_list;
  std::uint64_t blobs = 0, blob_bytes = 0;
  std::vector<std::string> missing;  // blobs the store refers to, not there or damaged: at most 100
};

std::string write_manifest(const Manifest& manifest);
// Errors: not_found when there is none (an unfinished backup, or none at all), invalid when it
// cannot be read, its names would lead out of the folder, or it was written by a newer version.
Result<Manifest> read_manifest(const std::filesystem::path& folder);

Result<std::string> sha256_of_file(const std::filesystem::path& file);
// A hard link where the file system allows it (both sides never change blobs), else a copy, checked
// against the name. The target must not exist. Not durable yet.
Result<void> link_or_copy_blob(const std::filesystem::path& from, const std::filesystem::path& to,
                               std::string_view sha256);
// Everything written to the file system of this folder is durable when it returns.
Result<void> sync_file_system(const std::filesystem::path& folder);
std::filesystem::path blob_path(const std::filesystem::path& blobs, std::string_view sha256);

}  // namespace patchmill::service
