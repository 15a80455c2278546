#include "app/doctor.hpp"
#include "app/doctor_service.hpp"
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace patchmill::cli {
namespace {

std::string_view word_of(app::Health health) {
  switch (health) {
    case app::Health::good:
      return "good";
    case app::Health::limited:
      return "limited";
    case app::Health::broken:
      return "broken";
  }
  return "?";
}

}  // namespace

Command doctor_command() {
  Command command;
  command.name = "doctor";
  command.summary = "Say what is missing on this machine and the command that mends it.";
  command.description =
      "Looks at the programs patchmill uses, the sandbox, the data folder, the store and whether "
      "the trees and the sources answer; and at what `patchmill serve` needs: addresses, limits of "
      "the kernel, the "
      "clock, backups, lingering. Changes nothing. Exit status 3 when something needed does not "
      "work.";
  command.examples = {{"patchmill doctor", "before the first run, and when jobs end incomplete"}};
  command.run = [](const Common& common) -> int {
    const auto config = common.config();
    if (!config) {
      return report(config.error());
    }
    SystemProcessRunner processes;
    bool broken = false;
    boost::json::array out;
    auto items = app::diagnose(*config, processes);
    for (auto& item : app::diagnose_service(*config)) {
      items.push_back(std::move(item));
    }
    for (const auto& item : items) {
      broken = broken || item.health == app::Health::broken;
      if (common.json) {
        out.push_back({{"what", item.what},
                       {"health", word_of(item.health)},
                       {"state", item.state},
                       {"mend", item.mend}});
        continue;
      }
      const bool color = use_color(STDOUT_FILENO);
      const std::string_view paint = !color                                ? ""
                                     : item.health == app::Health::good    ? "\x1b[32m"
                                     : item.health == app::Health::limited ? "\x1b[33m"
                                                                           : "\x1b[1;31m";
      fmt::print("{}{:<8}{} {:<14} {}\n", paint, word_of(item.health), color ? "\x1b[0m" : "",
                 item.what, escape_terminal(item.state));
      if (!item.mend.empty()) {
        fmt::print("{:>25}-> {}\n", "", escape_terminal(item.mend));
      }
    }
    if (common.json) {
      print_json(out);
    }
    return broken ? k_infrastructure : k_pass;
  };
  return command;
}

}  // namespace patchmill::cli
