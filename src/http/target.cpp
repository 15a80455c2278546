#include "http/target.hpp"

#include "util/text.hpp"

#include <algorithm>

namespace patchmill::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
}

}  // namespace

std::optional<std::string_view> Params::get(std::string_view name) const {
  for (const auto& [key, value] : m_values) {
    if (key == name) {
      return std::string_view(value);
    }
  }
  return std::nullopt;
}

std::string_view Params::get_or(std::string_view name, std::string_view other) const {
  return get(name).value_or(other);
}

std::vector<std::string_view> Params::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : m_values) {
    if (key == name) {
      values.emplace_back(value);
    }
  }
  return values;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail(ErrorKind::invalid, "a '%' is not followed by two hexadecimal digits");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') {
      return fail(ErrorKind::invalid, "a NUL character is not allowed");
    }
    decoded.push_back(c);
  }
  if (!is_valid_utf8(decoded)) {
    return fail(ErrorKind::invalid, "what its '%' codes stand for is not valid UTF-8");
  }
  return decoded;
}

std::string percent_encode(std::string_view text, bool keep_slash) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && keep_slash)) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4]);
      encoded.push_back(digits[byte & 15]);
    }
  }
  return encoded;
}

Result<Path> parse_path(std::string_view path) {
  constexpr std::size_t most_segments = 64;
  if (path.empty() || path.front() != '/') {
    return fail(ErrorKind::invalid, "the path must begin with '/'");
  }
  Path result;
  path.remove_prefix(1);
  if (path.empty()) {
    result.trailing_slash = true;
    return result;
  }
  if (path.back() == '/') {
    result.trailing_slash = true;
    path.remove_suffix(1);
  }
  if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) >= most_segments) {
    return fail(ErrorKind::invalid, "the path has more than 64 segments");
  }
  for (const std::string_view raw : split(path, '/')) {
    auto segment = percent_decode(raw);
    if (!segment) {
      return tl::unexpected(std::move(segment).error());
    }
    if (*segment == "." || *segment == "..") {
      return fail(ErrorKind::invalid, "'.' and '..' are not allowed in the path");
    }
    if (has_control(*segment)) {
      return fail(ErrorKind::invalid, "control characters are not allowed in the path");
    }
    result.empty_segment = result.empty_segment || segment->empty();
    result.segments.push_back(std::move(*segment));
  }
  return result;
}

Result<Params> parse_query(std::string_view query, std::size_t max_pairs) {
  Params params;
  if (query.empty()) {
    return params;
  }
  std::size_t pairs = 0;
  while (true) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (!pair.empty()) {
      if (++pairs > max_pairs) {
        return fail(ErrorKind::limit,
                    "more than " + std::to_string(max_pairs) + " parameters in one request");
      }
      const auto equals = pair.find('=');
      PM_TRY_ASSIGN(auto name, percent_decode(pair.substr(0, equals), true));
      std::string value;
      if (equals != std::string_view::npos) {
        PM_TRY_ASSIGN(value, percent_decode(pair.substr(equals + 1), true));
      }
      params.add(std::move(name), std::move(value));
    }
    if (end == std::string_view::npos) {
      return params;
    }
    query.remove_prefix(end + 1);
  }
}

Result<Target> split_target(std::string_view target) {
  Target result;
  if (target == "*") {
    result.path = target;
    return result;
  }
  if (target.empty() || target.front() != '/') {
    if (istarts_with(target, "http://")) {
      target.remove_prefix(7);
    } else if (istarts_with(target, "https://")) {
      target.remove_prefix(8);
      result.https = true;
    } else {
      return fail(ErrorKind::invalid, "the request target is neither a path nor an http address");
    }
    const auto end = std::min(target.find_first_of("/?"), target.size());
    result.host = target.substr(0, end);
    if (result.host.empty() || !valid_host(result.host)) {
      return fail(ErrorKind::invalid, "the request target has no valid host");
    }
    target.remove_prefix(end);
    if (target.empty()) {
      target = "/";
    } else if (target.front() == '?') {
      result.path = "/";
      result.query = target.substr(1);
      return result;
    }
  }
  if (target.find('#') != std::string_view::npos) {
    return fail(ErrorKind::invalid, "a '#' is not allowed in the request target");
  }
  const auto question = target.find('?');
  result.path = target.substr(0, question);
  if (question != std::string_view::npos) {
    result.query = target.substr(question + 1);
  }
  return result;
}

bool valid_host(std::string_view host) {
  if (host.empty() || host.size() > 255 + 6) {
    return false;
  }
  std::string_view name = host;
  std::string_view port;
  if (host.front() == '[') {
    const auto end = host.find(']');
    if (end == std::string_view::npos) {
      return false;
    }
    name = host.substr(1, end - 1);
    port = host.substr(end + 1);
    if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
          return hex_digit(c) >= 0 || c == ':' || c == '.';
        })) {
      return false;
    }
  } else {
    const auto colon = host.find(':');
    name = host.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : host.substr(colon);
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_unreserved)) {
      return false;
    }
  }
  if (port.empty()) {
    return true;
  }
  const auto number = parse_uint(port.substr(1));
  return port.front() == ':' && (port.size() == 1 || (number && *number <= 65535));
}

}  // namespace patchmill::http
