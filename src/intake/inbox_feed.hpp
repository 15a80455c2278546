#pragma once
// Public-inbox archives that are followed: on this machine, or by URL.

#include "intake/feed.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace patchmill::intake {

// A folder with epochs, or one repository. Looks where refs or epochs have changed, at the latest
// after `rescan`.
std::unique_ptr<Feed> follow_inbox_folder(
    std::filesystem::path folder, std::chrono::milliseconds rescan = std::chrono::seconds(30));

struct InboxUrlOptions {
  std::chrono::milliseconds interval = std::chrono::minutes(1);
  // Everything is asked for anew this often, whatever the server says is unchanged.
  std::chrono::milliseconds full_interval = std::chrono::hours(6);
  std::string ca_file;  // for manifest.js.gz; git has settings of its own
  std::string proxy;    // likewise
  bool operator==(const InboxUrlOptions&) const = default;
};

// Where there is a manifest.js.gz, a look is one HTTP request (answered by 304 as long as nothing
// changed), and only changed epochs are fetched. Elsewhere the newest epoch is fetched and the
// next one asked for; older ones are looked at every full_interval.
std::unique_ptr<Feed> follow_inbox_url(std::filesystem::path mirrors_dir, std::string url,
                                       InboxUrlOptions options = {});

}  // namespace patchmill::intake
