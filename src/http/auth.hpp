#pragma once
// From the Authorization header to an identity.

#include "http/rate_limit.hpp"
#include "http/router.hpp"
#include "http/token.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace patchmill::http {

struct AuthOptions {
  std::string realm = "patchmill";
  FailureGate::Rule failures;                   // of one address
  std::optional<RateLimiter::Rule> token_rate;  // requests of one identity; none: no limit
  // Name and password of Basic when the password is no token of ours; none: only tokens.
  std::function<std::optional<Identity>(std::string_view name, std::string_view password)> password;
};

// Why credentials do not let a request in.
enum class AuthFault {
  malformed,  // no header that is understood
  wrong,      // wrong, expired or revoked
};
// How another dialect of HTTP than ours refuses them; nothing: the request goes on without them.
using AuthRefusal = std::function<std::optional<Response>(const Request&, AuthFault)>;

// Understands `Token SECRET`, `Bearer SECRET` and `Basic NAME:SECRET` (the secret is the password;
// NAME is empty, the owner, or the token's id). Thread-safe; store and clock outlive it.
class Authenticator {
 public:
  Authenticator(TokenStore& store, const Clock& clock, AuthOptions options = {});

  // Sets request.identity. Nothing without an Authorization header; 401 for wrong, expired or
  // revoked credentials, 429 for an address that failed too often (but not with what was right from
  // there before) or a token that asks too often, 503 when the store does not answer.
  std::optional<Response> authenticate(Request& request) { return authenticate(request, {}); }
  // The same; `refuse` answers instead of 401.
  std::optional<Response> authenticate(Request& request, const AuthRefusal& refuse);

  // Guards for routes; the Authenticator outlives them.
  [[nodiscard]] Guard optional(AuthRefusal refuse = {});  // anonymous requests pass
  // Everybody passes, but a token that asks too often; identifies those with a token of ours. For
  // pages that everybody may see, also with the credentials of a proxy in front.
  [[nodiscard]] Guard recognize();
  // 401 for anonymous requests, 403 for identities without the scope.
  [[nodiscard]] Guard require(std::string scope);

 private:
  struct Credentials {
    std::string name, secret;
    bool basic = false;
  };
  [[nodiscard]] Response unauthorized(std::string_view detail) const;
  [[nodiscard]] std::optional<Response> refused(const Request& request, AuthFault fault,
                                                const AuthRefusal& refuse) const;
  static std::optional<Credentials> read(std::string_view header);
  Result<std::optional<Identity>> identify(const Credentials& credentials);

  TokenStore& m_store;
  const Clock& m_clock;
  const AuthOptions m_options;
  FailureGate m_gate;
  std::unique_ptr<RateLimiter> m_token_rate;
};

// Strict base64 of RFC 4648 section 4.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace patchmill::http
