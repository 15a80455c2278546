#include "store/blob_sweep.hpp"

#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

namespace patchmill::store {
namespace {

namespace fs = std::filesystem;

int digit_of(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct Looked {
  std::uint64_t size = 0;
  std::chrono::system_clock::time_point put;
};

std::optional<Looked> look_at(const fs::path& file) {
  struct stat info{};
  if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  return Looked{static_cast<std::uint64_t>(info.st_size),
                std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec)};
}

// False when somebody has put it meanwhile, or has removed it first.
bool remove_blob(const fs::path& root, const fs::path& file, const std::string& name,
                 std::chrono::system_clock::time_point old) {
  const fs::path aside = root / "incoming" / ("sweep-" + name);
  std::error_code error;
  fs::create_directories(aside.parent_path(), error);
  if (::rename(file.c_str(), aside.c_str()) != 0) {
    return false;
  }
  // A put between the look and the rename has renewed the time of this very file and relies on it;
  // a put after the rename writes a new one.
  const auto again = look_at(aside);
  if (again && again->put > old) {
    if (::link(aside.c_str(), file.c_str()) != 0 && errno != EEXIST) {
      ::rename(aside.c_str(), file.c_str());
      return false;
    }
    ::unlink(aside.c_str());
    return false;
  }
  return ::unlink(aside.c_str()) == 0;
}

}  // namespace

bool BlobNames::read(std::string_view sha256, Bytes& bytes) {
  if (sha256.size() != 2 * bytes.size()) {
    return false;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit_of(sha256[2 * i]);
    const int low = digit_of(sha256[2 * i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    bytes.at(i) = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

void BlobNames::add(std::string_view sha256) {
  if (Bytes bytes{}; read(sha256, bytes)) {
    m_names.push_back(bytes);
  }
}

void BlobNames::settle() {
  std::sort(m_names.begin(), m_names.end());
  m_names.erase(std::unique(m_names.begin(), m_names.end()), m_names.end());
}

bool BlobNames::contains(std::string_view sha256) const {
  Bytes bytes{};
  return read(sha256, bytes) && std::binary_search(m_names.begin(), m_names.end(), bytes);
}

void BlobNames::each(const std::function<void(const std::string& sha256)>& f) const {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string name(64, '0');
  for (const Bytes& bytes : m_names) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      name[2 * i] = digits[bytes.at(i) >> 4];
      name[2 * i + 1] = digits[bytes.at(i) & 15];
    }
    f(name);
  }
}

Result<SweepCounts> sweep_blobs(const fs::path& root, const BlobNames& referenced,
                                std::chrono::system_clock::time_point now,
                                std::chrono::seconds grace, bool dry_run, unsigned first_folder,
                                unsigned end_folder) {
  SweepCounts counts;
  const auto old = now - grace;
  std::error_code error;
  const auto walk = [&](const fs::path& folder, auto&& f) -> Result<void> {
    if (!fs::exists(folder, error)) {
      return {};
    }
    std::error_code walking;
    for (fs::directory_iterator it(folder, walking), end; !walking && it != end;
         it.increment(walking)) {
      f(it->path());
    }
    if (walking) {
      return fail(
          ErrorKind::infrastructure,
          fmt::format("cannot read {}: {}", escape_terminal(folder.string()), walking.message()));
    }
    return {};
  };
  const auto sweep_leftover = [&](const fs::path& file) {
    if (const auto looked = look_at(file); looked && looked->put < old) {
      ++counts.leftovers;
      if (!dry_run) {
        ::unlink(file.c_str());
      }
    }
  };
  for (unsigned i = first_folder; i < std::min(end_folder, 256u); ++i) {
    const std::string start = fmt::format("{:02x}", i);
    PM_TRY(walk(root / start, [&](const fs::path& file) {
      const std::string rest = file.filename().string();
      if (rest.size() != 62) {
        sweep_leftover(file);
        return;
      }
      const std::string name = start + rest;
      const auto looked = look_at(file);
      if (!looked) {
        return;
      }
      if (referenced.contains(name) || looked->put >= old) {
        ++counts.kept;
      } else if (dry_run || remove_blob(root, file, name, old)) {
        ++counts.removed;
        counts.bytes_removed += looked->size;
      }
    }));
  }
  if (end_folder >= 256) {
    PM_TRY(walk(root / "incoming", sweep_leftover));
  }
  return counts;
}

}  // namespace patchmill::store
