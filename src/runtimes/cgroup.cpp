#include "runtimes/cgroup.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view prefix = "patchmill-run-";
constexpr std::string_view supervisor = "patchmill-supervisor";
constexpr std::uint64_t k_most_pids = 1u << 22;  // PID_MAX_LIMIT; pids.max takes no more

bool write_value(const fs::path& file, std::string_view value) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() &&
         ::write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

// Files of these filesystems have no size: read until the end, bounded.
std::string read_value(const fs::path& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  while (fd.valid() && text.size() < (1u << 20)) {
    const auto n = ::read(fd.get(), buffer, sizeof buffer);
    if (n <= 0) {
      break;
    }
    text.append(buffer, static_cast<std::size_t>(n));
  }
  return text;
}

bool can_make_groups(const fs::path& folder) {
  return ::access(folder.c_str(), W_OK) == 0 &&
         ::access((folder / "cgroup.procs").c_str(), W_OK) == 0;
}

bool has_word(std::string_view list, char separator, std::string_view word) {
  for (const std::string_view item : split(list, separator)) {
    if (trim(item) == word) {
      return true;
    }
  }
  return false;
}

// The number after "name " in a file of "name number" lines.
std::uint64_t counter(const fs::path& file, std::string_view name) {
  const std::string text = read_value(file);
  for (const std::string_view line : split_lines(text)) {
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ' ') {
      return parse_uint(trim(line.substr(name.size()))).value_or(0);
    }
  }
  return 0;
}

// In v2 a group with processes in it cannot limit its children. When we are alone in ours
// (a service with Delegate=yes) we step into a leaf beside the runs.
bool enable_v2(const fs::path& group) {
  if (has_word(read_value(group / "cgroup.subtree_control"), ' ', "memory")) {
    return true;
  }
  const std::string controllers = read_value(group / "cgroup.controllers");
  if (!has_word(controllers, ' ', "memory") || !has_word(controllers, ' ', "pids")) {
    return false;
  }
  const std::string members = read_value(group / "cgroup.procs");
  if (trim(members) == std::to_string(::getpid())) {
    const fs::path leaf = group / supervisor;
    ::mkdir(leaf.c_str(), 0755);
    write_value(leaf / "cgroup.procs", "0");
  }
  return write_value(group / "cgroup.subtree_control", "+memory +pids");
}

// Groups of processes that were killed before they could clean up.
void remove_stale(const fs::path& parent) {
  std::error_code error;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(prefix)) {
      continue;
    }
    const auto pid = parse_uint(split(std::string_view(name).substr(prefix.size()), '-').front());
    if (pid && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH) {
      ::rmdir(it->path().c_str());  // fails, rightly, while something is in it
    }
  }
}

fs::path make_group(const fs::path& parent) {
  static std::atomic<unsigned> count{0};
  remove_stale(parent);
  const fs::path group = parent / fmt::format("{}{}-{}", prefix, ::getpid(), ++count);
  return ::mkdir(group.c_str(), 0755) == 0 ? group : fs::path();
}

}  // namespace

CgroupPlaces find_cgroups() {
  const std::string cgroup = read_value("/proc/self/cgroup");
  const std::string mounts = read_value("/proc/self/mounts");
  CgroupPlaces places = find_cgroups(cgroup, mounts, can_make_groups);
  using enum CgroupPlaces::Version;
  if (places.memory_version == v2 && !enable_v2(places.memory)) {
    places.memory_version = none;
    places.memory.clear();
    if (places.pids_version == v2) {
      places.pids_version = none;
      places.pids.clear();
    }
  }
  return places;
}

