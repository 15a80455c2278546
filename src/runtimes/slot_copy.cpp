#include "runtimes/slot_copy.hpp"

#include "runtimes/checkout.hpp"
#include "runtimes/checkout_state.hpp"
#include "runtimes/scratch_folder.hpp"
#include "runtimes/source_folder.hpp"
#include "runtimes/tree_walk.hpp"
#include "util/file.hpp"
#include "util/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

// A worker lets go of its slot only for a few milliseconds between two jobs.
constexpr std::chrono::milliseconds k_look_again{5};
constexpr std::uint64_t k_room_left = std::uint64_t{1} << 30;

// Slots of the same tree with this build folder, in the order of their names.
std::vector<Slot> slots_with(const Slot& slot, std::string_view warm) {
  const std::string name = slot.home.filename().string();
  const std::string tree = slot.tree() + ".";
  std::vector<Slot> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(slot.home.parent_path(), error)) {
    const std::string other = entry.path().filename().string();
    const bool same_tree = other.starts_with(tree) && other.size() > tree.size() &&
                           other.find_first_not_of("0123456789", tree.size()) == std::string::npos;
    std::error_code ignored;
    const Slot candidate{entry.path()};
    if (same_tree && other != name && fs::is_directory(candidate.warm(warm), ignored)) {
      found.push_back(candidate);
    }
  }
  std::ranges::sort(found, {}, &Slot::home);
  return found;
}

// The commit a slot holds, where what is in it can be relied on: no change was cut short.
std::optional<git::ObjectId> whole(const CheckoutPlace& place) {
  const auto state = read_state(place.state());
  std::error_code error;
  if (!state || !state->towards.empty() || !state->same_boot() ||
      !fs::exists(place.index(), error)) {
    return std::nullopt;
  }
  return state->holds;
}

std::vector<fs::path> builds_of(const Slot& slot) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(slot.home, error)) {
    if (Slot::is_warm(entry.path())) {
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

Result<void> copy_slot(const Slot& from, const git::ObjectId& holds, const Slot& to,
                       const std::stop_token& stop) {
  const auto builds = builds_of(from);
  PM_TRY(check_room(builds, to.home));
  PM_TRY_ASSIGN(const auto half, ScratchFolder::make(to.half()));
  // What is made, and its place.
  std::vector<std::pair<fs::path, fs::path>> made;
  const auto next = [&](const fs::path& folder) -> const fs::path& {
    made.emplace_back(half.path() / folder.filename(), to.home / folder.filename());
    return made.back().first;
  };
  for (const auto& build : builds) {
    if (stop.stop_requested()) {
      return fail(ErrorKind::infrastructure, "stopped");
    }
    PM_TRY(copy_folder(build, next(build)));
  }
  PM_TRY(copy_folder(from.checkout().git_dir(), next(from.checkout().git_dir())));
  PM_TRY(link_folder(from.checkout().source(), next(from.checkout().source())));
  std::error_code error;
  // Without its state the slot is filled anew, which is right whatever else is there.
  fs::remove(to.checkout().state(), error);
  // A source that jobs may write to has times of its own, older than the builds that come: make
  // would find nothing to do.
  if (!ScratchFolder::remove(to.own())) {
    return fail(ErrorKind::infrastructure, fmt::format("cannot remove {}", to.own().string()));
  }
  for (const auto& [copy, place] : made) {
    ScratchFolder::remove(place);
    fs::rename(copy, place, error);
    if (error) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot copy {} to {}: {}", from.home.string(), place.string(),
                              error.message()));
    }
  }
  return write_state(to.checkout().state(), holds);
}

}  // namespace

Result<WarmStart> copy_other_slot(const Slot& slot, std::string_view warm,
                                  std::chrono::milliseconds patience, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool told = false;
  ScratchFolder::remove(slot.half());  // of a process that died
  while (builds_of(slot).empty()) {
    auto beginning = LockFile::acquire(slot.beginning(), false);
    if (!beginning && beginning.error().kind != ErrorKind::conflict) {
      log::warning("{}: {}; builds from nothing", slot.home.filename().string(),
                   beginning.error().message);
      return WarmStart{};
    }
    bool may_come = !beginning;
    for (const Slot& other : slots_with(slot, warm)) {
      const auto lock = LockFile::acquire(other.busy(), false);
      if (!lock) {
        may_come = may_come || lock.error().kind == ErrorKind::conflict;
      } else if (const auto holds = whole(other.checkout())) {
        PM_TRY(copy_slot(other, *holds, slot, stop));
        return WarmStart{.copied = true, .beginning = {}};
      }
    }
    if (beginning && !may_come) {
      return WarmStart{.copied = false, .beginning = *std::move(beginning)};
    }
    if (stop.stop_requested() || std::chrono::steady_clock::now() >= deadline) {
      return WarmStart{};
    }
    if (!std::exchange(told, true)) {
      log::info("{}: waits for a job to end, whose build can be copied",
                slot.home.filename().string());
    }
    std::this_thread::sleep_for(k_look_again);
  }
  return WarmStart{};
}

}  // namespace patchmill::runtimes
