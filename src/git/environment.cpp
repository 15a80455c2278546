#include "git/repository.hpp"

#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

namespace patchmill::git {

namespace {

// Settings of the command scope: they win over what a repository's own config says, so that a
// foreign repository can neither run programs nor change what applying means.
constexpr std::array<std::pair<const char*, const char*>, 31> kConfig = {{
    {"safe.directory", "*"},  // mirrors may belong to another user; hooks and helpers are off
    {"core.hooksPath", "/dev/null"},
    {"core.fsmonitor", "false"},
    {"core.untrackedCache", "false"},
    {"core.splitIndex", "false"},
    {"core.autocrlf", "false"},
    {"core.pager", "cat"},
    {"core.fsync", "none"},  // every object can be made again from its mail
    {"core.looseCompression", "1"},
    {"core.protectHFS", "true"},
    {"core.protectNTFS", "true"},
    {"core.quotePath", "true"},
    {"core.commitGraph", "true"},
    {"core.warnAmbiguousRefs", "false"},
    {"index.sparse", "false"},
    {"gc.auto", "0"},
    {"maintenance.auto", "false"},
    {"apply.whitespace", "nowarn"},
    {"apply.ignoreWhitespace", "no"},
    {"merge.conflictStyle", "merge"},
    {"merge.directoryRenames", "false"},
    {"rerere.enabled", "false"},
    {"log.showSignature", "false"},
    {"log.mailmap", "false"},
    {"color.ui", "false"},
    {"submodule.recurse", "false"},
    {"fetch.recurseSubmodules", "false"},
    {"protocol.ext.allow", "never"},
    {"credential.helper", ""},
    {"http.lowSpeedLimit", "1000"},
    {"http.lowSpeedTime", "60"},
}};

// What a child may see of our own environment: where programs are, and the way to the network.
constexpr std::array<const char*, 17> kPassed = {
    "PATH",         "TMPDIR",         "http_proxy",     "https_proxy",   "HTTPS_PROXY",
    "all_proxy",    "ALL_PROXY",      "no_proxy",       "NO_PROXY",      "SSL_CERT_FILE",
    "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSH_AUTH_SOCK", "LD_LIBRARY_PATH",
    "USER",         "LOGNAME"};

std::map<std::string, std::string> make_environment() {
  std::map<std::string, std::string> env = {
      {"GIT_CONFIG_NOSYSTEM", "1"},
      {"GIT_CONFIG_SYSTEM", "/dev/null"},
      {"GIT_CONFIG_GLOBAL", "/dev/null"},
      {"GIT_ATTR_NOSYSTEM", "1"},
      {"HOME", "/nonexistent"},
      {"XDG_CONFIG_HOME", "/nonexistent"},
      {"GIT_TERMINAL_PROMPT", "0"},
      {"GIT_ASKPASS", "false"},
      {"SSH_ASKPASS", "false"},
      {"GIT_SSH_COMMAND", "ssh -o BatchMode=yes"},
      {"GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh"},
      {"GIT_NO_REPLACE_OBJECTS", "1"},
      {"GIT_OPTIONAL_LOCKS", "0"},
      {"GIT_INDEX_VERSION", "2"},
      {"GIT_MERGE_AUTOEDIT", "no"},
      {"GIT_EDITOR", "false"},
      {"GIT_PAGER", "cat"},
      {"PAGER", "cat"},
      {"LC_ALL", "C"},
      {"TZ", "UTC"},
  };
  for (const char* name : kPassed) {
    if (const char* value = std::getenv(name)) {
      env.emplace(name, value);
    }
  }
  env.emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
  env["GIT_CONFIG_COUNT"] = std::to_string(kConfig.size());
  for (std::size_t i = 0; i < kConfig.size(); ++i) {
    env["GIT_CONFIG_KEY_" + std::to_string(i)] = kConfig[i].first;
    env["GIT_CONFIG_VALUE_" + std::to_string(i)] = kConfig[i].second;
  }
  return env;
}

}  // namespace

std::map<std::string, std::string> git_environment() {
  static const std::map<std::string, std::string> env = make_environment();
  return env;
}

}  // namespace patchmill::git
