#pragma once
// A path from the environment; empty where the variable is not set.

#include <cstdlib>
#include <filesystem>

namespace patchmill::app {

inline std::filesystem::path env_path(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read at start only
  return value != nullptr ? std::filesystem::path(value) : std::filesystem::path();
}

}  // namespace patchmill::app
