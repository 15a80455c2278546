#pragma once
// manifest.js.gz: what public-inbox and grokmirror say about repositories that can be cloned.

#include "util/result.hpp"

#include <map>
#include <string>
#include <string_view>

namespace patchmill::intake {

// Epoch number (-1: the whole inbox, version 1) -> what changes whenever one of its refs does.
using InboxManifest = std::map<int, std::string>;
// Higher numbers are nobody's.
inline constexpr int most_epochs = 1000;

// `inbox`: the last part of the inbox' address ("ltp"); other inboxes' repositories are left out.
// Errors: invalid for what is no manifest, limit for bombs.
Result<InboxManifest> read_manifest(std::string_view gzipped, std::string_view inbox);

}  // namespace patchmill::intake
