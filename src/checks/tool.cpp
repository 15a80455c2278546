#include "checks/tool.hpp"

#include "util/text.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace patchmill::checks {

Result<Completed> run_tool(const Context& context, const ToolRun& run) {
  if (context.processes == nullptr) {
    return fail(ErrorKind::infrastructure, "no process runner was given");
  }
  const char* path = std::getenv("PATH");
  Command command;
  command.argv = run.argv;
  command.cwd = run.cwd.string();
  command.inherit_env = false;
  const std::string home = (run.home.empty() ? run.cwd : run.home).string();
  command.env = {{"PATH", path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path},
                 {"HOME", home},
                 {"TMPDIR", home},
                 {"LC_ALL", "C.UTF-8"},
                 {"TZ", "UTC"}};
  command.timeout = run.timeout;
  command.max_output = run.max_output;
  if (context.wrap) {
    command = context.wrap(std::move(command));
  }
  auto done = context.processes->run(command);
  if (!done) {
    return fail_with(fmt::format("{} could not be started", run.argv.front()), done.error());
  }
  if (done->timed_out) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} did not end within {} s", run.argv.front(),
                            std::chrono::duration_cast<std::chrono::seconds>(run.timeout).count()));
  }
  // Programs between it and us report its signal as shells do.
  const int signal = done->signal != 0                               ? done->signal
                     : done->status > 128 && done->status < 128 + 65 ? done->status - 128
                                                                     : 0;
  if (signal != 0) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{} was killed by signal {}{}", run.argv.front(), signal,
                            signal == SIGKILL   ? ": it took too much memory, or somebody ended it"
                            : signal == SIGXCPU ? ": it took too much processor time"
                                                : ""));
  }
  if (done->status == 126 || done->status == 127) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("{0} is installed, but cannot be started for a check: {1}; `patchmill doctor` "
                    "says what to do",
                    run.argv.front(),
                    ellipsize(escape_terminal(mend_utf8(joined_lines(done->err))), 300)));
  }
  return done;
}

Result<void> write_plain_file(const std::filesystem::path& path, std::string_view content) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) {
    return fail(ErrorKind::infrastructure, fmt::format("cannot write {}", path.string()));
  }
  return {};
}

bool is_plain_path(std::string_view path) {
  return !path.empty() && path.size() <= 1000 && std::count(path.begin(), path.end(), '/') <= 40 &&
         std::none_of(path.begin(), path.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }) &&
         mail::unsafe_path(path).empty();
}

std::string patch_as_mail(const PatchView& patch) {
  const auto one_line = [](std::string_view text) { return collapse_whitespace(mend_utf8(text)); };
  std::string text = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n";
  text += fmt::format("From: {} <{}>\n", one_line(patch.text.author.name),
                      one_line(patch.text.author.email));
  text += fmt::format("Subject: [PATCH] {}\n\n", one_line(patch.text.title));
  text += patch.text.body;
  if (!text.ends_with('\n')) {
    text += '\n';
  }
  text += "---\n\n";
  if (patch.message != nullptr) {
    text += patch.message->diff;
  }
  return text;
}

}  // namespace patchmill::checks
