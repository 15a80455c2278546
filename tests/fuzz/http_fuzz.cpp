// The path of a request from bytes to values: head, framing, target, query, ranges, conditions,
// cookies, codings, forms, JSON. The first byte chooses how the bytes are cut into pieces.

#include "check.hpp"
#include "http/address.hpp"
#include "http/auth.hpp"
#include "http/body.hpp"
#include "http/conditional.hpp"
#include "http/cookies.hpp"
#include "http/event_stream.hpp"
#include "http/link_header.hpp"
#include "http/prepare.hpp"
#include "http/request_parser.hpp"
#include "http/router.hpp"
#include "util/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace patchmill;
using namespace patchmill::http;

namespace {

const Router& router() {
  static const Router* const instance = [] {
    auto* made = new Router;
    const auto handler = [](Request& r) { return Response::text(r.body); };
    made->get("/", handler);
    made->get("/series/{id:uint}/", handler);
    made->get("/m/{id}/", handler);
    made->get("/files/{path...}", handler);
    made->post("/m/{id}/", handler);
    return made;
  }();
  return *instance;
}

void check_segments(const Path& path) {
  for (const std::string& segment : path.segments) {
    FUZZ_CHECK(segment != "." && segment != "..");
    FUZZ_CHECK(segment.find('\0') == std::string::npos);
    FUZZ_CHECK(is_valid_utf8(segment));
  }
}

void answer(Request& request, const Response& response) {
  const Prepared prepared = prepare(request, response, {});
  const Response& out = prepared.response;
  FUZZ_CHECK(out.status == 200 || out.status == 206 || out.status == 304 || out.status == 412 ||
             out.status == 416);
  if (out.status == 206) {
    FUZZ_CHECK(prepared.length.value_or(0) > 0);
    FUZZ_CHECK(out.headers.has("Content-Range"));
    if (const auto* file = std::get_if<FileBytes>(&out.body)) {
      FUZZ_CHECK(file->offset + file->length <= 5000);
    }
  }
}

void use(RequestHead head, std::string body) {
  FUZZ_CHECK(!(head.chunked && head.content_length));
  FUZZ_CHECK(head.http_1_0 || head.headers.count("Host") == 1);
  Request request;
  request.method = head.method;
  request.headers = head.headers;
  request.body = std::move(body);
  const auto target = split_target(head.target);
  if (target && target->path != "*") {
    if (auto path = parse_path(target->path)) {
      check_segments(*path);
      const auto match = router().match(head.method, *path);
      FUZZ_CHECK(!match.route || match.allow.empty());
    }
    if (const auto query = parse_query(target->query)) {
      FUZZ_CHECK(query->size() <= 1000);
      for (const auto& [name, value] : *query) {
        FUZZ_CHECK(*percent_decode(percent_encode(value)) == value);
      }
    }
  }
  find_cookie(request.headers, "pm_csrf");
  find_origin(*Address::parse("127.0.0.1"), false, request.header("X-Forwarded-For"),
              request.header("X-Forwarded-Proto"), {});
  (void)decode_base64(request.header("Authorization"));
  parse_links(request.headers);
  if (const auto form = form_body(request)) {
    for (const FormFile& file : form->files) {
      FUZZ_CHECK(file.content.data() >= request.body.data() &&
                 file.content.data() + file.content.size() <=
                     request.body.data() + request.body.size());
      FUZZ_CHECK(file.file_name.find_first_of("/\\") == std::string::npos);
    }
  }
  (void)json_body(request);
  request.method = "GET";
  static const std::string text(5000, 'x');
  answer(request, Response::text(text));
  Response file;
  file.headers.add("ETag", "\"a\"");
  file.headers.add("Content-Type", "text/plain");
  file.last_modified = 784111777;
  file.body = FileBytes{nullptr, 0, 5000};
  answer(request, file);
  const Frame frame =
      encode_event({std::string(request.header("Last-Event-ID")), "", request.body});
  FUZZ_CHECK(frame->ends_with("\n\n") && frame->find("\n\n") == frame->size() - 2);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) {
    return 0;
  }
  const std::size_t piece = data[0] % 64 == 0 ? size : data[0] % 64;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  HeadLimits limits;
  limits.request_line = 512;
  limits.head = 2048;
  limits.fields = 20;

  RequestParser parser;
  std::size_t fed = 0;
  std::size_t consumed = 0;
  std::optional<RequestHead> head;
  while (!head) {
    auto parsed = parser.parse_head(input.substr(0, fed), limits, consumed);
    if (!parsed) {
      FUZZ_CHECK(parsed.error().status >= 400 && parsed.error().status < 600);
      FUZZ_CHECK(!parsed.error().detail.empty());
      return 0;
    }
    head = std::move(*parsed);
    if (!head) {
      if (fed == input.size()) {
        return 0;
      }
      fed = std::min(input.size(), fed + piece);
    }
  }
  FUZZ_CHECK(consumed <= fed && consumed <= limits.head);
  // Whole or in pieces, it is the same request.
  {
    RequestParser whole;
    std::size_t again = 0;
    const auto parsed = whole.parse_head(input, limits, again);
    FUZZ_CHECK(parsed && *parsed && again == consumed && (*parsed)->target == head->target);
  }

  std::string body;
  std::string held(input.substr(consumed, fed - consumed));
  std::string out(97, '\0');
  bool done = !head->has_body();
  while (!done) {
    const auto step = parser.decode_body(held, out);
    if (!step) {
      FUZZ_CHECK(!step.error().detail.empty());
      return 0;
    }
    FUZZ_CHECK(step->consumed <= held.size() && step->produced <= out.size());
    body.append(out.data(), step->produced);
    held.erase(0, step->consumed);
    done = step->done;
    if (!done && step->consumed == 0 && step->produced == 0) {
      if (fed == input.size()) {
        break;
      }
      const std::size_t more = std::min(piece, input.size() - fed);
      held += input.substr(fed, more);
      fed += more;
    }
  }
  if (head->content_length && done) {
    FUZZ_CHECK(body.size() == *head->content_length);
  }
  use(std::move(*head), std::move(body));
  return 0;
}
