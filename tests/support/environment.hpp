#pragma once
// Environment variables of one test.

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace patchmill::test {

// Environment variables for as long as it lives; an empty optional takes the variable away.
class Environment {
 public:
  using Wanted = std::map<std::string, std::optional<std::string>>;
  explicit Environment(const Wanted& wanted) {
    for (const auto& [name, value] : wanted) {
      const char* before = std::getenv(name.c_str());
      m_before[name] = before != nullptr ? std::optional<std::string>(before) : std::nullopt;
      set(name, value);
    }
  }
  ~Environment() {
    for (const auto& [name, value] : m_before) {
      set(name, value);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static void set(const std::string& name, const std::optional<std::string>& value) {
    if (value) {
      ::setenv(name.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name.c_str());
    }
  }
  std::map<std::string, std::optional<std::string>> m_before;
};

// PATH with one more folder in front.
inline Environment path_with(const std::filesystem::path& folder) {
  const char* path = std::getenv("PATH");
  return Environment(
      {{"PATH", folder.string() + ":" + (path == nullptr ? "/usr/bin:/bin" : path)}});
}

}  // namespace patchmill::test
