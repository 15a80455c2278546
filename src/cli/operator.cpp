#include "cli/operator.hpp"

#include "util/text.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace patchmill::cli {
namespace {

std::string name_of(uid_t uid) {
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("uid {}", uid);
}

}  // namespace

std::string acting_person() {
  const uid_t uid = ::geteuid();
  // Only root may claim to be somebody else: anybody can set a variable.
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read at start only
  if (const char* sudo = std::getenv("SUDO_UID"); uid == 0 && sudo != nullptr) {
    if (const auto real = parse_uint(sudo); real && *real < 0xffffffffu) {
      return name_of(static_cast<uid_t>(*real));
    }
  }
  return name_of(uid);
}

std::string how_long(std::chrono::microseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  if (seconds < 0) {
    return "0 s";
  }
  if (seconds < 120) {
    return fmt::format("{} s", seconds);
  }
  if (seconds < 120 * 60) {
    return fmt::format("{} min", seconds / 60);
  }
  if (seconds < 48 * 3600) {
    return fmt::format("{} h", seconds / 3600);
  }
  return fmt::format("{} days", seconds / 86400);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  static constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units.at(unit));
}

}  // namespace patchmill::cli
