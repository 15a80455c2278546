#pragma once
// From bytes to the head of a request and its body: Beast's parser, and around it everything that
// it accepts and a server that sits behind other servers must not (RFC 9112 section 11.2).

#include "http/headers.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace patchmill::http {

struct HeadLimits {
  std::size_t request_line = 8u << 10;  // bytes; beyond it 414
  std::size_t head = 32u << 10;         // bytes of request line and fields; beyond it 431
  std::size_t fields = 100;             // beyond it 431
};

struct RequestHead {
  std::string method;
  std::string target;  // as sent
  Headers headers;
  bool http_1_0 = false;
  bool keep_alive = true;  // what the client wants
  bool chunked = false;
  std::optional<std::uint64_t> content_length;

  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// An answer to a request that cannot be read; the connection is of no use afterwards.
struct ParseError {
  int status = 400;
  std::string detail;
};

class RequestParser {
 public:
  RequestParser();
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  // Looks for a whole head at the beginning of `in`; nothing while it is incomplete, so call again
  // with the same bytes and more. `consumed` is then how long it was.
  tl::expected<std::optional<RequestHead>, ParseError> parse_head(std::string_view in,
                                                                  const HeadLimits& limits,
                                                                  std::size_t& consumed);

  struct Step {
    std::size_t consumed = 0;  // bytes of `in` that are done with
    std::size_t produced = 0;  // bytes written to `out`
    bool done = false;         // the body is complete
  };
  // Takes the transfer coding off. A step that neither consumes nor produces wants more input
  // after the same bytes; when 16 KiB of input do not suffice the framing is refused by an error.
  tl::expected<Step, ParseError> decode_body(std::string_view in, std::span<char> out);

  // Ready for the next request of the connection.
  void reset();

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
  std::size_t m_scanned = 0;  // no end of the head before here
};

}  // namespace patchmill::http
