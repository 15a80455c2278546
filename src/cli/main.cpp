#include "cli/main.hpp"

#include "cli/command.hpp"
#include "store/database.hpp"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <system_error>

namespace patchmill::cli {

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    std::vector<Command> commands = all_commands();
    return parse_and_run(commands, argc, argv);
  } catch (const store::DatabaseError& error) {
    return report({ErrorKind::infrastructure,
                   fmt::format("the store failed: {}; nothing half-done was kept, run it again",
                               error.what())});
  } catch (const std::bad_alloc&) {
    return report({ErrorKind::infrastructure, "out of memory; nothing half-done was kept"});
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::broken_pipe) {
      // Whoever read the output has seen enough: `patchmill show | head` is no error of ours.
      std::signal(SIGPIPE, SIG_DFL);
      std::raise(SIGPIPE);
    }
    return report({ErrorKind::infrastructure, fmt::format("internal error: {}", error.what())});
  } catch (const std::exception& error) {
    return report({ErrorKind::infrastructure, fmt::format("internal error: {}", error.what())});
  }
}

}  // namespace patchmill::cli
