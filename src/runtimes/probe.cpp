#include "runtimes/cgroup.hpp"
#include "runtimes/runtime.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <unistd.h>

namespace patchmill::runtimes {
namespace {

// Whether an ordinary user may make a user namespace here.
bool try_user_namespace(const std::string& bubblewrap) {
  Command command;
  if (::geteuid() == 0) {
    command.argv = {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"};
  }
  command.argv.insert(
      command.argv.end(),
      {bubblewrap, "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin",
       "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--", "/usr/bin/true"});
  command.cwd = "/";
  command.timeout = std::chrono::seconds(20);
  SystemProcessRunner runner;
  const auto completed = runner.run(command);
  return completed && completed->ok();
}

// Runs the smallest job there is, in the real sandbox; empty when it passed.
std::string try_run() {
  const TempDir folder("patchmill-probe");
  const std::filesystem::path source = folder.path() / "src", scratch = folder.path() / "scratch";
  std::error_code error;
  std::filesystem::create_directory(source, error);
  std::filesystem::create_directory(scratch, error);
  pipeline::JobSpec job;
  job.name = "probe";
  job.command = {"/bin/true"};
  job.limits.timeout = std::chrono::seconds(20);
  RunRequest request;
  request.job = &job;
  request.source = source;
  request.scratch = scratch;
  const auto outcome = make_local_runtime()->run(request, {});
  if (!outcome) {
    return outcome.error().message;
  }
  return outcome->verdict == findings::Verdict::pass ? std::string() : outcome->summary;
}

}  // namespace

std::string claim_control_groups() {
  switch (find_cgroups().memory_version) {
    case CgroupPlaces::Version::v1:
      return "v1";
    case CgroupPlaces::Version::v2:
      return "v2";
    case CgroupPlaces::Version::none:
      break;
  }
  return "none";
}

SandboxSupport probe_sandbox() {
  SandboxSupport support;
  const bool root = ::geteuid() == 0;
  const auto bubblewrap = find_program("bwrap");
  support.bubblewrap = bubblewrap.has_value();
  support.cgroups = claim_control_groups();
  if (!bubblewrap) {
    support.missing.emplace_back(
        "bubblewrap is not installed, so no job can run: apt-get install bubblewrap");
    return support;
  }
  for (const char* program : {"/usr/bin/prlimit", "/usr/bin/setpriv"}) {
    if (::access(program, X_OK) != 0) {
      support.missing.push_back(std::string(program) +
                                " is missing, so no job can run: apt-get install util-linux");
    }
  }
  support.user_namespaces = try_user_namespace(*bubblewrap);
  if (!support.user_namespaces && !root) {
    support.missing.emplace_back(
        "this user may not make user namespaces, so no job can run: as root, "
        "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000");
  }
  if (const std::string problem = try_run(); !problem.empty()) {
    support.missing.push_back("a job that does nothing does not pass: " + problem);
  }
  support.own_uid = root && support.missing.empty();
  const auto mounts = read_file("/proc/self/mounts", std::size_t{1} << 20);
  if (support.cgroups == "none" && mounts &&
      services_have_cgroups(*mounts, "/run/systemd/system")) {
    support.cgroups = "for the service only (its unit has Delegate=; this shell has none)";
  } else if (support.cgroups == "none") {
    support.missing.emplace_back(
        "no control group may be made here, so memory is watched twenty times a second instead "
        "of limited by the kernel: run patchmill as a systemd service with Delegate=yes, or as "
        "root");
  }
  return support;
}

}  // namespace patchmill::runtimes
