#pragma once
// What handlers get and give.

#include "http/address.hpp"
#include "http/headers.hpp"
#include "http/target.hpp"
#include "util/fd.hpp"
#include "util/result.hpp"

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace patchmill::http {

class EventStream;

// Who a request acts for, once an Authenticator has said so.
struct Identity {
  std::string name;                 // the owner
  std::string token_id;             // empty when it was no token
  std::vector<std::string> scopes;  // "*" is every scope
  [[nodiscard]] bool allows(std::string_view scope) const;
};

struct Request {
  std::string method;  // as sent, e.g. "GET"; HEAD is served by GET handlers
  std::string target;  // as sent: path and query still coded
  std::string path;    // as sent, without the query
  Path decoded_path;
  Params query;
  Params params;  // from the pattern of the route
  Headers headers;
  std::string body;    // empty for uploads
  Address remote;      // the client, behind trusted proxies
  bool https = false;  // as the client sees it
  std::string host;    // Host header or absolute form; hostile, as everything here
  std::string id;      // of the request; the same as in the access log
  std::optional<Identity> identity;
  std::stop_token stop;  // the server is stopping; long work should end

  [[nodiscard]] bool is_head() const { return method == "HEAD"; }
  // A path parameter; throws std::out_of_range when the pattern has none of that name.
  [[nodiscard]] const std::string& param(std::string_view name) const;
  [[nodiscard]] std::string_view header(std::string_view name) const;  // "" when absent
  // The media type of the body without parameters, in lower case.
  [[nodiscard]] std::string content_type() const;
  [[nodiscard]] std::optional<std::string> cookie(std::string_view name) const;
  // Whether Accept ranks HTML above JSON.
  [[nodiscard]] bool prefers_html() const;
};

// Bytes that live elsewhere: embedded, or kept alive by `owner`.
struct SharedBytes {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};
// A part of an open file.
struct FileBytes {
  std::shared_ptr<const Fd> fd;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
// Fills the buffer and says how far; 0 is the end. Runs on worker threads, never two at once. An
// error cuts the connection, which is how the client learns of it.
using Producer = std::function<Result<std::size_t>(std::span<char>)>;
struct Produced {
  Producer produce;
  std::optional<std::uint64_t> length;  // unknown: chunked
};

// The same content in another coding, made beforehand.
struct EncodedVariant {
  std::string coding;  // "gzip" or "br"; the first that the client accepts is taken
  std::variant<SharedBytes, FileBytes> body;
};

struct Response {
  using Body =
      std::variant<std::string, SharedBytes, FileBytes, Produced, std::shared_ptr<EventStream>>;

  int status = 200;
  Headers headers;
  Body body;
  std::vector<EncodedVariant> variants;
  std::optional<std::time_t> last_modified;
  std::string error_detail;  // set by error(): rendered as JSON or HTML, whatever is preferred
  bool compress = true;      // whether gzip may be applied
  int gzip_level = 5;        // 1 (quick) to 9 (small)
  bool auto_etag = true;     // strong ETag over a buffered body of a 200 that has none

  static Response text(std::string body, int status = 200);
  static Response html(std::string body, int status = 200);
  static Response json(std::string serialised, int status = 200);
  static Response json(const boost::json::value& value, int status = 200);
  static Response empty(int status = 204);
  // {"detail": …}, or a small page when HTML is preferred. 4xx text is for who asked; for 5xx say
  // nothing that is not theirs.
  static Response error(int status, std::string_view detail);
  // The same with Retry-After: the client should come again then.
  static Response retry_later(int status, std::string_view detail, std::chrono::seconds wait);
  // By the kind: invalid 400, not_found 404, conflict 409, limit 422, infrastructure 503.
  static Response error(const Error& error);
  // 303 by default. The location must be of our own making; a hostile one is an open redirect.
  static Response redirect(std::string_view location, int status = 303);
  // A regular file with Last-Modified and a strong ETag from its identity, size and time; error
  // not_found otherwise. With gzip_sibling "FILE.gz" is served to those who accept it.
  static Result<Response> file(const std::filesystem::path& path, std::string_view content_type,
                               bool gzip_sibling = false);
  static Response produce(std::string_view content_type, Producer producer,
                          std::optional<std::uint64_t> length = std::nullopt);
  static Response events(std::shared_ptr<EventStream> stream);
};

// The registered phrase, "Unknown" for other codes.
std::string_view reason_phrase(int status);
// By the name's ending; application/octet-stream when unknown. Text comes with charset=utf-8.
std::string_view content_type_of(std::string_view file_name);

// Takes the bytes of a large body as they come; every call is on a worker thread, in order.
// Destroyed without finish(): the upload was cut off or refused.
class UploadSink {
 public:
  virtual ~UploadSink() = default;
  // An error refuses the upload: by kind as Response::error.
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Response finish(Request& request) = 0;
};

using Handler = std::function<Response(Request&)>;
using UploadHandler = std::function<tl::expected<std::unique_ptr<UploadSink>, Response>(Request&)>;

}  // namespace patchmill::http
