#pragma once
// A process of a test case's own that is killed at some instant.

#include "support/store_fixture.hpp"
#include "util/subprocess.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

namespace patchmill::test {

// Runs the skipped test case `helper` in a process that kills itself after `delay`.
inline Completed run_crash_child(const char* helper, TestStore& store,
                                 std::chrono::microseconds delay) {
  Command command;
  command.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "--dt-no-skip=true",
                  std::string("--dt-test-case=") + helper};
  command.env = {{"PATCHMILL_CRASH_STORE", store.url()},
                 {"PATCHMILL_CRASH_FOLDER", store.folder().string()},
                 {"PATCHMILL_CRASH_AFTER", std::to_string(delay.count())}};
  auto done = SystemProcessRunner().run(command);
  REQUIRE(done.has_value());
  return std::move(*done);
}

struct CrashChild {
  std::string url;  // of the store
  std::filesystem::path folder;
};

// The first thing `helper` does: its time runs from here. Nothing: it is no such process.
inline std::optional<CrashChild> become_crash_child() {
  const char* url = std::getenv("PATCHMILL_CRASH_STORE");
  const char* folder = std::getenv("PATCHMILL_CRASH_FOLDER");
  const char* micros = std::getenv("PATCHMILL_CRASH_AFTER");
  if (url == nullptr || folder == nullptr || micros == nullptr) {
    return std::nullopt;
  }
  std::thread([delay = std::chrono::microseconds(std::atoll(micros))] {
    std::this_thread::sleep_for(delay);
    ::kill(::getpid(), SIGKILL);
  }).detach();
  return CrashChild{url, folder};
}

}  // namespace patchmill::test
