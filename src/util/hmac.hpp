#pragma once
// Keyed digests (RFC 2104).

#include <string>
#include <string_view>

namespace patchmill {

// Lower-case hexadecimal.
std::string hmac_sha256_hex(std::string_view key, std::string_view data);

}  // namespace patchmill
