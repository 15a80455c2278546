#include "util/hash.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace patchmill {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string to_hex(const Digest& digest, unsigned length) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(length * 2);
  for (unsigned i = 0; i < length; ++i) {
    hex.push_back(digits[digest[i] >> 4]);
    hex.push_back(digits[digest[i] & 15]);
  }
  return hex;
}

// Fetched once: looking an algorithm up costs more than hashing a mail.
const EVP_MD* algorithm(const char* name) {
  const EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
  if (md == nullptr) {
    throw std::runtime_error(std::string("OpenSSL offers no ") + name);
  }
  return md;
}

const EVP_MD* sha1() {
  static const EVP_MD* md = algorithm("SHA1");
  return md;
}

const EVP_MD* sha256() {
  static const EVP_MD* md = algorithm("SHA256");
  return md;
}

std::string digest_hex(const EVP_MD* md, std::string_view data) {
  Digest digest;
  unsigned length = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &length, md, nullptr) != 1) {
    throw std::runtime_error("OpenSSL could not hash");
  }
  return to_hex(digest, length);
}

}  // namespace

std::string sha1_hex(std::string_view data) {
  return digest_hex(sha1(), data);
}

std::string sha256_hex(std::string_view data) {
  return digest_hex(sha256(), data);
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : m_state(std::make_unique<State>()) {
  if (m_state->context == nullptr || EVP_DigestInit_ex2(m_state->context, sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL could not start SHA-256");
  }
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view data) {
  if (EVP_DigestUpdate(m_state->context, data.data(), data.size()) != 1) {
    throw std::runtime_error("OpenSSL could not hash");
  }
}

std::string Sha256::hex() {
  Digest digest;
  unsigned length = 0;
  if (EVP_DigestFinal_ex(m_state->context, digest.data(), &length) != 1) {
    throw std::runtime_error("OpenSSL could not finish SHA-256");
  }
  return to_hex(digest, length);
}

}  // namespace patchmill
