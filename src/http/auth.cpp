#include "http/auth.hpp"

#include "util/log.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::http {
namespace {

constexpr std::chrono::minutes k_touch_every{1};  // a write for each request would cost too much

constexpr std::string_view k_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string gate_key(const Request& request) {
  const Address key = request.remote.limit_key();
  return std::string(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  std::string decoded;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto value = k_alphabet.find(c);
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    bits = (bits << 6 | static_cast<unsigned>(value)) & 0xffffffu;
    count += 6;
    if (count >= 8) {
      count -= 8;
      decoded += static_cast<char>((bits >> count) & 0xffu);
    }
  }
  if ((bits & ((1u << count) - 1)) != 0) {
    return std::nullopt;  // two texts must not mean the same
  }
  return decoded;
}

std::string encode_base64(std::string_view bytes) {
  std::string encoded;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffffffu;
    for (count += 8; count >= 6; count -= 6) {
      encoded += k_alphabet[bits >> (count - 6) & 63];
    }
  }
  if (count > 0) {
    encoded += k_alphabet[bits << (6 - count) & 63];
  }
  encoded.append((4 - encoded.size() % 4) % 4, '=');
  return encoded;
}

Authenticator::Authenticator(TokenStore& store, const Clock& clock, AuthOptions options)
    : m_store(store), m_clock(clock), m_options(std::move(options)), m_gate(m_options.failures) {
  if (m_options.token_rate) {
    m_token_rate = std::make_unique<RateLimiter>(*m_options.token_rate);
  }
}

Response Authenticator::unauthorized(std::string_view detail) const {
  Response response = Response::error(401, detail);
  response.headers.add("WWW-Authenticate", "Bearer realm=\"" + m_options.realm + "\"");
  response.headers.add("WWW-Authenticate",
                       "Basic realm=\"" + m_options.realm + "\", charset=\"UTF-8\"");
  return response;
}

std::optional<Authenticator::Credentials> Authenticator::read(std::string_view header) {
  header = trim(header);
  const auto blank = header.find(' ');
  if (blank == std::string_view::npos || header.size() > 4096) {
    return std::nullopt;
  }
  const std::string_view scheme = header.substr(0, blank);
  const std::string_view rest = trim(header.substr(blank));
  if (iequals(scheme, "Token") || iequals(scheme, "Bearer")) {
    return Credentials{"", std::string(rest), false};
  }
  if (iequals(scheme, "Basic")) {
    const auto decoded = decode_base64(rest);
    const auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon != std::string::npos) {
      return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1), true};
    }
  }
  return std::nullopt;
}

Result<std::optional<Identity>> Authenticator::identify(const Credentials& credentials) {
  if (credentials.secret.starts_with("pm_")) {
    const std::string hash = hash_token(credentials.secret);
    PM_TRY_ASSIGN(auto record, m_store.find_by_hash(hash));
    const Timestamp now = m_clock.now();
    if (!record || !equal_constant_time(record->hash, hash) || !record->valid_at(now) ||
        (!credentials.name.empty() && credentials.name != record->owner &&
         credentials.name != record->id)) {
      return std::nullopt;
    }
    if (!record->last_used || now - *record->last_used >= k_touch_every) {
      if (const auto touched = m_store.touch(record->id, now); !touched) {
        log::warning("the last use of token {} was not noted: {}", record->id,
                     touched.error().message);
      }
    }
    return Identity{record->owner, record->id, record->scopes};
  }
  if (credentials.basic && m_options.password) {
    return m_options.password(credentials.name, credentials.secret);
  }
  return std::nullopt;
}

std::optional<Response> Authenticator::refused(const Request& request, AuthFault fault,
                                               const AuthRefusal& refuse) const {
  if (refuse) {
    return refuse(request, fault);
  }
  return unauthorized(fault == AuthFault::wrong
                          ? "these credentials are wrong, expired or revoked"
                          : "the Authorization header is none of 'Token …', 'Bearer …', 'Basic …'");
}

std::optional<Response> Authenticator::authenticate(Request& request, const AuthRefusal& refuse) {
  const auto header = request.headers.get("Authorization");
  if (!header) {
    return std::nullopt;
  }
  const std::string key = gate_key(request);
  const auto credentials =
      request.headers.count("Authorization") == 1 ? read(*header) : std::nullopt;
  // A name holds no colon, and secrets are not to be kept in memory.
  const std::string tried =
      credentials ? hash_token(credentials->name + ":" + credentials->secret) : std::string();
  if (const auto wait = m_gate.blocked(key, tried)) {
    return Response::retry_later(429, "too many failed attempts from this address", *wait);
  }
  if (!credentials) {
    return refused(request, AuthFault::malformed, refuse);
  }
  auto identity = identify(*credentials);
  if (!identity) {
    log::error("credentials cannot be checked: {}", identity.error().message);
    return Response::error(503, "credentials cannot be checked at the moment");
  }
  if (!*identity) {
    m_gate.failed(key, tried);
    return refused(request, AuthFault::wrong, refuse);
  }
  m_gate.succeeded(key, tried);
  request.identity = std::move(*identity);
  if (m_token_rate) {
    const Identity& who = *request.identity;
    const auto wait = m_token_rate->take(who.token_id.empty() ? "name " + who.name : who.token_id);
    if (wait) {
      return Response::retry_later(429, "too many requests with this token", *wait);
    }
  }
  return std::nullopt;
}

Guard Authenticator::optional(AuthRefusal refuse) {
  return [this, refuse = std::move(refuse)](Request& request) {
    return authenticate(request, refuse);
  };
}

Guard Authenticator::recognize() {
  return [this](Request& request) -> std::optional<Response> {
    const auto header = request.headers.get("Authorization");
    const auto credentials = header ? read(*header) : std::nullopt;
    if (!credentials || !credentials->secret.starts_with("pm_")) {
      return std::nullopt;
    }
    auto refused = authenticate(request);
    return request.identity ? refused : std::nullopt;
  };
}

Guard Authenticator::require(std::string scope) {
  return [this, scope = std::move(scope)](Request& request) -> std::optional<Response> {
    if (auto refused = authenticate(request)) {
      return refused;
    }
    if (!request.identity) {
      return unauthorized("this needs a token; send it as 'Authorization: Token …'");
    }
    if (!request.identity->allows(scope)) {
      return Response::error(403, "this token lacks the scope '" + scope + "'");
    }
    return std::nullopt;
  };
}

}  // namespace patchmill::http
