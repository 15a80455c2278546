#include "runtimes/source_folder.hpp"

#include "runtimes/remove_tree.hpp"
#include "runtimes/slot_copy.hpp"
#include "util/hash.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

Result<fs::path> make_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot make {}: {}", path.string(), std::strerror(errno)));
  }
  return path;
}

}  // namespace

std::string folder_name(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, 100)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-' || (c == '.' && !result.empty());
    result.push_back(plain ? c : '_');
  }
  // Names that had to be changed get a mark, so that no two of them meet.
  return result == name && !name.empty() ? result : result + "-" + sha256_hex(name).substr(0, 12);
}

Result<SourceFolder> SourceFolder::acquire(const fs::path& parent, std::string_view tree,
                                           unsigned slots) {
  std::error_code error;
  fs::create_directories(parent, error);
  const fs::path full = fs::absolute(parent, error);
  for (unsigned slot = 0; slot < slots; ++slot) {
    CheckoutPlace place{full / fmt::format("{}.{}", folder_name(tree), slot)};
    PM_TRY(make_folder(place.home));
    auto lock = LockFile::acquire(place.home / "lock", false);
    if (lock) {
      return SourceFolder(std::move(place), *std::move(lock));
    }
    if (lock.error().kind != ErrorKind::conflict) {
      return tl::unexpected(lock.error());
    }
  }
  return fail(ErrorKind::conflict,
              fmt::format("all {} source folders of tree {} are in use; run fewer jobs at once",
                          slots, escape_terminal(tree)));
}

Result<CheckoutOutcome> SourceFolder::update(git::Repository& repository,
                                             const git::ObjectId& commit) {
  return materialise(repository, commit, m_place);
}

std::vector<fs::path> SourceFolder::git_objects() const {
  return borrowed_objects(git_dir());
}

Result<fs::path> SourceFolder::warm(std::string_view name) const {
  return make_folder(m_place.home / ("warm-" + folder_name(name)));
}

Result<fs::path> SourceFolder::own_source() const {
  return make_folder(m_place.home / "own");
}

Result<fs::path> SourceFolder::new_scratch() const {
  std::string name = (m_place.home / "run-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("cannot make a folder in {}: {}", m_place.home.string(), std::strerror(errno)));
  }
  ::chmod(name.c_str(), 0755);
  return fs::path(name);
}

void SourceFolder::remove_scratch(const fs::path& scratch) {
  empty_folder(scratch);
  std::error_code error;
  fs::remove(scratch, error);
}

Result<bool> SourceFolder::copy_warm(std::string_view warm, std::chrono::milliseconds patience,
                                     const std::stop_token& stop) const {
  return copy_other_slot(m_place.home, warm, patience, stop);
}

Result<LockFile> SourceFolder::use() const {
  return LockFile::acquire(busy_lock(m_place.home), true);
}

namespace {

Result<void> run_cp(const char* how, const fs::path& original, const fs::path& copy) {
  Command command;
  command.argv = {"cp", "-a", "-T", how, "--", original.string(), copy.string()};
  SystemProcessRunner runner;
  PM_TRY_ASSIGN(const auto completed, runner.run(command));
  if (!completed.ok()) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("cannot copy {}: {}", original.string(),
                    ellipsize(escape_terminal(mend_utf8(joined_lines(completed.err))), 300)));
  }
  return {};
}

}  // namespace

Result<void> copy_folder(const fs::path& original, const fs::path& copy) {
  return run_cp("--reflink=auto", original, copy);
}

Result<void> link_folder(const fs::path& original, const fs::path& copy) {
  return run_cp("--link", original, copy);
}

}  // namespace patchmill::runtimes
