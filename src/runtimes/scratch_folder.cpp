#include "runtimes/scratch_folder.hpp"

#include "runtimes/remove_tree.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<ScratchFolder> ScratchFolder::make_in(const fs::path& parent) {
  std::string name = (parent / "run-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    return fail(ErrorKind::infrastructure, fmt::format("cannot make a folder in {}: {}",
                                                       parent.string(), std::strerror(errno)));
  }
  ::chmod(name.c_str(), 0755);
  return ScratchFolder(name);
}

Result<ScratchFolder> ScratchFolder::make(const fs::path& path) {
  remove(path);
  if (::mkdir(path.c_str(), 0755) != 0) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot make {}: {}", path.string(), std::strerror(errno)));
  }
  return ScratchFolder(path);
}

bool ScratchFolder::remove(const fs::path& path) {
  empty_folder(path);
  std::error_code error;
  fs::remove(path, error);
  return !fs::exists(fs::symlink_status(path, error));
}

ScratchFolder::~ScratchFolder() {
  if (!m_path.empty()) {
    remove(m_path);
  }
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : m_path(std::exchange(other.m_path, {})) {}

}  // namespace patchmill::runtimes
