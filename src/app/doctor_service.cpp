#include "app/doctor_service.hpp"

#include "app/run_lock.hpp"
#include "http/listen_address.hpp"
#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace patchmill::app {
namespace {

namespace fs = std::filesystem;

Diagnosis diagnosis(std::string what, Health health, std::string state, std::string mend = {}) {
  return {std::move(what), health, std::move(state), std::move(mend)};
}

// errno of binding there; 0 when it works.
int try_bind(const addrinfo& place) {
  const Fd fd(::socket(place.ai_family, place.ai_socktype | SOCK_CLOEXEC, place.ai_protocol));
  if (!fd.valid()) {
    return errno;
  }
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), place.ai_addr, place.ai_addrlen) != 0 || ::listen(fd.get(), 1) != 0) {
    return errno;
  }
  return 0;
}

Diagnosis diagnose_clock() {
  struct timex state{};
  const int status = ::adjtimex(&state);
  const auto now = std::chrono::system_clock::now();
  if (now < std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) {
    return diagnosis("clock", Health::broken, "the clock is before 2026",
                     "timedatectl set-ntp true");
  }
  if (status == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    return diagnosis("clock", Health::limited,
                     "nothing keeps the clock right; times in mails and verdicts may be wrong",
                     "apt-get install systemd-timesyncd && timedatectl set-ntp true (in a "
                     "container: on its host)");
  }
  return diagnosis("clock", Health::good, "kept right");
}

Diagnosis diagnose_files() {
  struct rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t k_enough = 8192;
  if (limit.rlim_max < k_enough) {
    return diagnosis(
        "open files", Health::limited,
        fmt::format("at most {} at a time; every connection needs one", limit.rlim_max),
        "LimitNOFILE=65536 in the systemd unit, or ulimit -Hn 65536");
  }
  return diagnosis("open files", Health::good, fmt::format("up to {}", limit.rlim_max));
}

Diagnosis diagnose_backup(const Config& config) {
  if (config.store_url.starts_with("postgres") &&
      (!find_program("pg_dump") || !find_program("pg_restore"))) {
    return diagnosis("backup", Health::limited, "no pg_dump for a store in PostgreSQL",
                     "apt-get install postgresql-client");
  }
  if (!find_program("zstd")) {
    return diagnosis("backup", Health::limited, "into folders and .tar only: zstd is not installed",
                     "apt-get install zstd");
  }
  return diagnosis("backup", Health::good, "patchmill backup works with this store");
}

Diagnosis diagnose_log(const Config& config) {
  const fs::path& file = config.log.file;
  std::error_code error;
  const fs::path looked = fs::exists(file, error) ? file : file.parent_path();
  if (::access(looked.c_str(), W_OK) != 0) {
    return diagnosis("log", Health::broken,
                     fmt::format("{} cannot be written: {}", file.string(),
                                 std::generic_category().message(errno)),
                     fmt::format("install -d -o \"$(id -un)\" {}", file.parent_path().string()));
  }
  return diagnosis("log", Health::good, file.string());
}

Diagnosis diagnose_tls(const Config& config) {
  for (const fs::path& file : {config.http.certificate, config.http.key}) {
    if (::access(file.c_str(), R_OK) != 0) {
      return diagnosis("certificate", Health::broken,
                       fmt::format("{} cannot be read: {}", file.string(),
                                   std::generic_category().message(errno)),
                       fmt::format("setfacl -m u:$(id -un):r {}", file.string()));
    }
  }
  return diagnosis("certificate", Health::good, config.http.certificate.string());
}

std::string user_name() {
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  const bool known = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
                     found != nullptr;
  return known ? found->pw_name : std::to_string(::geteuid());
}

}  // namespace

