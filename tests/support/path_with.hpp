#pragma once
// Programs that only one test sees.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace patchmill::test {

// PATH with one more folder in front, as long as it lives.
class PathWith {
 public:
  explicit PathWith(const std::filesystem::path& folder) : m_before(now()) {
    ::setenv("PATH", (folder.string() + ":" + m_before).c_str(), 1);
  }
  ~PathWith() { ::setenv("PATH", m_before.c_str(), 1); }
  PathWith(const PathWith&) = delete;
  PathWith& operator=(const PathWith&) = delete;

 private:
  static std::string now() {
    const char* path = std::getenv("PATH");
    return path == nullptr ? "/usr/bin:/bin" : path;
  }

  std::string m_before;
};

}  // namespace patchmill::test
