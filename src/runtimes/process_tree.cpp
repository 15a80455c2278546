#include "runtimes/process_tree.hpp"

#include "runtimes/dir_closer.hpp"
#include "util/fd.hpp"
#include "util/text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <set>
#include <string>

namespace patchmill::runtimes {
namespace {

constexpr std::size_t max_processes = 100'000;

std::string read_small(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[1024];
  const auto n = fd.valid() ? ::read(fd.get(), buffer, sizeof buffer) : 0;
  return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
}

// The fourth field of /proc/PID/stat; the second one is in parentheses and may hold anything.
pid_t parent_of(const std::string& stat) {
  const auto close = stat.rfind(") ");
  if (close == std::string::npos || close + 4 >= stat.size()) {
    return 0;
  }
  const auto fields = split(std::string_view(stat).substr(close + 2), ' ');
  return fields.size() > 1 ? static_cast<pid_t>(parse_uint(fields[1]).value_or(0)) : 0;
}

template <class F>
void each_number_in(const std::string& folder, F&& f) {
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(folder.c_str()));
  if (!dir) {
    return;
  }
  std::size_t count = 0;
  while (const dirent* item = ::readdir(dir.get())) {
    if (const auto number = parse_uint(item->d_name); number && ++count <= max_processes) {
      f(static_cast<int>(*number));
    }
  }
}

}  // namespace

std::vector<pid_t> descendants(pid_t root) {
  std::multimap<pid_t, pid_t> children;
  each_number_in("/proc", [&](pid_t pid) {
    if (const pid_t parent = parent_of(read_small(fmt::format("/proc/{}/stat", pid))); parent > 0) {
      children.emplace(parent, pid);
    }
  });
  std::vector<pid_t> result{root};
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto [first, last] = children.equal_range(result[i]);
    for (auto it = first; it != last; ++it) {
      result.push_back(it->second);
    }
  }
  return result;
}

std::uint64_t resident_bytes(const std::vector<pid_t>& processes) {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t total = 0;
  for (const pid_t pid : processes) {
    const std::string text = read_small(fmt::format("/proc/{}/statm", pid));
    const auto fields = split(text, ' ');
    if (fields.size() > 1) {
      total += parse_uint(fields[1]).value_or(0) * page;
    }
  }
  return total;
}

std::uint64_t deleted_open_bytes(const std::vector<pid_t>& processes, dev_t device) {
  std::set<ino_t> seen;
  std::uint64_t total = 0;
  for (const pid_t pid : processes) {
    const std::string folder = fmt::format("/proc/{}/fd", pid);
    each_number_in(folder, [&](int fd) {
      struct stat info{};
      if (::stat(fmt::format("{}/{}", folder, fd).c_str(), &info) == 0 && info.st_dev == device &&
          S_ISREG(info.st_mode) && info.st_nlink == 0 && seen.insert(info.st_ino).second) {
        total += static_cast<std::uint64_t>(info.st_blocks) * 512;
      }
    });
  }
  return total;
}

}  // namespace patchmill::runtimes