Diagnosis diagnose_address(const std::string& address, bool served_by_us) {
  const std::string what = "address " + address;
  const auto place = http::ListenAddress::parse(address);
  if (!place) {
    return diagnosis(what, Health::broken, place.error().message,
                     "correct http.listen in the configuration");
  }
  if (place->kind == http::ListenAddress::Kind::descriptor) {
    return diagnosis(what, Health::good, "a socket that is passed when it starts");
  }
  if (place->kind == http::ListenAddress::Kind::unix_socket) {
    const fs::path folder = fs::path(place->path).parent_path();
    if (::access(folder.c_str(), W_OK) != 0) {
      return diagnosis(what, Health::broken, folder.string() + " cannot be written",
                       fmt::format("install -d -o \"$(id -un)\" {}", folder.string()));
    }
    return diagnosis(what, Health::good, "its folder can be written");
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const char* host = place->host.empty() ? nullptr : place->host.c_str();
  const std::string port = std::to_string(place->port);
  if (const int code = ::getaddrinfo(host, port.c_str(), &hints, &found); code != 0) {
    return diagnosis(what, Health::broken,
                     fmt::format("the name is not known: {}", ::gai_strerror(code)),
                     "correct http.listen in the configuration");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  switch (const int code = try_bind(*found); code) {
    case 0:
      return diagnosis(what, Health::good, "free");
    case EADDRINUSE:
      if (served_by_us) {
        return diagnosis(what, Health::good, "patchmill serve has it");
      }
      return diagnosis(what, Health::broken, "another program has it",
                       fmt::format("ss -ltnp 'sport = :{}' names it; stop that, or change "
                                   "http.listen",
                                   port));
    case EACCES:
      return diagnosis(what, Health::broken, "this user may not use so low a port",
                       fmt::format("sysctl -w net.ipv4.ip_unprivileged_port_start={}, or put a "
                                   "proxy in front",
                                   port));
    case EADDRNOTAVAIL:
      return diagnosis(what, Health::broken, "this machine has no such address",
                       "ip address shows those it has; correct http.listen");
    default:
      return diagnosis(what, Health::broken, std::generic_category().message(code),
                       "correct http.listen in the configuration");
  }
}

Diagnosis diagnose_watches(const fs::path& proc) {
  const auto limit = [&](const char* name) {
    return parse_uint(trim(read_file(proc / name, 100).value_or("")));
  };
  const auto watches = limit("max_user_watches");
  const auto instances = limit("max_user_instances");
  if (!watches || !instances) {
    return diagnosis("inotify", Health::limited,
                     "the kernel has none here; folders are looked at now and then instead");
  }
  constexpr std::uint64_t k_watches = 8192, k_instances = 64;
  if (*watches < k_watches || *instances < k_instances) {
    return diagnosis("inotify", Health::limited,
                     fmt::format("{} watches, {} instances for a user: too few for many sources",
                                 *watches, *instances),
                     "sysctl -w fs.inotify.max_user_watches=524288 "
                     "fs.inotify.max_user_instances=512");
  }
  return diagnosis("inotify", Health::good,
                   fmt::format("{} watches, {} instances", *watches, *instances));
}

Diagnosis diagnose_linger(std::uint32_t uid, std::string_view user, const fs::path& folder) {
  std::error_code error;
  // System users' services belong to the machine; without logind nothing ends a user's.
  constexpr std::uint32_t k_first_person = 1000, k_nobody = 65534;
  if (uid < k_first_person || uid >= k_nobody || !fs::exists(folder.parent_path(), error)) {
    return diagnosis("logout", Health::good, "does not end the service");
  }
  if (fs::exists(folder / user, error)) {
    return diagnosis("logout", Health::good, "does not end the service: lingering is on");
  }
  return diagnosis("logout", Health::limited, "a service of yours ends when you log out",
                   fmt::format("loginctl enable-linger {}", user));
}

std::vector<Diagnosis> diagnose_service(const Config& config) {
  std::vector<Diagnosis> all;
  const bool served = runs_locked(config);
  for (const std::string& address : config.http.listen) {
    all.push_back(diagnose_address(address, served));
  }
  if (!config.http.certificate.empty()) {
    all.push_back(diagnose_tls(config));
  }
  if (!config.log.file.empty()) {
    all.push_back(diagnose_log(config));
  }
  all.push_back(diagnose_watches("/proc/sys/fs/inotify"));
  all.push_back(diagnose_files());
  all.push_back(diagnose_clock());
  all.push_back(diagnose_backup(config));
  all.push_back(diagnose_linger(::geteuid(), user_name(), "/var/lib/systemd/linger"));
  return all;
}

}  // namespace patchmill::app
