#pragma once
// The address of a request: percent-coding, path segments, query.

#include "util/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::http {

// Named values of a path, a query or a form, in order; a name may come several times.
class Params {
 public:
  void add(std::string name, std::string value) {
    m_values.emplace_back(std::move(name), std::move(value));
  }
  // The first value of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] std::string_view get_or(std::string_view name, std::string_view other) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return get(name).has_value(); }
  [[nodiscard]] auto begin() const { return m_values.begin(); }
  [[nodiscard]] auto end() const { return m_values.end(); }
  [[nodiscard]] std::size_t size() const { return m_values.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> m_values;
};

// Error invalid: a percent sign without two hexadecimal digits, a NUL, or bytes that are not UTF-8
// (overlong forms among them).
Result<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// Everything but RFC 3986's unreserved characters is coded; '/' stays when keep_slash.
std::string percent_encode(std::string_view text, bool keep_slash = false);

// A path taken apart and decoded.
struct Path {
  std::vector<std::string> segments;  // a coded slash is part of its segment
  bool trailing_slash = false;
  bool empty_segment = false;  // "//" somewhere; such a path names nothing
};
// Error invalid: no leading slash, bad coding (see percent_decode), a "." or ".." segment in
// whatever coding, control characters, more than 64 segments.
Result<Path> parse_path(std::string_view path);

// What stood after "?" (without it) or in an urlencoded body. Errors as percent_decode; limit when
// there are more than max_pairs.
Result<Params> parse_query(std::string_view query, std::size_t max_pairs = 1000);

// The request target of RFC 9112 section 3.2, split.
struct Target {
  std::string_view path;   // "*" for the asterisk form
  std::string_view query;  // without "?"
  std::string_view host;   // of the absolute form, else empty
  bool https = false;      // scheme of the absolute form
};
// Error invalid: neither origin form, absolute form with http or https, nor "*".
Result<Target> split_target(std::string_view target);
// A reg-name, IPv4 or bracketed IPv6 address with an optional port, and nothing else.
bool valid_host(std::string_view host);

}  // namespace patchmill::http
