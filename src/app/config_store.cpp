// Where the store is, and the secret it may need.

#include "app/config_reader.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <cstdlib>

namespace patchmill::app {
namespace {

std::string percent_encode(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    result += plain ? std::string(1, c)
                    : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

void ConfigReader::read_store(Config& config) {
  config.store_url = (config.data / "store.sqlite").string();
  const YamlValue* section = m_document.find("store");
  if (section == nullptr) {
    return;
  }
  const YamlValue* url = section->find("url");
  const YamlValue* password = section->find("password");
  const bool sqlite = url == nullptr || url->scalar.find("://") == std::string::npos;
  if (sqlite && password != nullptr && !section->doubtful) {
    fault(*password, "an SQLite file has no password; this one is for a PostgreSQL URL");
  }
  if (url == nullptr || url->scalar == "sqlite") {
    return;
  }
  if (!url->scalar.starts_with("postgresql://") && !url->scalar.starts_with("postgres://")) {
    if (url->scalar.find("://") != std::string::npos) {
      // Not repeated: there may be a password in it.
      fault(*url,
            "the store is \"sqlite\", the path of an SQLite file, or "
            "postgresql://USER@HOST/DATABASE; no other engine is known");
      return;
    }
    config.store_url = path(*url).string();
    return;
  }
  const auto start = url->scalar.find("://") + 3;
  const auto authority = url->scalar.substr(start, url->scalar.find('/', start) - start);
  const auto at = authority.rfind('@');
  if ((at != std::string::npos && authority.substr(0, at).find(':') != std::string::npos) ||
      url->scalar.find("password=") != std::string::npos) {
    fault(*url,
          "a password does not belong in the URL; put it under store.password as {file: PATH} or "
          "{env: NAME}");
    return;
  }
  config.store_url = url->scalar;
  if (password != nullptr) {
    if (at == std::string::npos) {
      fault(*url, "store.password needs a user in the URL: postgresql://USER@HOST/DATABASE");
      return;
    }
    if (const auto secret = read_secret(*password)) {
      config.store_url.insert(start + at, ":" + percent_encode(*secret));
    }
  }
}

std::optional<std::string> ConfigReader::read_secret(const YamlValue& value) {
  if (const YamlValue* env = value.find("env")) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): read at start only
    const char* found = std::getenv(env->scalar.c_str());
    if (found == nullptr || *found == '\0') {
      fault(*env,
            fmt::format("the environment variable {} is not set", escape_terminal(env->scalar)));
      return std::nullopt;
    }
    return std::string(found);
  }
  const YamlValue* file = value.find("file");
  const auto content = read_file(path(*file), 4096);
  if (!content) {
    fault(*file, content.error().message);
    return std::nullopt;
  }
  return std::string(trim(*content));
}

}  // namespace patchmill::app
