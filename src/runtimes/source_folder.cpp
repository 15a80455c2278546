#include "runtimes/source_folder.hpp"

#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

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

Result<SourceFolder> SourceFolder::acquire(const fs::path& parent, std::string_view tree,
                                           unsigned slots) {
  std::error_code error;
  fs::create_directories(parent, error);
  const fs::path full = fs::absolute(parent, error);
  for (unsigned number = 0; number < slots; ++number) {
    Slot slot{full / fmt::format("{}.{}", folder_name(tree), number)};
    PM_TRY(make_folder(slot.home));
    auto lock = LockFile::acquire(slot.lock(), false);
    if (lock) {
      return SourceFolder(std::move(slot), *std::move(lock));
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
  return materialise(repository, commit, m_slot.checkout());
}

std::vector<fs::path> SourceFolder::git_objects() const {
  return borrowed_objects(git_dir());
}

Result<fs::path> SourceFolder::warm(std::string_view name) const {
  return make_folder(m_slot.warm(name));
}

Result<fs::path> SourceFolder::own_source() const {
  return make_folder(m_slot.own());
}

Result<ScratchFolder> SourceFolder::new_scratch() const {
  return ScratchFolder::make_in(m_slot.home);
}

Result<WarmStart> SourceFolder::copy_warm(std::string_view warm, std::chrono::milliseconds patience,
                                          const std::stop_token& stop) const {
  return copy_other_slot(m_slot, warm, patience, stop);
}

Result<LockFile> SourceFolder::use() const {
  return LockFile::acquire(m_slot.busy(), true);
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
