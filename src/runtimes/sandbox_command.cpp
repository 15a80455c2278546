#include "runtimes/sandbox_command.hpp"

#include "util/file.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace patchmill::runtimes {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_mark = "patchmill: started\n";

// Sets the limits from beside the command, not by the program that then becomes it: the exit
// status of a limit that cannot be set would be taken for the command's own.
std::string limit_script(const SandboxPlan& plan) {
  std::string limits;
  if (plan.processes != 0) {
    limits += fmt::format(" --nproc={0}:{0}", plan.processes);
  }
  if (plan.file_bytes != 0) {
    limits += fmt::format(" --fsize={0}:{0}", plan.file_bytes);
  }
  std::string script;
  if (!limits.empty()) {
    script = fmt::format("/usr/bin/prlimit --pid $${} || exit 125\n", limits);
  }
  // To become the command is left to prlimit, too: shells differ in what they make of one that
  // begins with '-'.
  return script + fmt::format("echo '{}' >&{}\nexec /usr/bin/prlimit --core=0:0 -- \"$@\"",
                              k_mark.substr(0, k_mark.size() - 1), desc_fd);
}

class Arguments {
 public:
  template <class... Words>
  void add(const Words&... words) {
    ((m_text.append(words).push_back('\0')), ...);
  }
  std::string take() { return std::move(m_text); }

 private:
  std::string m_text;
};

void add_system(Arguments& args) {
  // Folders that bubblewrap makes on the way to a file may be closed to other users.
  args.add("--perms", "0755", "--dir", "/etc");
  args.add("--ro-bind", "/usr", "/usr");
  // Merged /usr has links here, older systems folders.
  for (const char* name : {"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}) {
    std::error_code error;
    if (fs::is_symlink(name, error)) {
      args.add("--symlink", fs::read_symlink(name, error).string(), name);
    } else if (fs::is_directory(name, error)) {
      args.add("--ro-bind", name, name);
    }
  }
  for (const char* name :
       {"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"}) {
    args.add("--ro-bind-try", name, name);
  }
}

// Read-only at the same path inside, with folders on the way that every user may pass.
void add_read_only(Arguments& args, const std::vector<fs::path>& paths) {
  std::set<std::string> folders;
  std::set<std::string> sorted;  // outer folders come before what is in them
  for (const fs::path& path : paths) {
    const fs::path clean = path.lexically_normal();
    sorted.insert(clean.string());
    for (fs::path parent = clean.parent_path(); parent != "/" && !parent.empty();
         parent = parent.parent_path()) {
      folders.insert(parent.string());
    }
  }
  for (const std::string& folder : folders) {
    args.add("--perms", "0755", "--dir", folder);
  }
  for (const std::string& path : sorted) {
    args.add("--ro-bind", path, path);
  }
}

void add_network(Arguments& args) {
  for (const char* name : {"/etc/resolv.conf", "/etc/ssl", "/etc/ca-certificates", "/etc/services",
                           "/etc/protocols"}) {
    args.add("--ro-bind-try", name, name);
  }
}

}  // namespace

std::vector<EtcFile> etc_files(const SandboxPlan& plan) {
  const unsigned uid = plan.uid.value_or(::getuid());
  const unsigned gid = plan.uid.value_or(::getgid());
  std::string passwd = "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n";
  std::string group = "root:x:0:\n";
  if (uid != 0) {
    passwd += fmt::format("patchmill:x:{}:{}:patchmill:/tmp:/bin/sh\n", uid, gid);
    group += fmt::format("patchmill:x:{}:\n", gid);
  }
  passwd += "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
  group += "nogroup:x:65534:\n";
  return {{"/etc/passwd", passwd},
          {"/etc/group", group},
          {"/etc/hosts", "127.0.0.1 localhost patchmill\n::1 localhost\n"},
          {"/etc/nsswitch.conf", plan.network ? "passwd: files\ngroup: files\nhosts: files dns\n"
                                              : "passwd: files\ngroup: files\nhosts: files\n"},
          // The objects belong to another user than the job; that is so on purpose.
          {"/etc/gitconfig", "[safe]\n\tdirectory = *\n[core]\n\tfsmonitor = false\n"}};
}

