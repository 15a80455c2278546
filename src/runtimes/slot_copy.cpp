#include "runtimes/slot_copy.hpp"

#include "runtimes/checkout.hpp"
#include "runtimes/checkout_state.hpp"
#include "runtimes/remove_tree.hpp"
#include "runtimes/source_folder.hpp"
#include "util/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_warm_prefix = "warm-";
constexpr std::chrono::milliseconds k_look_again{100};

bool is_warm(const fs::path& folder) {
  return folder.filename().string().starts_with(k_warm_prefix);
}

bool has_builds(const fs::path& slot) {
  std::error_code error;
  return std::ranges::any_of(
      fs::directory_iterator(slot, error),
      [](const fs::directory_entry& entry) { return is_warm(entry.path()); });
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

// A scratch folder of ours that is gone with the object.
class Fresh {
 public:
  explicit Fresh(fs::path path) : m_path(std::move(path)) {
    SourceFolder::remove_scratch(m_path);
    std::error_code error;
    fs::create_directory(m_path, error);
  }
  ~Fresh() { SourceFolder::remove_scratch(m_path); }
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;
  [[nodiscard]] const fs::path& path() const { return m_path; }

 private:
  fs::path m_path;
};

Result<void> copy_slot(const CheckoutPlace& from, const CheckoutPlace& to) {
  const auto state = read_state(from.state());
  const Fresh fresh(to.home / "copying");
  const CheckoutPlace half{fresh.path()};
  PM_TRY(link_folder(from.source(), half.source()));
  PM_TRY(copy_folder(from.git_dir(), half.git_dir()));
  std::error_code error;
  std::vector<fs::path> builds;
  for (const auto& entry : fs::directory_iterator(from.home, error)) {
    if (is_warm(entry.path())) {
      PM_TRY(copy_folder(entry.path(), half.home / entry.path().filename()));
      builds.push_back(entry.path().filename());
    }
  }
  // Without its state the slot is filled anew, which is right whatever else is there.
  fs::remove(to.state(), error);
  empty_folder(to.source());
  empty_folder(to.git_dir());
  for (const auto& name : builds) {
    fs::rename(half.home / name, to.home / name, error);
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
  while (!has_builds(slot)) {
    bool may_come = false;
    for (const fs::path& other : slots_with(slot, build)) {
      const auto lock = LockFile::acquire(busy_lock(other), false);
      if (!lock) {
        may_come = true;
      } else if (is_whole({other})) {
        PM_TRY(copy_slot({other}, {slot}));
        return true;
      }
    }
    if (!may_come || stop.stop_requested() || std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(k_look_again);
  }
  return false;
}

}  // namespace patchmill::runtimes
