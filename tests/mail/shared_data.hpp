#pragma once
// The answers of a real Patchwork, kept outside the project.

#include "util/file.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace patchmill::mail::test {

inline std::filesystem::path shared_folder() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests read the environment before threads start
  if (const char* folder = std::getenv("PATCHMILL_SHARED")) {
    return folder;
  }
  return std::filesystem::path(PATCHMILL_SOURCE_DIR) / ".." / "shared";
}

// For the tests that then have nothing to compare with.
inline const std::string k_no_answers =
    "SKIPPED: conformance with a real Patchwork is not tested here; its answers are no part of the "
    "project. Set PATCHMILL_SHARED to the folder with data/patchwork/expected-series.json. (The "
    "intended deviations are tested with our own mails: own_deviations_test.cpp.)";

// expected-series.json, or nothing where the folder is absent.
inline const boost::json::object* patchwork_answers() {
  static const std::optional<boost::json::value> answers =
      []() -> std::optional<boost::json::value> {
    const auto text = read_file(shared_folder() / "data/patchwork/expected-series.json");
    if (!text) {
      return std::nullopt;
    }
    return boost::json::parse(*text);
  }();
  return answers ? &answers->as_object() : nullptr;
}

inline std::string str(const boost::json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

// The mails are stored byte for byte as code points below 256; a few were text to begin with.
inline std::string bytes(const boost::json::value& value) {
  const std::string text = str(value);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      out += text[i];
    } else if ((lead == 0xC2 || lead == 0xC3) && i + 1 < text.size()) {
      out += static_cast<char>(((lead & 3U) << 6U) | (static_cast<unsigned char>(text[++i]) & 63U));
    } else {
      return text;
    }
  }
  return out;
}

}  // namespace patchmill::mail::test
