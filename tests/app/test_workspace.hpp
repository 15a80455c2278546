#pragma once
// Workspaces that tests of this folder work in.

#include "app/workspace.hpp"
#include "tracker/tracker.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace patchmill::app::test {

// Its configuration is c.yaml of the folder, its trees are fetched.
inline std::unique_ptr<Workspace> open_workspace(const std::filesystem::path& folder,
                                                 const std::string& yaml) {
  auto config = parse_config(folder / "c.yaml", yaml);
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  auto opened = Workspace::open(*config);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
  for (const auto& [name, result] : (*opened)->placer().refresh()) {
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
  }
  return std::move(*opened);
}

// The number of the series the mail with this Message-ID (without angle brackets) is of.
inline std::int64_t take_mail(Workspace& workspace, const std::string& raw, const std::string& id) {
  tracker::Tracker tracker(workspace.database(), workspace.blobs(), workspace.clock());
  std::vector<tracker::Incoming> batch;
  batch.push_back({raw, mail::parse_message(raw), "", "test"});
  tracker.ingest(batch);
  const auto number = workspace.queries().series_of(id);
  REQUIRE(number.has_value());
  return *number;
}

}  // namespace patchmill::app::test
