#include "http/message.hpp"

#include "http/cookies.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace patchmill::http {
namespace {

std::optional<FileBytes> open_regular(const std::filesystem::path& path, struct stat& info) {
  // Non-blocking: opening a FIFO that somebody put there must not hang.
  auto fd = std::make_shared<Fd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd->valid() || ::fstat(fd->get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  return FileBytes{std::move(fd), 0, static_cast<std::uint64_t>(info.st_size)};
}

}  // namespace

bool Identity::allows(std::string_view scope) const {
  return std::any_of(scopes.begin(), scopes.end(),
                     [&](const std::string& s) { return s == scope || s == "*"; });
}

const std::string& Request::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) {
      return value;
    }
  }
  throw std::out_of_range("no path parameter '" + std::string(name) + "' in this route");
}

std::string_view Request::header(std::string_view name) const {
  return headers.get(name).value_or(std::string_view{});
}

std::string Request::content_type() const {
  const std::string_view value = header("Content-Type");
  return to_lower(trim(value.substr(0, value.find(';'))));
}

std::optional<std::string> Request::cookie(std::string_view name) const {
  return find_cookie(headers, name);
}

bool Request::prefers_html() const {
  double html = 0;
  double json = 0;
  double any = 0;
  for (const WeightedValue& accepted : parse_weighted(header("Accept"))) {
    if (iequals(accepted.value, "text/html") || iequals(accepted.value, "application/xhtml+xml")) {
      html = std::max(html, accepted.weight);
    } else if (iequals(accepted.value, "application/json")) {
      json = std::max(json, accepted.weight);
    } else if (accepted.value == "*/*" || iequals(accepted.value, "application/*")) {
      any = std::max(any, accepted.weight);
    }
  }
  return html > json && html >= any;
}

Response Response::text(std::string body, int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

Response Response::html(std::string body, int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.body = std::move(body);
  return response;
}

Response Response::json(std::string serialised, int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(serialised);
  return response;
}

Response Response::json(const boost::json::value& value, int status) {
  return json(boost::json::serialize(value), status);
}

Response Response::empty(int status) {
  Response response;
  response.status = status;
  return response;
}

Response Response::error(int status, std::string_view detail) {
  Response response;
  response.status = status;
  response.error_detail = detail.empty() ? std::string(reason_phrase(status)) : mend_utf8(detail);
  return response;
}

Response Response::retry_later(int status, std::string_view detail, std::chrono::seconds wait) {
  Response response = error(status, detail);
  response.headers.add("Retry-After", std::to_string(wait.count()));
  return response;
}

Response Response::error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid:
      return Response::error(400, error.message);
    case ErrorKind::not_found:
      return Response::error(404, error.message);
    case ErrorKind::conflict:
      return Response::error(409, error.message);
    case ErrorKind::limit:
      return Response::error(422, error.message);
    case ErrorKind::infrastructure:
      break;
  }
  return Response::error(503, error.message);
}

Response Response::redirect(std::string_view location, int status) {
  Response response;
  response.status = status;
  response.headers.add("Location", location);
  return response;
}

Result<Response> Response::file(const std::filesystem::path& path, std::string_view content_type,
                                bool gzip_sibling) {
  struct stat info{};
  auto bytes = open_regular(path, info);
  if (!bytes) {
    return fail(ErrorKind::not_found, "there is no such file");
  }
  Response response;
  response.headers.add("Content-Type", content_type);
  response.headers.add("ETag", fmt::format("\"{:x}-{:x}-{:x}{:08x}\"", info.st_ino, info.st_size,
                                           info.st_mtim.tv_sec, info.st_mtim.tv_nsec));
  response.last_modified = info.st_mtim.tv_sec;
  response.body = std::move(*bytes);
  if (gzip_sibling) {
    struct stat packed{};
    auto sibling = open_regular(path.string() + ".gz", packed);
    if (sibling && packed.st_mtim.tv_sec >= info.st_mtim.tv_sec) {
      response.variants.push_back({"gzip", std::move(*sibling)});
    }
  }
  return response;
}

