#pragma once
// The command lines that make a sandbox: bubblewrap's, and the small programs around and in it.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::runtimes {

// What stands where inside; the same for every run, since builds record absolute paths.
inline constexpr const char* inside_source = "/src";
inline constexpr const char* inside_scratch = "/scratch";
inline constexpr const char* inside_results = "/scratch/results";
inline constexpr const char* inside_warm = "/warm";
inline constexpr const char* inside_git = "/git";
// Descriptors the sandbox is started with.
inline constexpr int desc_fd = 3;    // the job's DESC_FD
inline constexpr int status_fd = 4;  // bubblewrap's reports
inline constexpr int args_fd = 5;    // bubblewrap's arguments
inline constexpr int seccomp_fd = 6;
inline constexpr int first_file_fd = 7;

struct SandboxPlan {
  std::filesystem::path source, scratch;  // on the host
  bool source_writable = false;
  std::filesystem::path warm, git_dir;           // empty: none
  std::vector<std::filesystem::path> read_only;  // the same path inside
  std::map<std::string, std::string> env;
  std::vector<std::string> command;
  bool network = false;
  std::optional<unsigned> uid;         // we are root: drop to this user; else a user namespace
  std::uint64_t tmp_bytes = 1u << 30;  // of /tmp and of /dev/shm
  // Both no more than within_hard_limit() says. 0: no limit.
  std::uint64_t file_bytes = 0;  // largest file
  std::uint64_t processes = 0;
  std::vector<std::filesystem::path> cgroups;  // to join before anything else
};

// A file of the minimal /etc: its path inside and its content.
struct EtcFile {
  std::string path;
  std::string content;
};
std::vector<EtcFile> etc_files(const SandboxPlan& plan);

// The arguments for bubblewrap's --args, NUL after each. `files`: etc_files(plan), whose contents
// are on the descriptors first_file_fd, first_file_fd + 1, …
std::string bubblewrap_arguments(const SandboxPlan& plan, const std::vector<EtcFile>& files);

// What to start: a shell that joins the groups and gives the pipes to the run's user, bubblewrap,
// and inside it the programs that drop the last privileges and set limits, then the job's command.
// When all that is done, and just before the command, a mark is written to desc_fd: without it
// whatever exit status there is says nothing about the job.
std::vector<std::string> sandbox_argv(const SandboxPlan& plan, std::string_view bubblewrap);
// What the job itself wrote, of all that came out of desc_fd; empty when there is no mark.
std::optional<std::string_view> after_mark(std::string_view description);

// `wanted`, or the hard limit of this process for `resource` (RLIMIT_…) where that is less: nothing
// inside has the privilege to go beyond it. 0 stays 0.
std::uint64_t within_hard_limit(int resource, std::uint64_t wanted);

// The environment a job starts with, before its own words.
std::map<std::string, std::string> base_environment();

}  // namespace patchmill::runtimes
