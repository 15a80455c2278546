#pragma once
// The inner half of subprocess.hpp: starting a child and talking to its pipes.

#include "util/fd.hpp"
#include "util/result.hpp"
#include "util/subprocess.hpp"

#include <sys/types.h>

#include <cstddef>
#include <string_view>

namespace patchmill::detail {

struct Pipe {
  Fd read, write;  // both close-on-exec
};
Result<Pipe> make_pipe();

// The parent's descriptors that become the child's 0, 1 and 2.
struct StandardStreams {
  int in = -1, out = -1, err = -1;
};

struct Spawned {
  pid_t pid = -1;
  Fd pidfd;  // readable once the child has ended
};

// Starts the child in a session of its own with default signals and nothing open besides the
// three streams and Command::pass_fds.
Result<Spawned> spawn(const Command& command, const StandardStreams& streams);

// write(2) that reports EPIPE without the signal that would end the program.
ssize_t write_no_sigpipe(int fd, std::string_view data);

bool set_nonblocking(int fd);

}  // namespace patchmill::detail
