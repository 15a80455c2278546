#include "http/router.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <stdexcept>

namespace patchmill::http {
namespace {

enum class SegmentKind { literal, number, name, rest };

struct PatternSegment {
  SegmentKind kind = SegmentKind::literal;
  std::string text;  // the literal, or the parameter's name
};

[[noreturn]] void reject(const std::string& pattern, const std::string& why) {
  throw std::logic_error("route '" + pattern + "': " + why);
}

PatternSegment parse_segment(const std::string& pattern, std::string_view segment) {
  if (segment.empty()) {
    reject(pattern, "empty segment");
  }
  if (segment.front() != '{') {
    if (segment.find_first_of("{}%") != std::string_view::npos) {
      reject(pattern, "a parameter must be a whole segment, and literals are not coded");
    }
    return {SegmentKind::literal, std::string(segment)};
  }
  if (segment.back() != '}') {
    reject(pattern, "'}' is missing");
  }
  std::string_view name = segment.substr(1, segment.size() - 2);
  SegmentKind kind = SegmentKind::name;
  if (name.ends_with("...")) {
    kind = SegmentKind::rest;
    name.remove_suffix(3);
  } else if (name.ends_with(":uint")) {
    kind = SegmentKind::number;
    name.remove_suffix(5);
  }
  if (!is_token(name)) {
    reject(pattern, "a parameter needs a name");
  }
  return {kind, std::string(name)};
}

bool is_number(std::string_view text) {
  const auto value = parse_uint(text);
  return value && *value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

bool method_fits(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

void Router::add(Route route) {
  const std::string pattern = route.pattern;
  if (pattern.empty() || pattern.front() != '/') {
    reject(pattern, "must begin with '/'");
  }
  if (!is_token(route.method) ||
      static_cast<bool>(route.handler) == static_cast<bool>(route.upload)) {
    reject(pattern, "needs a method and either a handler or an upload handler");
  }
  std::string_view rest = std::string_view(pattern).substr(1);
  if (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  Node* node = &m_root;
  std::vector<std::string> names;
  bool ended = false;
  for (const std::string_view text :
       rest.empty() ? std::vector<std::string_view>{} : split(rest, '/')) {
    if (ended) {
      reject(pattern, "nothing may follow {name...}");
    }
    auto segment = parse_segment(pattern, text);
    std::unique_ptr<Node>* next = nullptr;
    switch (segment.kind) {
      case SegmentKind::literal:
        next = &node->literal[segment.text];
        break;
      case SegmentKind::number:
        next = &node->number;
        break;
      case SegmentKind::name:
        next = &node->name;
        break;
      case SegmentKind::rest:
        next = &node->rest;
        ended = true;
        route.slash = Slash::either;
        break;
    }
    if (segment.kind != SegmentKind::literal) {
      if (std::find(names.begin(), names.end(), segment.text) != names.end()) {
        reject(pattern, "the name '" + segment.text + "' is used twice");
      }
      names.push_back(std::move(segment.text));
    }
    if (!*next) {
      *next = std::make_unique<Node>();
    }
    node = next->get();
  }
  for (const auto& other : node->routes) {
    const bool same_form = (other->pattern.back() == '/') == (pattern.back() == '/');
    if (other->method == route.method && (same_form || ended)) {
      reject(pattern, "taken by '" + other->pattern + "'");
    }
  }
  node->routes.push_back(std::make_unique<Route>(std::move(route)));
  node->names.push_back(std::move(names));
}

// Every node is a distinct prefix of patterns and is met at one position only, so the work is
// bounded by the number of nodes.
void Router::find(const Node& node, const std::vector<std::string>& segments, std::size_t at,
                  std::vector<const Node*>& found) {
  if (at == segments.size()) {
    if (!node.routes.empty()) {
      found.push_back(&node);
    }
  } else {
    if (const auto literal = node.literal.find(segments[at]); literal != node.literal.end()) {
      find(*literal->second, segments, at + 1, found);
    }
    if (node.number && is_number(segments[at])) {
      find(*node.number, segments, at + 1, found);
    }
    if (node.name && !segments[at].empty()) {
      find(*node.name, segments, at + 1, found);
    }
  }
  if (node.rest && std::all_of(segments.begin() + static_cast<std::ptrdiff_t>(at), segments.end(),
                               [](const std::string& segment) {
                                 return !segment.empty() && segment.find('/') == std::string::npos;
                               })) {
    found.push_back(node.rest.get());
  }
}

Router::Match Router::match(std::string_view method, const Path& path) const {
  Match result;
  if (path.empty_segment) {
    return result;
  }
  std::vector<const Node*> nodes;
  find(m_root, path.segments, 0, nodes);
  const Node* chosen = nullptr;
  std::size_t index = 0;
  std::set<std::string> allowed;
  const Route* other_slash = nullptr;
  for (const Node* node : nodes) {
    for (std::size_t i = 0; i < node->routes.size(); ++i) {
      const Route& route = *node->routes[i];
      const bool slash_fits =
          route.slash == Slash::either || (route.pattern.back() == '/') == path.trailing_slash;
      if (!slash_fits) {
        if (!other_slash && route.slash == Slash::redirect && method_fits(route, method) &&
            (method == "GET" || method == "HEAD")) {
          other_slash = &route;
        }
        continue;
      }
      allowed.insert(route.method);
      if (!chosen && method_fits(route, method)) {
        chosen = node;
        index = i;
      }
    }
  }
  if (chosen) {
    result.route = chosen->routes[index].get();
    const auto& names = chosen->names[index];
    std::size_t next = 0;
    const auto parts = split(std::string_view(result.route->pattern).substr(1), '/');
    for (std::size_t i = 0; i < parts.size() && next < names.size(); ++i) {
      if (!parts[i].starts_with('{')) {
        continue;
      }
      if (parts[i].ends_with("...}")) {
        std::vector<std::string> rest(
            path.segments.begin() + static_cast<std::ptrdiff_t>(std::min(i, path.segments.size())),
            path.segments.end());
        std::string joined = join(rest, "/");
        if (path.trailing_slash && !joined.empty()) {
          joined += '/';
        }
        result.params.add(names[next++], std::move(joined));
      } else {
        result.params.add(names[next++], path.segments[i]);
      }
    }
    return result;
  }
  if (!allowed.empty()) {
    if (allowed.contains("GET")) {
      allowed.insert("HEAD");
    }
    allowed.insert("OPTIONS");
    const std::vector<std::string> list(allowed.begin(), allowed.end());
    result.allow = join(list, ", ");
    return result;
  }
  if (other_slash) {
    (path.trailing_slash ? result.drop_slash : result.add_slash) = true;
  }
  return result;
}

}  // namespace patchmill::http
