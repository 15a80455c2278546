#include "runtimes/slot_copy.hpp"

#include "runtimes/checkout.hpp"
#include "runtimes/checkout_state.hpp"
#include "runtimes/remove_tree.hpp"
#include "runtimes/source_folder.hpp"
#include "runtimes/tree_walk.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_warm_prefix = "warm-";
// A worker lets go of its slot only for a few milliseconds between two jobs.
constexpr std::chrono::milliseconds k_look_again{5};
constexpr std::uint64_t k_room_left = std::uint64_t{1} << 30;

bool is_warm(const fs::path& folder) {
  return folder.filename().string().starts_with(k_warm_prefix);
}

// Slots of the same tree with this build folder, in the order of their names.
std::vector<fs::path> slots_with(const fs::path& slot, const std::string& warm) {
  const std::string name = slot.filename().string();
  const std::string tree = name.substr(0, name.rfind('.') + 1);
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(slot.parent_path(), error)) {
    const std::string other = entry.path().filename().string();
    const bool same_tree = other.starts_with(tree) && other.size() > tree.size() &&
                           other.find_first_not_of("0123456789", tree.size()) == std::string::npos;
    std::error_code ignored;
    if (same_tree && other != name && fs::is_directory(entry.path() / warm, ignored)) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

// What is in it can be relied on: no change was cut short.
bool is_whole(const CheckoutPlace& place) {
  const auto state = read_state(place.state());
  std::error_code error;
  return state && state->towards.empty() && state->same_boot() && fs::exists(place.index(), error);
}

fs::path half_copy(const fs::path& slot) {
  return slot / "copying";
}

// An empty folder that is gone with the object.
class Fresh {
 public:
  static Result<std::unique_ptr<Fresh>> make(fs::path path) {
    SourceFolder::remove_scratch(path);
    std::error_code error;
    if (!fs::create_directory(path, error)) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot make {}: {}", path.string(),
                              error ? error.message() : "somebody else did; look for a cp"));
    }
    return std::make_unique<Fresh>(std::move(path));
  }
  explicit Fresh(fs::path path) : m_path(std::move(path)) {}
  ~Fresh() { SourceFolder::remove_scratch(m_path); }
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;
  [[nodiscard]] const fs::path& path() const { return m_path; }

 private:
  fs::path m_path;
};

std::vector<fs::path> builds_of(const fs::path& slot) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(slot, error)) {
    if (is_warm(entry.path())) {
      found.push_back(entry.path());
    }
  }
  return found;
}

// A full disk would end the jobs of every other slot.
Result<void> check_room(const std::vector<fs::path>& builds, const fs::path& slot) {
  std::uint64_t bytes = 0;
  for (const auto& build : builds) {
    bytes += disk_usage(build).bytes;
  }
  std::error_code error;
  const auto space = fs::space(slot, error);
  if (!error && space.available < bytes + k_room_left) {
    return fail(ErrorKind::infrastructure,
                fmt::format("no room for a copy of {} MiB in {}", bytes >> 20, slot.string()));
  }
  return {};
}

Result<void> copy_slot(const CheckoutPlace& from, const CheckoutPlace& to,
                       const std::stop_token& stop) {
  const auto state = read_state(from.state());
  const auto builds = builds_of(from.home);
  PM_TRY(check_room(builds, to.home));
  PM_TRY_ASSIGN(const auto fresh, Fresh::make(half_copy(to.home)));
  const CheckoutPlace half{fresh->path()};
  PM_TRY(link_folder(from.source(), half.source()));
  PM_TRY(copy_folder(from.git_dir(), half.git_dir()));
  for (const auto& build : builds) {
    if (stop.stop_requested()) {
      return fail(ErrorKind::infrastructure, "stopped");
    }
    PM_TRY(copy_folder(build, half.home / build.filename()));
  }
  std::error_code error;
  // Without its state the slot is filled anew, which is right whatever else is there.
  fs::remove(to.state(), error);
  empty_folder(to.source());
  empty_folder(to.git_dir());
  // A source that jobs may write to has times of its own, older than the builds that come: make
  // would find nothing to do.
  SourceFolder::remove_scratch(to.home / "own");
  if (fs::exists(to.home / "own", error)) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot remove {}", (to.home / "own").string()));
  }
  for (const auto& build : builds) {
    fs::rename(half.home / build.filename(), to.home / build.filename(), error);
    if (error) {
      break;
    }
  }
  for (const auto& [made, place] :
       {std::pair{half.git_dir(), to.git_dir()}, std::pair{half.source(), to.source()}}) {
    if (!error) {
      fs::rename(made, place, error);
    }
  }
  if (error) {
    return fail(ErrorKind::infrastructure,
                fmt::format("cannot copy {} to {}: {}", from.home.string(), to.home.string(),
                            error.message()));
  }
  return write_state(to.state(), state->holds);
}

}  // namespace

fs::path busy_lock(const fs::path& slot) {
  return slot / "busy";
}

Result<bool> copy_other_slot(const fs::path& slot, std::string_view warm,
                             std::chrono::milliseconds patience, const std::stop_token& stop) {
  const std::string build = std::string(k_warm_prefix) + folder_name(warm);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool told = false;
  SourceFolder::remove_scratch(half_copy(slot));  // of a process that died
  while (builds_of(slot).empty()) {
    bool may_come = false;
    for (const fs::path& other : slots_with(slot, build)) {
      const auto lock = LockFile::acquire(busy_lock(other), false);
      if (!lock) {
        may_come = true;
      } else if (is_whole({other})) {
        PM_TRY(copy_slot({other}, {slot}, stop));
        return true;
      }
    }
    if (!may_come || stop.stop_requested() || std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    if (!std::exchange(told, true)) {
      log::info("{}: waits for a job to end, whose build can be copied", slot.filename().string());
    }
    std::this_thread::sleep_for(k_look_again);
  }
  return false;
}

}  // namespace patchmill::runtimes
