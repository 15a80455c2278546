#include "intake/secret.hpp"

#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace patchmill::intake {
namespace {

constexpr std::size_t longest_secret = 64u << 10;

}  // namespace

Result<std::string> read_secret(const Secret& secret) {
  std::string value;
  std::string place;
  if (!secret.file.empty()) {
    place = fmt::format("the file {}", escape_terminal(secret.file));
    auto content = read_file(secret.file, longest_secret);
    if (!content) {
      return fail(ErrorKind::invalid,
                  fmt::format("the secret cannot be read: {}", content.error().message));
    }
    value = std::move(*content);
  } else {
    place = fmt::format("the environment variable {}", escape_terminal(secret.env));
    const char* found = std::getenv(secret.env.c_str());
    if (found == nullptr) {
      return fail(ErrorKind::invalid,
                  fmt::format("{} with the secret is not set; set it for the service", place));
    }
    value = found;
  }
  while (value.ends_with('\n') || value.ends_with('\r')) {
    value.pop_back();
  }
  if (value.empty() || value.find('\0') != std::string::npos ||
      value.find('\n') != std::string::npos) {
    return fail(ErrorKind::invalid,
                fmt::format("{} holds no secret: one line of text is wanted", place));
  }
  return value;
}

}  // namespace patchmill::intake
