#include "runtimes/seccomp_filter.hpp"

#include "runtimes/memory_file.hpp"

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

namespace patchmill::runtimes {
namespace {

constexpr std::array<const char*, 53> refused = {"mount",
                                                 "umount",
                                                 "umount2",
                                                 "pivot_root",
                                                 "chroot",
                                                 "unshare",
                                                 "setns",
                                                 "open_tree",
                                                 "move_mount",
                                                 "fsopen",
                                                 "fsconfig",
                                                 "fsmount",
                                                 "fspick",
                                                 "mount_setattr",
                                                 "init_module",
                                                 "finit_module",
                                                 "delete_module",
                                                 "kexec_load",
                                                 "kexec_file_load",
                                                 "bpf",
                                                 "perf_event_open",
                                                 "userfaultfd",
                                                 "keyctl",
                                                 "add_key",
                                                 "request_key",
                                                 "io_uring_setup",
                                                 "io_uring_enter",
                                                 "io_uring_register",
                                                 "open_by_handle_at",
                                                 "name_to_handle_at",
                                                 "syslog",
                                                 "acct",
                                                 "quotactl",
                                                 "quotactl_fd",
                                                 "swapon",
                                                 "swapoff",
                                                 "reboot",
                                                 "settimeofday",
                                                 "clock_settime",
                                                 "clock_adjtime",
                                                 "adjtimex",
                                                 "stime",
                                                 "iopl",
                                                 "ioperm",
                                                 "vhangup",
                                                 "nfsservctl",
                                                 "lookup_dcookie",
                                                 "uselib",
                                                 "ustat",
                                                 "sysfs",
                                                 "vm86",
                                                 "vm86old",
                                                 "modify_ldt"};

struct ContextDeleter {
  void operator()(void* context) const { seccomp_release(context); }
};

// NOLINTBEGIN(clang-diagnostic-*): the macros of libseccomp are C

// clone with flags that make a namespace.
bool refuse_clone(scmp_filter_ctx context) {
  for (const unsigned long flag :
       {static_cast<unsigned long>(CLONE_NEWUSER), static_cast<unsigned long>(CLONE_NEWNS),
        static_cast<unsigned long>(CLONE_NEWNET), static_cast<unsigned long>(CLONE_NEWPID),
        static_cast<unsigned long>(CLONE_NEWIPC), static_cast<unsigned long>(CLONE_NEWUTS),
        static_cast<unsigned long>(CLONE_NEWCGROUP)}) {
    if (seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)) != 0) {
      return false;
    }
  }
  // clone3's flags are in memory, where a filter cannot look; without it libc uses clone.
  return seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

// Only unix (1), inet (2), inet6 (10) and netlink (16) sockets.
bool refuse_sockets(scmp_filter_ctx context) {
  for (unsigned family = 0; family < 64; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) {
      continue;
    }
    if (seccomp_rule_add_exact(context, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, family)) != 0 &&
        seccomp_rule_add(context, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                         SCMP_A0(SCMP_CMP_EQ, family)) != 0) {
      return false;
    }
  }
  return seccomp_rule_add(context, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                          SCMP_A0(SCMP_CMP_GE, 64)) == 0;
}

// Pushing input into a terminal.
bool refuse_ioctls(scmp_filter_ctx context) {
  for (const unsigned long request :
       {static_cast<unsigned long>(TIOCSTI), static_cast<unsigned long>(TIOCLINUX)}) {
    if (seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                         SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, request)) != 0) {
      return false;
    }
  }
  return true;
}

// NOLINTEND(clang-diagnostic-*)

}  // namespace

Result<Fd> seccomp_filter() {
  const std::unique_ptr<void, ContextDeleter> context(seccomp_init(SCMP_ACT_ALLOW));
  const auto failed = [](const char* what) {
    return fail(ErrorKind::infrastructure,
                std::string("cannot build the system call filter (") + what + ")");
  };
  if (!context) {
    return failed("init");
  }
#if defined(__x86_64__)
  // 32-bit programs use other numbers for the same calls.
  if (seccomp_arch_add(context.get(), SCMP_ARCH_X86) != 0) {
    return failed("x86");
  }
#elif defined(__aarch64__)
  if (seccomp_arch_add(context.get(), SCMP_ARCH_ARM) != 0) {
    return failed("arm");
  }
#endif
  for (const char* name : refused) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) {
      continue;  // not on this architecture, or newer than the library
    }
    if (seccomp_rule_add(context.get(), SCMP_ACT_ERRNO(EPERM), number, 0) != 0) {
      return failed(name);
    }
  }
  if (!refuse_clone(context.get()) || !refuse_sockets(context.get()) ||
      !refuse_ioctls(context.get())) {
    return failed("arguments");
  }
  PM_TRY_ASSIGN(auto file, memory_file("seccomp", {}));
  if (seccomp_export_bpf(context.get(), file.get()) != 0) {
    return failed("export");
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace patchmill::runtimes
