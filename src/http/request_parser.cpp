#include "http/request_parser.hpp"

#include "http/target.hpp"
#include "util/text.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstring>

namespace patchmill::http {
namespace {

namespace beast = boost::beast;
using ErrorCode = boost::system::error_code;

tl::unexpected<ParseError> refuse(int status, std::string detail) {
  return tl::unexpected(ParseError{status, std::move(detail)});
}

constexpr std::size_t k_chunk_head_limit = 16u << 10;  // chunk header, or last chunk with trailers

}  // namespace

struct RequestParser::Impl final : beast::http::basic_parser<true> {
  RequestHead head;
  std::span<char> out;
  std::size_t produced = 0;

 private:
  // Beast's parameter types: boost::core::string_view in 1.81, which converts to std's.
  template <class View>
  static std::string_view view(View text) {
    return {text.data(), text.size()};
  }
  std::size_t take(std::string_view body) {
    const std::size_t n = std::min(body.size(), out.size() - produced);
    std::memcpy(out.data() + produced, body.data(), n);
    produced += n;
    return n;
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, ErrorCode&) override {
    head.method = view(method);
    head.target = view(target);
    head.http_1_0 = version < 11;
  }
  void on_response_impl(int, beast::string_view, int, ErrorCode&) override {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     ErrorCode&) override {
    if (!is_header_done()) {  // trailers carry nothing we want
      head.headers.add(view(name), view(value));
    }
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  std::size_t on_body_impl(beast::string_view body, ErrorCode&) override {
    return take(view(body));
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, ErrorCode&) override {
    return take(view(body));
  }
  void on_finish_impl(ErrorCode&) override {}
};

namespace {

// What the bytes of a head must be before any parser sees them.
std::optional<ParseError> check_raw_head(std::string_view head, const HeadLimits& limits) {
  std::size_t lines = 0;
  std::size_t at = 0;
  while (at < head.size()) {
    const auto end = head.find('\n', at);
    if (end == std::string_view::npos || end == at || head[end - 1] != '\r') {
      return ParseError{400, "a line of the request does not end in CR LF"};
    }
    const std::string_view line = head.substr(at, end - 1 - at);
    if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos) {
      return ParseError{400, "a bare CR or a NUL in the request's head"};
    }
    if (lines == 0) {
      if (line.size() > limits.request_line) {
        return ParseError{414, "the request line is longer than " +
                                   std::to_string(limits.request_line) + " bytes"};
      }
    } else if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
      return ParseError{400, "folded header lines are not allowed"};
    }
    at = end + 1;
    if (++lines > limits.fields + 2) {
      return ParseError{431, "more than " + std::to_string(limits.fields) + " header lines"};
    }
  }
  return std::nullopt;
}

std::optional<ParseError> check_framing(RequestHead& head) {
  if (head.headers.count("Host") > 1 || (!head.http_1_0 && !head.headers.has("Host"))) {
    return ParseError{400, "a request must have exactly one Host header"};
  }
  const auto host = head.headers.get("Host");
  if (host && !host->empty() && !valid_host(*host)) {
    return ParseError{400, "the Host header is not a valid host"};
  }
  const bool coded = head.headers.has("Transfer-Encoding");
  const std::size_t lengths = head.headers.count("Content-Length");
  if (coded && lengths > 0) {
    return ParseError{400, "Content-Length and Transfer-Encoding in one request"};
  }
  if (coded) {
    if (head.http_1_0) {
      return ParseError{400, "Transfer-Encoding in an HTTP/1.0 request"};
    }
    if (!iequals(head.headers.joined("Transfer-Encoding"), "chunked")) {
      return ParseError{501, "the only transfer coding understood is chunked"};
    }
    head.chunked = true;
  } else if (lengths > 1) {
    return ParseError{400, "more than one Content-Length"};
  } else if (lengths == 1) {
    const auto length = parse_uint(*head.headers.get("Content-Length"));
    if (!length) {
      return ParseError{400, "the Content-Length is not a number"};
    }
    head.content_length = length;
  }
  const std::string connection = head.headers.joined("Connection");
  head.keep_alive =
      head.http_1_0 ? list_contains(connection, "keep-alive") : !list_contains(connection, "close");
  return std::nullopt;
}

}  // namespace

