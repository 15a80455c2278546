#include "cli/main.hpp"

#include "cli/command.hpp"
#include "store/database.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <system_error>

namespace patchmill::cli {

namespace {

// Whether nobody reads a pipe's other end any more.
bool reader_left() {
  pollfd out{STDOUT_FILENO, 0, 0};
  return ::poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

// What stays in the buffer until the end may find no place any more (a full disk); whoever reads
// it must not take a part for the whole.
int written(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) {
    return status;
  }
  if (reader_left()) {
    throw std::system_error(EPIPE, std::generic_category());
  }
  return report({ErrorKind::infrastructure,
                 "the output could not be written to its end; make room where it goes to, and run "
                 "it again"});
}

}  // namespace

int main(int argc, char** argv) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  try {
    std::vector<Command> commands = all_commands();
    return written(parse_and_run(commands, argc, argv));
  } catch (const store::DatabaseError& error) {
    return report({ErrorKind::infrastructure,
                   fmt::format("the store failed: {}; nothing half-done was kept, run it again",
                               error.what())});
  } catch (const std::bad_alloc&) {
    return report({ErrorKind::infrastructure, "out of memory; nothing half-done was kept"});
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::broken_pipe) {
      // Whoever read the output has seen enough: `patchmill show | head` is no error of ours.
      static_cast<void>(std::signal(SIGPIPE, SIG_DFL));
      static_cast<void>(std::raise(SIGPIPE));
    }
    return report({ErrorKind::infrastructure, fmt::format("internal error: {}", error.what())});
  } catch (const std::exception& error) {
    return report({ErrorKind::infrastructure, fmt::format("internal error: {}", error.what())});
  }
}

}  // namespace patchmill::cli
