#include "http/token.hpp"

#include "util/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace patchmill::http {

std::string random_bytes(std::size_t n) {
  std::string bytes(n, '\0');
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(n)) != 1) {
    throw std::runtime_error("the system has no random bytes");
  }
  return bytes;
}

std::string make_token_secret() {
  static constexpr std::string_view alphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t length = 43;  // 62^43 is a little more than 2^256
  std::string secret = "pm_";
  while (secret.size() < 3 + length) {
    for (const char c : random_bytes(64)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 248 && secret.size() < 3 + length) {  // 4 × 62: no character is likelier
        secret += alphabet[byte % 62];
      }
    }
  }
  return secret;
}

std::string hash_token(std::string_view secret) {
  return sha256_hex(secret);
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<CreatedToken> create_token(TokenStore& store, const Clock& clock, TokenOrder order) {
  CreatedToken created;
  created.secret = make_token_secret();
  created.record.hash = hash_token(created.secret);
  // Not a part of the secret's hash: ids are shown.
  created.record.id = sha256_hex(random_bytes(16)).substr(0, 12);
  created.record.name = std::move(order.name);
  created.record.owner = std::move(order.owner);
  created.record.scopes = std::move(order.scopes);
  created.record.created = clock.now();
  created.record.expires = order.expires;
  PM_TRY(store.add(created.record));
  return created;
}

Result<void> MemoryTokenStore::add(const TokenRecord& record) {
  const std::lock_guard lock(m_mutex);
  const bool id_taken = std::any_of(m_by_hash.begin(), m_by_hash.end(),
                                    [&](const auto& e) { return e.second.id == record.id; });
  if (id_taken || !m_by_hash.emplace(record.hash, record).second) {
    return fail(ErrorKind::conflict, "there is a token '" + record.id + "' already");
  }
  return {};
}

Result<std::optional<TokenRecord>> MemoryTokenStore::find_by_hash(std::string_view hash) {
  const std::lock_guard lock(m_mutex);
  const auto found = m_by_hash.find(hash);
  return found == m_by_hash.end() ? std::nullopt : std::optional(found->second);
}

Result<std::vector<TokenRecord>> MemoryTokenStore::list() {
  const std::lock_guard lock(m_mutex);
  std::vector<TokenRecord> all;
  for (const auto& [hash, record] : m_by_hash) {
    all.push_back(record);
  }
  return all;
}

Result<void> MemoryTokenStore::revoke(std::string_view id, Timestamp when) {
  const std::lock_guard lock(m_mutex);
  for (auto& [hash, record] : m_by_hash) {
    if (record.id == id) {
      record.revoked = record.revoked.value_or(when);
      return {};
    }
  }
  return fail(ErrorKind::not_found, "there is no token '" + std::string(id) + "'");
}

Result<void> MemoryTokenStore::touch(std::string_view id, Timestamp when) {
  const std::lock_guard lock(m_mutex);
  for (auto& [hash, record] : m_by_hash) {
    if (record.id == id) {
      record.last_used = when;
    }
  }
  return {};
}

}  // namespace patchmill::http
