#include "cli/command.hpp"
#include "runtimes/runtime.hpp"
#include "service/service.hpp"
#include "util/log.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace patchmill::cli {
namespace {

// What systemd waits for (sd_notify(3)); nothing when nobody does.
void tell_manager(std::string_view state) {
  const char* name = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): read only
  sockaddr_un address{};
  if (name == nullptr || std::strlen(name) == 0 || std::strlen(name) >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, std::strlen(name));
  if (address.sun_path[0] == '@') {
    address.sun_path[0] = '\0';
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return;
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(name));
  static_cast<void>(::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), length));
  ::close(fd);
}

// Left alone, glibc raises its thresholds when something large is freed, and one log of 100 MB
// makes each of its arenas keep up to 64 MB for as long as the service runs.
void give_memory_back() {
  constexpr int k_large = 1 << 20;
  ::mallopt(M_MMAP_THRESHOLD, k_large);
  ::mallopt(M_TRIM_THRESHOLD, k_large);
  ::mallopt(M_ARENA_MAX, 4);
}

// Everything is in the store at any moment, so an end that takes too long is cut short.
void end_soon() {
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(900));
    ::_exit(k_pass);
  }).detach();
}

// Command-line options win over the configuration.
Result<void> start_log(const Common& common, const app::LogConfig& config) {
  log::set_format(config.format);
  log::set_level(common.verbose ? log::Level::debug
                 : common.quiet ? log::Level::warning
                                : config.level);
  return log::set_file(config.file);
}

void reload(const Common& common, service::Service& service) {
  tell_manager("RELOADING=1");
  auto config = common.config();
  // Also where the configuration cannot be read: the log may have been moved away.
  if (const auto opened = log::reopen(); !opened) {
    log::error("{}", opened.error().message);
  }
  Result<void> done;
  if (config) {
    if (const auto logging = start_log(common, config->log); !logging) {
      log::error("{}", logging.error().message);
    }
    done = service.reload(*std::move(config));
  } else {
    done = tl::unexpected(std::move(config).error());
  }
  if (done) {
    log::info("the configuration was read again");
  } else {
    log::error("the configuration stays as it was: {}", done.error().message);
  }
  tell_manager("READY=1");
}

int run(const Common& common) {
  // Before any thread: each of them inherits it, and only this one takes signals.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  give_memory_back();

  auto config = common.config();
  if (!config) {
    return report(config.error());
  }
  if (const auto logging = start_log(common, config->log); !logging) {
    return report(logging.error());
  }
  if (runtimes::claim_control_groups() == "none") {
    log::info(
        "no control group may be made here: memory of jobs is watched twenty times a second "
        "instead of limited by the kernel (`patchmill doctor`)");
  }
  auto service = service::Service::start(*std::move(config));
  if (!service) {
    return report(service.error());
  }
  for (const auto& address : (*service)->addresses()) {
    log::info("listening on {}", address);
  }
  if (!common.quiet) {
    fmt::print("patchmill is at work; pages: {}\n", (*service)->public_url());
    std::fflush(stdout);
  }
  tell_manager("READY=1");
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGHUP) {
      break;
    }
    reload(common, **service);
  }
  tell_manager("STOPPING=1");
  log::info("stopping");
  end_soon();
  (*service)->stop();
  return k_pass;
}

}  // namespace

Command serve_command() {
  Command command;
  command.name = "serve";
  command.summary = "Follow the sources, test every series as it arrives, and show it on pages.";
  command.description =
      "The trees are watched, too, and a series is tested when its last mail is there. Pages and "
      "interfaces are on the addresses of `http.listen`. It runs until it gets SIGTERM or SIGINT, "
      "which ends it within a second; SIGHUP reads the configuration again. Killed at any "
      "moment, the next start goes on where this one got to.";
  command.examples = {{"patchmill serve -c patchmill.yaml", "the service, in the foreground"}};
  command.run = [](const Common& common) -> int { return run(common); };
  return command;
}

}  // namespace patchmill::cli
