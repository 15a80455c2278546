#pragma once
// From method and path to a handler.

#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::http {

// What happens when the path differs from the pattern in its last slash only.
enum class Slash {
  redirect,  // GET and HEAD are sent to the pattern's form (301); other methods: 404
  either,    // both are served
  strict,    // 404
};

// Where the handler runs.
enum class Run {
  worker,  // on the server's worker threads: may read files, ask the store
  loop,    // on the event loop: must end within microseconds and never block
};

// Asked before the body is read: nothing, or the answer instead of the handler's. Fills
// Request::identity if it authenticates. Runs where the handler runs.
using Guard = std::function<std::optional<Response>(Request&)>;

struct Route {
  std::string method;    // "GET" also serves HEAD
  std::string pattern;   // "/series/{id:uint}/", "/p/{msgid}/", "/files/{path...}"
  Handler handler;       // either this
  UploadHandler upload;  // or this one, which takes the body in pieces
  std::vector<Guard> guards = {};
  std::uint64_t max_body = 1u << 20;  // bytes; beyond it 413
  Slash slash = Slash::redirect;
  Run run = Run::worker;
};

class Router {
 public:
  // {name} is one segment, {name:uint} one that is a number below 2^63, {name...} at the end is the
  // rest of the path (no coded slashes in it). From the left, literal segments win
  // over numbers, those over names, and those over the rest.
  // Throws std::logic_error when the pattern is wrong or taken: both are bugs.
  void add(Route route);
  void get(std::string pattern, Handler handler) {
    add(Route{"GET", std::move(pattern), std::move(handler), {}});
  }
  void post(std::string pattern, Handler handler) {
    add(Route{"POST", std::move(pattern), std::move(handler), {}});
  }

  struct Match {
    const Route* route = nullptr;  // null: nothing here, or only other methods or slashes
    Params params;
    std::string allow;        // for 405 and OPTIONS: the methods there are; else empty
    bool add_slash = false;   // redirect to the path with a slash at its end
    bool drop_slash = false;  // or to the one without
  };
  [[nodiscard]] Match match(std::string_view method, const Path& path) const;

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
    std::unique_ptr<Node> number, name, rest;
    std::vector<std::unique_ptr<Route>> routes;
    std::vector<std::vector<std::string>> names;  // of the parameters, route by route
  };
  // The nodes that fit, best first.
  static void find(const Node& node, const std::vector<std::string>& segments, std::size_t at,
                   std::vector<const Node*>& found);
  Node m_root;
};

}  // namespace patchmill::http
