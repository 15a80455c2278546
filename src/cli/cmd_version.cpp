#include "cli/command.hpp"
#include "cli/output.hpp"
#include "store/migrations.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::cli {

Command version_command() {
  Command command;
  command.name = "version";
  command.summary = "Print the version of patchmill and of its store schema.";
  command.run = [](const Common& common) -> int {
    if (common.json) {
      const boost::json::object out{{"version", PATCHMILL_VERSION},
                                    {"schema", store::newest_schema()}};
      print_json(out);
    } else {
      fmt::print("patchmill {} (store schema {})\n", PATCHMILL_VERSION, store::newest_schema());
    }
    return k_pass;
  };
  return command;
}

}  // namespace patchmill::cli
