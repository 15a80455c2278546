#include "web/format.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::web {

using findings::Verdict;

std::string format_time(Timestamp time) {
  std::string iso = to_iso(time);
  iso.resize(std::min<std::size_t>(iso.size(), 16));
  std::replace(iso.begin(), iso.end(), 'T', ' ');
  return iso + " UTC";
}

std::string format_day(Timestamp time) {
  return to_iso(time).substr(0, 10);
}

std::string format_duration(std::chrono::microseconds length) {
  const double seconds = std::max<double>(0, static_cast<double>(length.count()) / 1e6);
  if (seconds < 1) {
    return fmt::format("{:.0f} ms", seconds * 1000);
  }
  if (seconds < 60) {
    return fmt::format("{:.1f} s", seconds);
  }
  const auto whole = static_cast<std::uint64_t>(seconds);
  if (whole < 3600) {
    return fmt::format("{} min {} s", whole / 60, whole % 60);
  }
  if (whole < 86400) {
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  }
  return fmt::format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  constexpr std::string_view units[] = {"KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (size >= 1024 && unit + 1 < std::size(units)) {
    size /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, units[unit]);
}

Badge badge_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return {"pass", "✓", "pass"};
    case Verdict::warning:
      return {"warning", "!", "warning"};
    case Verdict::fail:
      return {"fail", "✗", "fail"};
    case Verdict::skip:
      return {"skip", "–", "skip"};
    case Verdict::incomplete:
      return {"incomplete", "?", "incomplete"};
  }
  return {"incomplete", "?", "incomplete"};
}

Badge badge_of(std::optional<Verdict> verdict, bool running, bool waiting_is_queued) {
  if (running) {
    return {"running", "▶", "running"};
  }
  if (verdict) {
    return badge_of(*verdict);
  }
  return waiting_is_queued ? Badge{"waiting", "○", "waiting"} : Badge{"waiting", "○", "not tested"};
}

std::string format_tenth(double value) {
  return fmt::format("{:.1f}", value);
}

std::string person_name(const mail::Address& person) {
  return person.name.empty() ? person.email : person.name;
}

}  // namespace patchmill::web