std::string bubblewrap_arguments(const SandboxPlan& plan, const std::vector<EtcFile>& files) {
  Arguments args;
  args.add("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try");
  if (!plan.network) {
    args.add("--unshare-net");
  }
  args.add("--die-with-parent", "--new-session", "--hostname", "patchmill", "--cap-drop", "ALL");
  if (plan.uid) {
    // Just enough for setpriv to give up the rest.
    args.add("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP");
  } else {
    args.add("--unshare-user");
  }
  args.add("--json-status-fd", std::to_string(status_fd));
  args.add("--seccomp", std::to_string(seccomp_fd));
  args.add("--clearenv");
  for (const auto& [name, value] : plan.env) {
    args.add("--setenv", name, value);
  }
  add_system(args);
  if (plan.network) {
    add_network(args);
  }
  const std::string size = std::to_string(plan.tmp_bytes);
  args.add("--proc", "/proc", "--dev", "/dev");
  args.add("--perms", "1777", "--size", size, "--tmpfs", "/dev/shm");
  args.add("--perms", "1777", "--size", size, "--tmpfs", "/tmp");
  int fd = first_file_fd;
  for (const EtcFile& file : files) {
    args.add("--perms", "0644", "--ro-bind-data", std::to_string(fd++), file.path);
  }
  add_read_only(args, plan.read_only);
  args.add(plan.source_writable ? "--bind" : "--ro-bind", plan.source.string(), inside_source);
  args.add("--bind", plan.scratch.string(), inside_scratch);
  if (!plan.warm.empty()) {
    args.add("--bind", plan.warm.string(), inside_warm);
  }
  if (!plan.git_dir.empty()) {
    args.add("--ro-bind", plan.git_dir.string(), inside_git);
  }
  // In a user namespace the job owns these: nothing may be written but where it is counted.
  args.add("--remount-ro", "/dev", "--remount-ro", "/");
  args.add("--chdir", inside_source);
  return args.take();
}

std::vector<std::string> sandbox_argv(const SandboxPlan& plan, std::string_view bubblewrap) {
  // The groups are joined by the process that becomes the sandbox; when the machine itself runs
  // out of memory, a job is the first to go.
  static constexpr const char* prepare =
      "echo 1000 >/proc/self/oom_score_adj\n"
      "n=$1; shift\n"
      "while [ \"$n\" -gt 0 ]; do\n"
      "  echo 0 >\"$1/cgroup.procs\" || exit 125\n"
      "  shift; n=$((n - 1))\n"
      "done\n"
      // /dev/stdout, /dev/stderr and /dev/fd/N open the pipe anew, which only its owner may.
      "owner=$1; shift\n"
      "if [ -n \"$owner\" ]; then\n"
      "  chown \"$owner\" /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3 || exit "
      "125\n"
      "fi\n"
      "exec \"$@\"";
  std::vector<std::string> argv = {"/bin/sh", "-c", prepare, "patchmill-run",
                                   std::to_string(plan.cgroups.size())};
  for (const fs::path& group : plan.cgroups) {
    argv.push_back(group.string());
  }
  argv.push_back(plan.uid ? fmt::format("{0}:{0}", *plan.uid) : "");
  argv.insert(argv.end(), {std::string(bubblewrap), "--args", std::to_string(args_fd), "--"});
  if (plan.uid) {
    const std::string id = std::to_string(*plan.uid);
    argv.insert(argv.end(), {"/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups",
                             "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all",
                             "--no-new-privs", "--"});
  }
  argv.insert(argv.end(), {"/bin/sh", "-c", limit_script(plan), "patchmill-job"});
  argv.insert(argv.end(), plan.command.begin(), plan.command.end());
  return argv;
}

std::optional<std::string_view> after_mark(std::string_view description) {
  if (!description.starts_with(k_mark)) {
    return std::nullopt;
  }
  return description.substr(k_mark.size());
}

std::uint64_t within_hard_limit(int resource, std::uint64_t wanted) {
  struct rlimit limit{};
  if (wanted == 0 || ::getrlimit(resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) {
    return wanted;
  }
  // A limit of 0 would be read as none.
  return std::clamp<std::uint64_t>(limit.rlim_max, 1, wanted);
}

std::map<std::string, std::string> base_environment() {
  return {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
          {"HOME", "/tmp"},
          {"TMPDIR", "/tmp"},
          {"LANG", "C.UTF-8"},
          {"LC_ALL", "C.UTF-8"},
          {"TZ", "UTC"},
          {"USER", "patchmill"},
          {"LOGNAME", "patchmill"},
          {"SHELL", "/bin/sh"},
          {"TERM", "dumb"},
          {"SOURCE_DIR", inside_source},
          {"SCRATCH_DIR", inside_scratch},
          {"RESULTS_DIR", inside_results},
          {"DESC_FD", std::to_string(desc_fd)}};
}

}  // namespace patchmill::runtimes
