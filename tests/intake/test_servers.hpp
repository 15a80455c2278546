#pragma once
// Real servers to test against, where script/with-dovecot and script/with-public-inbox run them.

#include "intake/mails.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace patchmill::test {

class ServerFolder {
 public:
  // Says why when there is none.
  static std::optional<ServerFolder> find(const char* variable, const char* script) {
    const char* folder = std::getenv(variable);
    if (folder == nullptr) {
      MESSAGE("skipped: ", std::string(variable), " is not set (see ", std::string(script), ")");
      return std::nullopt;
    }
    return ServerFolder(folder);
  }
  [[nodiscard]] unsigned port(const char* file) const {
    return static_cast<unsigned>(parse_uint(trim(read_file(m_folder / file).value())).value());
  }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return m_folder / name;
  }
  // A mail to list@…, as one to the list demo@…
  void deliver(std::string mail) const {
    mail.replace(mail.find("list@"), 5, "demo@");
    Command command;
    command.argv = {(m_folder / "deliver").string()};
    command.input = std::move(mail);
    const auto done = SystemProcessRunner().run(command);
    REQUIRE((done && done->ok()));
  }

 private:
  explicit ServerFolder(std::filesystem::path folder) : m_folder(std::move(folder)) {}
  std::filesystem::path m_folder;
};

inline std::optional<ServerFolder> dovecot() {
  return ServerFolder::find("PATCHMILL_TEST_DOVECOT", "script/with-dovecot");
}

inline std::optional<ServerFolder> public_inbox() {
  return ServerFolder::find("PATCHMILL_TEST_PUBLIC_INBOX", "script/with-public-inbox");
}

}  // namespace patchmill::test
