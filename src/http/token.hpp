#pragma once
// Access tokens: made here, shown once, kept as hashes.

#include "util/clock.hpp"
#include "util/result.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::http {

// "pm_" and 43 characters of base62: 256 bits from the system's generator.
std::string make_token_secret();
// What is stored: SHA-256 in hexadecimal. Enough for a secret nobody can guess or enumerate.
std::string hash_token(std::string_view secret);
// Takes the same time whatever differs; only lengths may be learnt.
bool equal_constant_time(std::string_view a, std::string_view b);
// n bytes from the system's generator.
std::string random_bytes(std::size_t n);

struct TokenRecord {
  std::string id;                   // public, for lists and revocation
  std::string name;                 // what it is for
  std::string owner;                // who acts
  std::vector<std::string> scopes;  // "*": every scope
  std::string hash;                 // of the secret
  Timestamp created{};
  std::optional<Timestamp> expires, revoked, last_used;

  [[nodiscard]] bool valid_at(Timestamp now) const {
    return !revoked && (!expires || now < *expires);
  }
};

// Where tokens are kept. Thread-safe; errors are infrastructure besides those named.
class TokenStore {
 public:
  virtual ~TokenStore() = default;
  virtual Result<void> add(const TokenRecord& record) = 0;  // conflict: the id or hash is taken
  virtual Result<std::optional<TokenRecord>> find_by_hash(std::string_view hash) = 0;
  virtual Result<std::vector<TokenRecord>> list() = 0;
  virtual Result<void> revoke(std::string_view id, Timestamp when) = 0;  // not_found
  virtual Result<void> touch(std::string_view id, Timestamp when) = 0;   // last_used
};

struct TokenOrder {
  std::string name, owner;
  std::vector<std::string> scopes;
  std::optional<Timestamp> expires;
};
struct CreatedToken {
  TokenRecord record;
  std::string secret;  // to be shown to its owner now; it cannot be had again
};
Result<CreatedToken> create_token(TokenStore& store, const Clock& clock, TokenOrder order);

class MemoryTokenStore final : public TokenStore {
 public:
  Result<void> add(const TokenRecord& record) override;
  Result<std::optional<TokenRecord>> find_by_hash(std::string_view hash) override;
  Result<std::vector<TokenRecord>> list() override;
  Result<void> revoke(std::string_view id, Timestamp when) override;
  Result<void> touch(std::string_view id, Timestamp when) override;

 private:
  std::mutex m_mutex;
  std::map<std::string, TokenRecord, std::less<>> m_by_hash;
};

}  // namespace patchmill::http
