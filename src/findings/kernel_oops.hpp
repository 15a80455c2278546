#pragma once
// Finds crashes and complaints of the kernel in a console log: BUG, Oops, panic, WARNING, KASAN and
// its kin, lockdep, RCU stalls, hung tasks; also as User Mode Linux prints them.

#include "findings/finding.hpp"
#include "findings/log_lines.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace patchmill::findings {

// One finding an event, in the order of the log, at most `max_events`. What follows from an event
// (the panic after an oops) belongs to it. Tool "kernel"; rule: the class ("KASAN", "BUG", "Oops",
// "panic", "WARNING", "lockdep", "rcu-stall", "hung-task", "UBSAN"); function: where it happened;
// the message names the first functions of the trace, which are its identity; detail: the trace.
// Severity error, but warning for WARNING, lockdep, rcu-stall, hung-task and UBSAN.
std::vector<Finding> read_kernel_log(LogLines lines, std::size_t max_events = 100);
inline std::vector<Finding> read_kernel_log(std::string_view log, std::size_t max_events = 100) {
  return read_kernel_log(LogLines(log), max_events);
}

}  // namespace patchmill::findings
