#pragma once
// Control groups for one run, made under our own group and never outside it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::runtimes {

// Where groups can be made for us on this machine.
struct CgroupPlaces {
  enum class Version { none, v1, v2 };
  Version memory_version = Version::none;
  std::filesystem::path memory;  // our own group in the hierarchy that limits memory; or empty
  Version pids_version = Version::none;
  std::filesystem::path pids;  // the same for the number of processes
};
// Reads /proc/self/cgroup and the mounts; a place is named only where we may make a group in it.
// Claims a delegated group as claim_control_groups() does.
CgroupPlaces find_cgroups();
// As find_cgroups(), from the text of those two files (for tests of machines we are not on).
// `writable` decides whether groups can be made in a folder.
CgroupPlaces find_cgroups(std::string_view proc_cgroup, std::string_view mounts,
                          bool (*writable)(const std::filesystem::path&));

// Whether a service could have groups where we have none: systemd runs here and has the controllers
// of v2 to delegate. `mounts`: the text of /proc/self/mounts, `systemd`: /run/systemd/system.
bool services_have_cgroups(std::string_view mounts, const std::filesystem::path& systemd);

// The groups of one run; removed on destruction, with everything in them killed before.
class RunCgroup {
 public:
  // Limits of 0 are none. Falls back to fewer groups where the kernel refuses.
  static std::unique_ptr<RunCgroup> make(const CgroupPlaces& places, std::uint64_t memory_bytes,
                                         std::uint64_t processes);
  ~RunCgroup();
  RunCgroup(const RunCgroup&) = delete;
  RunCgroup& operator=(const RunCgroup&) = delete;

  // Folders whose cgroup.procs a process joins by writing 0.
  [[nodiscard]] const std::vector<std::filesystem::path>& folders() const { return m_folders; }
  [[nodiscard]] bool limits_memory() const { return !m_memory.empty(); }
  [[nodiscard]] bool limits_processes() const { return !m_pids.empty(); }
  // Something in it was killed for memory.
  [[nodiscard]] bool out_of_memory() const;
  // A process of it could not be started for its limit of processes.
  [[nodiscard]] bool out_of_processes() const;
  // Kills everything in it and waits up to five seconds. True when nobody is left.
  bool kill_all();

 private:
  RunCgroup() = default;
  std::vector<std::filesystem::path> m_folders;
  std::filesystem::path m_memory, m_pids;
};

}  // namespace patchmill::runtimes
