#pragma once
// The answers of a real Patchwork, kept outside the project.

#include "util/file.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace patchmill::api::patchwork::test {

inline std::optional<boost::json::value> shared_answers(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests read the environment before threads start
  const char* folder = std::getenv("PATCHMILL_SHARED");
  const std::filesystem::path shared =
      folder != nullptr ? std::filesystem::path(folder)
                        : std::filesystem::path(PATCHMILL_SOURCE_DIR) / ".." / "shared";
  const auto text = read_file(shared / "data/patchwork" / name);
  if (!text) {
    return std::nullopt;
  }
  return boost::json::parse(*text);
}

inline const std::string k_no_answers =
    "SKIPPED: the API is not compared with a real Patchwork's here; its answers are no part of the "
    "project. Set PATCHMILL_SHARED to the folder with data/patchwork/.";

inline std::string str(const boost::json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

}  // namespace patchmill::api::patchwork::test
