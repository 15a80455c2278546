#include "runtimes/exit_status.hpp"

#include "util/text.hpp"

#include <fmt/format.h>
#include <signal.h>

namespace patchmill::runtimes {
namespace {

using findings::Verdict;
using pipeline::IncompleteCause;

std::string bytes_text(std::uint64_t bytes) {
  if (bytes >= 10ull << 30) {
    return fmt::format("{} GiB", bytes >> 30);
  }
  if (bytes >= 10ull << 20) {
    return fmt::format("{} MiB", bytes >> 20);
  }
  return bytes >= 10ull << 10 ? fmt::format("{} KiB", bytes >> 10) : fmt::format("{} bytes", bytes);
}

Meaning incomplete(std::string summary, IncompleteCause cause) {
  return {Verdict::incomplete, std::move(summary), cause};
}

Meaning meaning_of_signal(int signal) {
  switch (signal) {
    case SIGKILL:
    case SIGTERM:
    case SIGHUP:
    case SIGINT:
      return incomplete(fmt::format("killed by signal {}, by itself or from outside", signal),
                        IncompleteCause::infrastructure);
    case SIGXCPU:
      return incomplete("killed: too much processor time", IncompleteCause::limits);
    case SIGXFSZ:
      return incomplete("killed: a file grew beyond the disk limit", IncompleteCause::limits);
    default:
      // A crash of what is tested says something about what is tested.
      return {Verdict::fail, fmt::format("crashed with signal {}", signal),
              IncompleteCause::infrastructure};
  }
}

}  // namespace

Meaning meaning_of(const RunEnd& end, const pipeline::JobLimits& limits) {
  switch (end.killed) {
    case KillReason::deadline:
      return incomplete(fmt::format("killed after its time limit of {} s", limits.timeout.count()),
                        IncompleteCause::deadline);
    case KillReason::output:
      return incomplete(
          fmt::format("killed: more than {} of output", bytes_text(limits.output_bytes)),
          IncompleteCause::limits);
    case KillReason::disk:
      return incomplete(fmt::format("killed: more than {} of disk", bytes_text(limits.disk_bytes)),
                        IncompleteCause::limits);
    case KillReason::memory:
      return incomplete(fmt::format("out of memory: more than {}", bytes_text(limits.memory_bytes)),
                        IncompleteCause::memory);
    case KillReason::uncountable:
      return incomplete(
          "killed: its folders hold too many files, or nest too deep, for its disk use to be "
          "counted",
          IncompleteCause::limits);
    case KillReason::disk_full:
      return incomplete("killed: the disk of this machine is nearly full",
                        IncompleteCause::infrastructure);
    case KillReason::cancelled:
      return incomplete("cancelled", IncompleteCause::infrastructure);
    case KillReason::none:
      break;
  }
  // Whatever it reports after something of it was killed cannot be relied on.
  if (end.out_of_memory) {
    return incomplete(
        fmt::format("out of memory: its limit is {}", bytes_text(limits.memory_bytes)),
        IncompleteCause::memory);
  }
  if (end.out_of_processes) {
    return incomplete(fmt::format("out of processes: its limit is {}", limits.processes),
                      IncompleteCause::limits);
  }
  switch (end.status) {
    case 0:
      return {Verdict::pass, "passed", IncompleteCause::infrastructure};
    case 250:
      return {Verdict::warning, "warning", IncompleteCause::infrastructure};
    case 77:
      return {Verdict::skip, "skipped", IncompleteCause::infrastructure};
    case 111:
      return incomplete("no result yet (exit status 111)", IncompleteCause::infrastructure);
    case 126:
      return incomplete("a program it needs cannot be executed (exit status 126)",
                        IncompleteCause::missing_tool);
    case 127:
      return incomplete("a program it needs is not installed (exit status 127)",
                        IncompleteCause::missing_tool);
    default:
      break;
  }
  if (end.status < 0) {
    return incomplete("killed from outside", IncompleteCause::infrastructure);
  }
  if (end.status > 128 && end.status <= 128 + 64) {
    return meaning_of_signal(end.status - 128);
  }
  return {Verdict::fail, fmt::format("exit status {}", end.status),
          IncompleteCause::infrastructure};
}

std::string clean_description(std::string_view bytes) {
  bytes = bytes.substr(0, 1024);
  std::string_view line;
  while (!bytes.empty() && trim(line).empty()) {
    const auto end = bytes.find_first_of("\r\n");
    line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return ellipsize(escape_terminal(mend_utf8(trim(line))), 1024);
}

}  // namespace patchmill::runtimes