RequestParser::RequestParser() = default;
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

void RequestParser::reset() {
  m_impl.reset();
  m_scanned = 0;
}

tl::expected<std::optional<RequestHead>, ParseError> RequestParser::parse_head(
    std::string_view in, const HeadLimits& limits, std::size_t& consumed) {
  consumed = 0;
  const std::size_t from = m_scanned > 3 ? m_scanned - 3 : 0;
  const auto end = in.find("\r\n\r\n", from);
  const std::size_t size = end == std::string_view::npos ? in.size() : end + 4;
  if (end == std::string_view::npos) {
    m_scanned = in.size();
    const auto first_line = in.substr(0, limits.request_line + 2).find('\n');
    if (first_line == std::string_view::npos && in.size() > limits.request_line + 1) {
      return refuse(
          414, "the request line is longer than " + std::to_string(limits.request_line) + " bytes");
    }
    // A line that ended wrongly will never become right; do not wait for more of it.
    for (auto at = in.find('\n', from); at != std::string_view::npos; at = in.find('\n', at + 1)) {
      if (at == 0 || in[at - 1] != '\r') {
        return refuse(400, "a line of the request does not end in CR LF");
      }
    }
  }
  if (size > limits.head) {
    return refuse(431,
                  "the request's head is longer than " + std::to_string(limits.head) + " bytes");
  }
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view raw = in.substr(0, size);
  if (auto error = check_raw_head(raw, limits)) {
    return tl::unexpected(std::move(*error));
  }
  m_impl = std::make_unique<Impl>();
  m_impl->header_limit(static_cast<std::uint32_t>(limits.head + 1));
  m_impl->body_limit(boost::none);  // bounded by the route, on decoded bytes
  m_impl->head.headers.reserve(16);
  ErrorCode error;
  const std::size_t used = m_impl->put(boost::asio::buffer(raw.data(), raw.size()), error);
  if (error || used != raw.size() || !m_impl->is_header_done()) {
    // Beast sums up several refusals of its own in each of these.
    if (m_impl->head.headers.has("Transfer-Encoding") &&
        m_impl->head.headers.has("Content-Length")) {
      return refuse(400, "Content-Length and Transfer-Encoding in one request");
    }
    if (error == beast::http::error::bad_version) {
      return refuse(505, "the HTTP version must be 1.0 or 1.1");
    }
    return refuse(400, "the request's head is malformed (" +
                           (error ? error.message() : std::string("no end")) + ")");
  }
  if (auto wrong = check_framing(m_impl->head)) {
    return tl::unexpected(std::move(*wrong));
  }
  consumed = size;
  return std::move(m_impl->head);
}

tl::expected<RequestParser::Step, ParseError> RequestParser::decode_body(std::string_view in,
                                                                         std::span<char> out) {
  Step step;
  if (!m_impl || m_impl->is_done()) {
    step.done = true;
    return step;
  }
  m_impl->out = out;
  m_impl->produced = 0;
  while (step.consumed < in.size() && !m_impl->is_done()) {
    const std::string_view rest = in.substr(step.consumed);
    const std::size_t before = m_impl->produced;
    ErrorCode error;
    const std::size_t used = m_impl->put(boost::asio::buffer(rest.data(), rest.size()), error);
    step.consumed += used;
    if (error == beast::http::error::need_more) {
      if (rest.size() - used >= k_chunk_head_limit) {
        return refuse(400, "a chunk header or trailer is longer than 16 KiB");
      }
      break;
    }
    if (error) {
      return refuse(400, "the body's chunked coding is malformed (" + error.message() + ")");
    }
    if (used == 0 && m_impl->produced == before) {
      break;  // `out` is full
    }
    if (m_impl->produced == out.size()) {
      break;
    }
  }
  step.produced = m_impl->produced;
  step.done = m_impl->is_done();
  return step;
}

}  // namespace patchmill::http
