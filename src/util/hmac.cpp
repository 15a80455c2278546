#include "util/hmac.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <span>
#include <stdexcept>

namespace patchmill {

std::string hmac_sha256_hex(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(data.data()), data.size(), digest.data(),
             &length) == nullptr) {
    throw std::runtime_error("OpenSSL could not sign");
  }
  std::string hex;
  for (const unsigned char byte : std::span(digest).first(length)) {
    hex += fmt::format("{:02x}", byte);
  }
  return hex;
}

}  // namespace patchmill