Response Response::produce(std::string_view content_type, Producer producer,
                           std::optional<std::uint64_t> length) {
  Response response;
  response.headers.add("Content-Type", content_type);
  response.body = Produced{std::move(producer), length};
  return response;
}

Response Response::events(std::shared_ptr<EventStream> stream) {
  Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("X-Accel-Buffering", "no");  // nginx would hold events back
  response.body = std::move(stream);
  return response;
}

std::string_view reason_phrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr std::array phrases = {
      Phrase{100, "Continue"},
      Phrase{200, "OK"},
      Phrase{201, "Created"},
      Phrase{202, "Accepted"},
      Phrase{204, "No Content"},
      Phrase{206, "Partial Content"},
      Phrase{301, "Moved Permanently"},
      Phrase{302, "Found"},
      Phrase{303, "See Other"},
      Phrase{304, "Not Modified"},
      Phrase{307, "Temporary Redirect"},
      Phrase{308, "Permanent Redirect"},
      Phrase{400, "Bad Request"},
      Phrase{401, "Unauthorized"},
      Phrase{403, "Forbidden"},
      Phrase{404, "Not Found"},
      Phrase{405, "Method Not Allowed"},
      Phrase{406, "Not Acceptable"},
      Phrase{408, "Request Timeout"},
      Phrase{409, "Conflict"},
      Phrase{410, "Gone"},
      Phrase{411, "Length Required"},
      Phrase{412, "Precondition Failed"},
      Phrase{413, "Content Too Large"},
      Phrase{414, "URI Too Long"},
      Phrase{415, "Unsupported Media Type"},
      Phrase{416, "Range Not Satisfiable"},
      Phrase{417, "Expectation Failed"},
      Phrase{422, "Unprocessable Content"},
      Phrase{429, "Too Many Requests"},
      Phrase{431, "Request Header Fields Too Large"},
      Phrase{500, "Internal Server Error"},
      Phrase{501, "Not Implemented"},
      Phrase{502, "Bad Gateway"},
      Phrase{503, "Service Unavailable"},
      Phrase{504, "Gateway Timeout"},
      Phrase{505, "HTTP Version Not Supported"},
      Phrase{507, "Insufficient Storage"},
  };
  const auto found = std::find_if(phrases.begin(), phrases.end(),
                                  [&](const Phrase& phrase) { return phrase.status == status; });
  return found == phrases.end() ? "Unknown" : found->text;
}

std::string_view content_type_of(std::string_view file_name) {
  struct Known {
    std::string_view ending, type;
  };
  static constexpr std::array known = {
      Known{".html", "text/html; charset=utf-8"},
      Known{".css", "text/css; charset=utf-8"},
      Known{".js", "text/javascript; charset=utf-8"},
      Known{".json", "application/json"},
      Known{".svg", "image/svg+xml"},
      Known{".png", "image/png"},
      Known{".jpg", "image/jpeg"},
      Known{".ico", "image/x-icon"},
      Known{".woff2", "font/woff2"},
      Known{".txt", "text/plain; charset=utf-8"},
      Known{".log", "text/plain; charset=utf-8"},
      Known{".patch", "text/plain; charset=utf-8"},
      Known{".mbox", "application/mbox"},
      Known{".xml", "application/xml"},
      Known{".atom", "application/atom+xml"},
      Known{".gz", "application/gzip"},
      Known{".xz", "application/x-xz"},
      Known{".zst", "application/zstd"},
      Known{".tar", "application/x-tar"},
      Known{".webmanifest", "application/manifest+json"},
  };
  const std::string lower = to_lower(file_name);
  for (const Known& entry : known) {
    if (lower.ends_with(entry.ending)) {
      return entry.type;
    }
  }
  return "application/octet-stream";
}

}  // namespace patchmill::http
