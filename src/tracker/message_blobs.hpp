#pragma once
// The blobs that hold large mails.

#include "store/database.hpp"

#include <functional>
#include <string_view>

namespace patchmill::tracker {

void each_message_blob(store::Database& database,
                       const std::function<void(std::string_view sha256)>& f);

}  // namespace patchmill::tracker
