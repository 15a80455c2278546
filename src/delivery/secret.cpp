#include "delivery/secret.hpp"

#include "util/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace patchmill::delivery {
namespace {

constexpr std::size_t k_largest = 4096;

Result<std::string> usable(std::string secret, const std::string& where) {
  if (secret.empty()) {
    return fail(ErrorKind::invalid, fmt::format("{} holds no password", where));
  }
  if (std::any_of(secret.begin(), secret.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return fail(ErrorKind::invalid,
                fmt::format("the password in {} holds a control character", where));
  }
  return secret;
}

}  // namespace

Result<std::string> read_secret(const Secret& secret) {
  if (!secret.env.empty()) {
    const char* value = std::getenv(secret.env.c_str());
    if (value == nullptr) {
      return fail(ErrorKind::not_found,
                  fmt::format("the environment variable {} (a password) is not set", secret.env));
    }
    return usable(value, "the environment variable " + secret.env);
  }
  auto content = read_file(secret.file, k_largest);
  if (!content) {
    return fail_with("the password file", content.error());
  }
  std::string first = content->substr(0, content->find('\n'));
  if (!first.empty() && first.back() == '\r') {
    first.pop_back();
  }
  return usable(std::move(first), secret.file);
}

}  // namespace patchmill::delivery
