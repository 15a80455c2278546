#include "service/backup_folder.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace patchmill::service {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

tl::unexpected<Error> fail_errno(std::string_view doing, const fs::path& path, int code = errno) {
  return fail(code == ENOENT ? ErrorKind::not_found : ErrorKind::infrastructure,
              fmt::format("cannot {} {}: {}", doing, escape_terminal(path.string()),
                          std::generic_category().message(code)));
}

json::object to_json(const BackupFile& file) {
  return {{"file", file.file}, {"sha256", file.sha256}, {"bytes", file.bytes}};
}

// Only a name: a manifest must not reach beyond its folder.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() < 200 && name.front() != '.' &&
         std::all_of(
             name.begin(), name.end(),
             [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
             });
}

BackupFile file_from(const json::value& value) {
  const auto& object = value.as_object();
  BackupFile file;
  file.file = object.at("file").as_string();
  file.sha256 = object.at("sha256").as_string();
  file.bytes = object.at("bytes").to_number<std::uint64_t>();
  if (!is_plain_name(file.file)) {
    throw std::runtime_error("a file name that leads elsewhere");
  }
  return file;
}

// Reads to the end, hashing; writes what was read to `to` unless it is -1.
Result<std::string> hash_and_copy(const fs::path& from, int to, const fs::path& to_name) {
  const Fd fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return fail_errno("open", from);
  }
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  Sha256 hash;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const auto n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return fail_errno("read", from);
    }
    if (n == 0) {
      return hash.hex();
    }
    std::string_view piece(buffer.data(), static_cast<std::size_t>(n));
    hash.update(piece);
    while (to >= 0 && !piece.empty()) {
      const auto written = ::write(to, piece.data(), piece.size());
      if (written < 0 && errno != EINTR) {
        return fail_errno("write", to_name);
      }
      piece.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
  }
}

}  // namespace

std::string write_manifest(const Manifest& manifest) {
  json::array missing;
  for (const auto& name : manifest.missing) {
    missing.emplace_back(name);
  }
  const json::object out{{"format", manifest.format},
                         {"patchmill", manifest.version},
                         {"made", manifest.made},
                         {"engine", manifest.engine},
                         {"schema_name", manifest.schema_name},
                         {"schema", manifest.schema},
                         {"store", to_json(manifest.store)},
                         {"blob_list", to_json(manifest.blob_list)},
                         {"blobs", manifest.blobs},
                         {"blob_bytes", manifest.blob_bytes},
                         {"missing", std::move(missing)}};
  return json::serialize(out) + "\n";
}

Result<Manifest> read_manifest(const fs::path& folder) {
  const auto text = read_file(folder / k_manifest, 1u << 20);
  if (!text) {
    if (text.error().kind == ErrorKind::not_found) {
      std::error_code error;
      const bool begun = fs::exists(folder / k_backup_mark, error);
      return fail(ErrorKind::not_found,
                  fmt::format("{} holds no backup{}", escape_terminal(folder.string()),
                              begun ? ": one was begun and never finished" : ""));
    }
    return tl::unexpected(text.error());
  }
  try {
    const auto object = json::parse(*text).as_object();
    Manifest manifest;
    manifest.format = object.at("format").to_number<int>();
    if (manifest.format > k_backup_format) {
      return fail(ErrorKind::invalid,
                  "the backup was written by a newer patchmill; restore it with that one");
    }
    manifest.version = object.at("patchmill").as_string();
    manifest.made = object.at("made").as_string();
    manifest.engine = object.at("engine").as_string();
    manifest.schema_name = object.at("schema_name").as_string();
    manifest.schema = object.at("schema").to_number<int>();
    manifest.store = file_from(object.at("store"));
    manifest.blob_list = file_from(object.at("blob_list"));
    manifest.blobs = object.at("blobs").to_number<std::uint64_t>();
    manifest.blob_bytes = object.at("blob_bytes").to_number<std::uint64_t>();
    for (const auto& name : object.at("missing").as_array()) {
      manifest.missing.emplace_back(name.as_string());
    }
    return manifest;
  } catch (const std::exception& problem) {
    return fail(ErrorKind::invalid,
                fmt::format("{} is damaged ({}); take another backup",
                            escape_terminal((folder / k_manifest).string()), problem.what()));
  }
}

Result<std::string> sha256_of_file(const fs::path& file) {
  return hash_and_copy(file, -1, {});
}

Result<void> link_or_copy_blob(const fs::path& from, const fs::path& to, std::string_view sha256) {
  if (::link(from.c_str(), to.c_str()) == 0 || errno == EEXIST) {
    return {};
  }
  if (errno == ENOENT) {
    return fail_errno("read", from);
  }
  // Under another name until it is whole: a cut-off copy must never look like the blob.
  const fs::path part = to.string() + ".part";
  const Fd out(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out.valid()) {
    return fail_errno("write", part);
  }
  const auto hash = hash_and_copy(from, out.get(), part);
  if (!hash || *hash != sha256) {
    ::unlink(part.c_str());
    return hash ? fail(ErrorKind::infrastructure,
                       fmt::format("{} is damaged: its content has another SHA-256 than its name",
                                   escape_terminal(from.string())))
                : tl::unexpected(hash.error());
  }
  // rename() alone may reach the disk before the content does.
  if (::fdatasync(out.get()) != 0 || ::rename(part.c_str(), to.c_str()) != 0) {
    return fail_errno("write", to);
  }
  return {};
}

Result<void> sync_file_system(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::syncfs(fd.get()) != 0) {
    return fail_errno("write to the disk of", folder);
  }
  return {};
}

fs::path blob_path(const fs::path& blobs, std::string_view sha256) {
  return blobs / sha256.substr(0, 2) / sha256.substr(2);
}

}  // namespace patchmill::service
