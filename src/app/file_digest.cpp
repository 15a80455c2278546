#include "app/file_digest.hpp"

#include "util/clock.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <vector>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_most_of_file = 16u << 20;
constexpr std::uint64_t k_most_of_folder = 64u << 20;
constexpr std::size_t k_most_entries = 4096;
constexpr int k_most_levels = 8;
constexpr std::size_t k_most_kept = 10'000;
// Of a file system that counts whole seconds, and some more.
constexpr std::chrono::seconds k_settled_after{2};
constexpr const char* k_no_file = "none";

struct FileState {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds
  friend bool operator==(const FileState&, const FileState&) = default;
};

std::int64_t nanoseconds_of(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Empty: no regular file, or not for us.
std::optional<FileState> state_of_file(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  return FileState{info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
                   nanoseconds_of(info.st_mtim), nanoseconds_of(info.st_ctim)};
}

// What was changed just now may be changed once more without another time.
bool is_settled(const FileState& state) {
  const std::int64_t now = to_micros(SystemClock().now());
  const std::int64_t last = std::max(state.modified, state.changed) / 1000;
  return last + to_micros(Timestamp(k_settled_after)) < now;
}

class KeptDigests {
 public:
  std::optional<std::string> find(const std::string& path, const FileState& state) {
    const std::lock_guard lock(m_mutex);
    const auto found = m_kept.find(path);
    return found != m_kept.end() && found->second.first == state
               ? std::optional(found->second.second)
               : std::nullopt;
  }
  void keep(const std::string& path, const FileState& state, const std::string& digest) {
    const std::lock_guard lock(m_mutex);
    if (m_kept.size() >= k_most_kept) {
      m_kept.clear();
    }
    m_kept[path] = {state, digest};
  }

 private:
  std::mutex m_mutex;
  std::map<std::string, std::pair<FileState, std::string>> m_kept;
};

KeptDigests& kept_digests() {
  static KeptDigests kept;
  return kept;
}

std::string digest_of(const fs::path& path, const FileState& state, std::uint64_t most) {
  if (state.size > most) {
    return fmt::format("large {} {}", state.size, state.modified);
  }
  if (auto known = kept_digests().find(path.string(), state)) {
    return *std::move(known);
  }
  const bool settled = is_settled(state);
  const auto content = read_file(path, most);
  if (!content) {
    return k_no_file;
  }
  std::string digest = sha256_hex(*content);
  if (settled && state_of_file(path) == state) {
    kept_digests().keep(path.string(), state, digest);
  }
  return digest;
}

bool is_left_out(const fs::path& entry) {
  const std::string name = entry.filename().string();
  return name.starts_with('.') || name == "__pycache__";
}

}  // namespace

std::string file_digest(const fs::path& path) {
  const auto state = state_of_file(path);
  return state ? digest_of(path, *state, k_most_of_file) : k_no_file;
}

std::string folder_digest(const fs::path& folder) {
  std::vector<fs::path> files;
  std::size_t entries = 0;
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(
      folder, fs::directory_options::skip_permission_denied, error);
  if (error) {
    return k_no_file;
  }
  for (; entry != fs::recursive_directory_iterator() && entries < k_most_entries; ++entries) {
    std::error_code unknown;
    if (is_left_out(entry->path()) || entry.depth() + 1 >= k_most_levels) {
      entry.disable_recursion_pending();
    }
    if (!is_left_out(entry->path()) && entry->is_regular_file(unknown)) {
      files.push_back(entry->path());
    }
    entry.increment(error);
    if (error) {
      break;
    }
  }
  std::ranges::sort(files);
  Sha256 hash;
  std::uint64_t left = k_most_of_folder;
  for (const fs::path& file : files) {
    const auto state = state_of_file(file);
    const std::uint64_t most = std::min(left, k_most_of_file);
    if (state && state->size <= most) {
      left -= state->size;
    }
    const std::string name = file.lexically_relative(folder).string();
    hash.update(fmt::format("{}:{}\n{}\n", name.size(), name,
                            state ? digest_of(file, *state, most) : k_no_file));
  }
  return hash.hex();
}

}  // namespace patchmill::app