CgroupPlaces find_cgroups(std::string_view proc_cgroup, std::string_view mounts,
                          bool (*writable)(const fs::path&)) {
  using enum CgroupPlaces::Version;
  CgroupPlaces places;
  const auto group_in = [&](std::string_view controller) -> std::string_view {
    for (const std::string_view line : split_lines(proc_cgroup)) {
      const auto first = line.find(':');
      const auto second = line.find(':', first == std::string_view::npos ? 0 : first + 1);
      if (first == std::string_view::npos || second == std::string_view::npos) {
        continue;
      }
      const std::string_view names = line.substr(first + 1, second - first - 1);
      if (controller.empty() ? names.empty() : has_word(names, ',', controller)) {
        return line.substr(second + 1);
      }
    }
    return {};
  };
  const auto place = [&](std::string_view mount_point, std::string_view group) -> fs::path {
    if (group.empty() || group.find("..") != std::string_view::npos) {
      return {};
    }
    fs::path folder(mount_point);
    folder += group == "/" ? "" : std::string(group);
    if (folder.filename() == supervisor) {
      folder = folder.parent_path();
    }
    return writable(folder) ? folder : fs::path();
  };
  for (const std::string_view line : split_lines(mounts)) {
    const auto fields = split(line, ' ');
    if (fields.size() < 4) {
      continue;
    }
    if (fields[2] == "cgroup") {
      for (const auto& [name, path, version] :
           {std::tuple{std::string_view("memory"), &places.memory, &places.memory_version},
            std::tuple{std::string_view("pids"), &places.pids, &places.pids_version}}) {
        if (has_word(fields[3], ',', name) && path->empty()) {
          *path = place(fields[1], group_in(name));
          *version = path->empty() ? none : v1;
        }
      }
    }
  }
  for (const std::string_view line : split_lines(mounts)) {
    const auto fields = split(line, ' ');
    if (fields.size() >= 4 && fields[2] == "cgroup2" && places.memory.empty() &&
        places.pids.empty()) {
      const fs::path folder = place(fields[1], group_in(""));
      if (!folder.empty()) {
        places.memory = places.pids = folder;
        places.memory_version = places.pids_version = v2;
      }
    }
  }
  return places;
}

bool services_have_cgroups(std::string_view mounts, const fs::path& systemd) {
  std::error_code error;
  if (!fs::is_directory(systemd, error)) {
    return false;
  }
  for (const std::string_view line : split_lines(mounts)) {
    const auto fields = split(line, ' ');
    if (fields.size() >= 3 && fields[2] == "cgroup2") {
      const std::string controllers = read_value(fs::path(fields[1]) / "cgroup.controllers");
      return has_word(controllers, ' ', "memory") && has_word(controllers, ' ', "pids");
    }
  }
  return false;
}

std::unique_ptr<RunCgroup> RunCgroup::make(const CgroupPlaces& places, std::uint64_t memory_bytes,
                                           std::uint64_t processes) {
  using enum CgroupPlaces::Version;
  std::unique_ptr<RunCgroup> group(new RunCgroup);
  const std::string pids_max =
      processes == 0 ? "max" : std::to_string(std::min(processes, k_most_pids));
  if (!places.memory.empty()) {
    const fs::path folder = make_group(places.memory);
    const bool is_v2 = places.memory_version == v2;
    const bool limited =
        !folder.empty() &&
        (memory_bytes == 0 || write_value(folder / (is_v2 ? "memory.max" : "memory.limit_in_bytes"),
                                          std::to_string(memory_bytes)));
    if (limited) {
      // Memory means memory: no way round through swap, where the kernel counts it.
      if (memory_bytes != 0) {
        write_value(folder / (is_v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"),
                    is_v2 ? "0" : std::to_string(memory_bytes));
      }
      group->m_memory = folder;
      group->m_folders.push_back(folder);
      if (is_v2 && write_value(folder / "pids.max", pids_max)) {
        group->m_pids = folder;
      }
    } else if (!folder.empty()) {
      ::rmdir(folder.c_str());
    }
  }
  if (!places.pids.empty() && places.pids_version == v1) {
    const fs::path folder = make_group(places.pids);
    if (!folder.empty() && write_value(folder / "pids.max", pids_max)) {
      group->m_pids = folder;
      group->m_folders.push_back(folder);
    } else if (!folder.empty()) {
      ::rmdir(folder.c_str());
    }
  }
  return group;
}

RunCgroup::~RunCgroup() {
  kill_all();
  for (const fs::path& folder : m_folders) {
    ::rmdir(folder.c_str());
  }
}

bool RunCgroup::out_of_memory() const {
  return !m_memory.empty() && (counter(m_memory / "memory.events", "oom_kill") > 0 ||
                               counter(m_memory / "memory.oom_control", "oom_kill") > 0);
}

bool RunCgroup::out_of_processes() const {
  return !m_pids.empty() && counter(m_pids / "pids.events", "max") > 0;
}

bool RunCgroup::kill_all() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (;;) {
    bool anybody = false;
    for (const fs::path& folder : m_folders) {
      const std::string members = read_value(folder / "cgroup.procs");
      if (trim(members).empty()) {
        continue;
      }
      anybody = true;
      if (!write_value(folder / "cgroup.kill", "1")) {
        for (const std::string_view member : split_lines(members)) {
          if (const auto pid = parse_uint(trim(member)); pid && *pid > 1) {
            ::kill(static_cast<pid_t>(*pid), SIGKILL);
          }
        }
      }
    }
    if (!anybody) {
      return true;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace patchmill::runtimes
