#pragma once
// Mail to a program that speaks like sendmail(8): the mail on standard input, recipients as
// arguments, exit status of sysexits.h.

#include "delivery/transport.hpp"
#include "util/subprocess.hpp"

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace patchmill::delivery {

struct CommandConfig {
  // A word "{sender}" is replaced by the envelope's sender, a word "{recipients}" by one word for
  // each recipient. No shell.
  std::vector<std::string> argv = {"/usr/sbin/sendmail", "-i", "-f",
                                   "{sender}",           "--", "{recipients}"};
  std::chrono::milliseconds timeout = std::chrono::minutes(5);
};

// Nobody is told apart: all recipients share the program's answer. `processes` outlives it.
// A stop ends the program half a second later; who knows then what became of the mail.
std::unique_ptr<Transport> make_command_transport(CommandConfig config, ProcessRunner& processes,
                                                  std::stop_token stop = {});

}  // namespace patchmill::delivery
