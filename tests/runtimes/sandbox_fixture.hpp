#pragma once
// A job in the real sandbox of this machine.

#include "runtimes/runtime.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace patchmill::test {

// Whether sandboxes can be made here; tells once why not.
inline bool sandbox_works() {
  static const bool works = [] {
    const auto support = runtimes::probe_sandbox();
    for (const std::string& sentence : support.missing) {
      if (sentence.find("no job can run") != std::string::npos ||
          sentence.find("does not pass") != std::string::npos) {
        MESSAGE("skipped, no sandbox on this machine: ", sentence);
        return false;
      }
    }
    return true;
  }();
  return works;
}

// What became of a run, with the text of its log.
struct Ran : runtimes::RunOutcome {
  explicit Ran(runtimes::RunOutcome outcome)
      : runtimes::RunOutcome(std::move(outcome)),
        log(RunOutcome::log.text(0, std::size_t{16} << 20)) {}
  std::string log;
};

// Folders of one run, and a job with small limits whose command is a shell script.
class Sandbox {
 public:
  Sandbox() {
    for (const auto& folder : {source(), scratch(), warm()}) {
      std::filesystem::create_directory(folder);
      ::chmod(folder.c_str(), 0755);
    }
    REQUIRE(write_file_atomic(source() / "file.txt", "content\n"));
    ::chmod((source() / "file.txt").c_str(), 0644);
    job.name = "job";
    job.limits.timeout = std::chrono::seconds(60);
    job.limits.memory_bytes = 512u << 20;
    job.limits.processes = 64;
    job.limits.output_bytes = 1u << 20;
    job.limits.disk_bytes = 64u << 20;
  }

  [[nodiscard]] std::filesystem::path source() const { return m_root.path() / "src"; }
  [[nodiscard]] std::filesystem::path scratch() const { return m_root.path() / "scratch"; }
  [[nodiscard]] std::filesystem::path warm() const { return m_root.path() / "warm"; }
  [[nodiscard]] const std::filesystem::path& root() const { return m_root.path(); }

  Result<runtimes::RunOutcome> try_run(const std::string& script) {
    if (!script.empty()) {
      job.command = {"/bin/sh", "-c", script};
    }
    request.job = &job;
    request.source = source();
    request.scratch = scratch();
    return runtimes::make_local_runtime()->run(request, on_log);
  }
  Ran run(const std::string& script) {
    auto outcome = try_run(script);
    if (!outcome) {
      FAIL("the run failed: ", outcome.error().message);
    }
    return Ran(*std::move(outcome));
  }

  pipeline::JobSpec job;
  runtimes::RunRequest request;
  std::function<void(std::string_view)> on_log;

 private:
  TempDir m_root{"patchmill-run"};
};

}  // namespace patchmill::test
