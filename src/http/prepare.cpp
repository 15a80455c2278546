#include "http/prepare.hpp"

#include "http/conditional.hpp"
#include "http/event_stream.hpp"
#include "http/gzip.hpp"
#include "http/security_headers.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace patchmill::http {
namespace {

constexpr std::size_t k_least_compressed = 1024;  // smaller ones fit into one packet anyway

std::string small_page(int status, std::string_view detail) {
  const std::string title = std::to_string(status) + " " + std::string(reason_phrase(status));
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
         "content=\"width=device-width\"><title>" +
         title + "</title></head><body><main><h1>" + title + "</h1><p>" + escape_html(detail) +
         "</p></main></body></html>\n";
}

void vary_on(Headers& headers, std::string_view what) {
  const std::string before = headers.joined("Vary");
  if (!list_contains(before, what)) {
    headers.set("Vary", before.empty() ? std::string(what) : before + ", " + std::string(what));
  }
}

void render_error(const Request& request, Response& response, const PrepareOptions& options) {
  vary_on(response.headers, "Accept");
  if (!response.headers.has("Cache-Control")) {
    response.headers.add("Cache-Control", "no-store");
  }
  if (request.prefers_html()) {
    response.headers.set("Content-Type", "text/html; charset=utf-8");
    response.body = options.error_page ? options.error_page(response.status, response.error_detail)
                                       : small_page(response.status, response.error_detail);
  } else {
    response.headers.set("Content-Type", "application/json");
    response.body =
        boost::json::serialize(boost::json::value{{"detail", response.error_detail}}) + "\n";
  }
}

std::optional<std::string_view> buffered(const Response::Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) {
    return *text;
  }
  if (const auto* shared = std::get_if<SharedBytes>(&body)) {
    return shared->bytes;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> length_of(const Response::Body& body) {
  if (const auto bytes = buffered(body)) {
    return bytes->size();
  }
  if (const auto* file = std::get_if<FileBytes>(&body)) {
    return file->length;
  }
  if (const auto* produced = std::get_if<Produced>(&body)) {
    return produced->length;
  }
  return std::nullopt;
}

// How much the client wants that coding: 0 is not at all.
double accepts(const Request& request, std::string_view coding) {
  double any = 0;
  const std::string list = request.headers.joined("Accept-Encoding");
  for (const WeightedValue& value : parse_weighted(list)) {
    if (iequals(value.value, coding)) {
      return value.weight;
    }
    if (value.value == "*") {
      any = value.weight;
    }
  }
  return any;
}

// A strong ETag belongs to one coding (RFC 9110 section 8.8.3.3).
std::string etag_for_coding(std::string_view etag, std::string_view coding) {
  if (etag.empty() || coding.empty()) {
    return std::string(etag);
  }
  return std::string(etag.substr(0, etag.size() - 1)) + "-" + std::string(coding) + "\"";
}

void cut_to_range(Response& response, const ByteRange& range) {
  if (auto* file = std::get_if<FileBytes>(&response.body)) {
    file->offset += range.first;
    file->length = range.length;
  } else if (auto* text = std::get_if<std::string>(&response.body)) {
    *text = text->substr(range.first, range.length);
  } else if (auto* shared = std::get_if<SharedBytes>(&response.body)) {
    shared->bytes = shared->bytes.substr(range.first, range.length);
  }
}

void drop_content(Response& response) {
  for (const auto* name : {"Content-Type", "Content-Encoding", "Content-Range", "Accept-Ranges"}) {
    response.headers.remove(name);
  }
  response.body = std::string();
}

// Coding, conditions and ranges of a 200 to GET or HEAD.
void negotiate(const Request& request, Response& response, const PrepareOptions& options) {
  const bool ranged = request.headers.has("Range");
  Validators now;
  now.last_modified = response.last_modified;
  if (const auto etag = response.headers.get("ETag")) {
    now.etag = *etag;
  } else if (const auto bytes = buffered(response.body); bytes && response.auto_etag) {
    now.etag = "\"" + sha256_hex(*bytes).substr(0, 32) + "\"";
  }
  if (response.last_modified && !response.headers.has("Last-Modified")) {
    response.headers.add("Last-Modified", format_http_date(*response.last_modified));
  }

  const std::string type(response.headers.get("Content-Type").value_or(""));
  const auto bytes = buffered(response.body);
  const bool squeezable = response.compress && bytes && bytes->size() >= k_least_compressed &&
                          is_compressible(type) && !response.headers.has("Content-Encoding");
  const EncodedVariant* variant = nullptr;
  std::string coding;
  if (squeezable || !response.variants.empty()) {
    vary_on(response.headers, "Accept-Encoding");
    if (!ranged) {
      for (const EncodedVariant& candidate : response.variants) {
        if (!variant && accepts(request, candidate.coding) > 0) {
          variant = &candidate;
          coding = candidate.coding;
        }
      }
      if (!variant && squeezable && accepts(request, "gzip") > 0) {
        coding = "gzip";
      }
    }
  }
  now.etag = etag_for_coding(now.etag, coding);
  if (!now.etag.empty()) {
    response.headers.set("ETag", now.etag);
  }

  switch (check_preconditions(request.headers, now, true)) {
    case Precondition::not_modified:
      response.status = 304;
      drop_content(response);
      return;
    case Precondition::failed:
      response = Response::error(412, "the resource is not in the state the request asks for");
      render_error(request, response, options);
      return;
    case Precondition::proceed:
      break;
  }

  if (!coding.empty()) {
    if (variant) {
      const auto body = variant->body;
      if (const auto* file = std::get_if<FileBytes>(&body)) {
        response.body = *file;
      } else {
        response.body = std::get<SharedBytes>(body);
      }
    } else {
      response.body = gzip(*bytes, response.gzip_level);
    }
    response.headers.set("Content-Encoding", coding);
    return;
  }
  const bool seekable = bytes || std::holds_alternative<FileBytes>(response.body);
  if (!seekable) {
    return;
  }
  response.headers.set("Accept-Ranges", "bytes");
  if (request.method != "GET" || !ranged) {
    return;
  }
  const std::uint64_t size = *length_of(response.body);
  const RangeAnswer answer = choose_range(request.headers, now, size);
  if (answer.kind == RangeAnswer::Kind::part) {
    response.status = 206;
    response.headers.set("Content-Range",
                         "bytes " + std::to_string(answer.range.first) + "-" +
                             std::to_string(answer.range.first + answer.range.length - 1) + "/" +
                             std::to_string(size));
    cut_to_range(response, answer.range);
  } else if (answer.kind == RangeAnswer::Kind::unsatisfiable) {
    response = Response::error(416, "the range lies behind the end");
    response.headers.set("Content-Range", "bytes */" + std::to_string(size));
    render_error(request, response, options);
  }
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

Prepared prepare(const Request& request, Response response, const PrepareOptions& options) {
  if (!response.error_detail.empty()) {
    render_error(request, response, options);
  }
  const bool reading = request.method == "GET" || request.method == "HEAD";
  if (reading && response.status == 200 &&
      !std::holds_alternative<std::shared_ptr<EventStream>>(response.body)) {
    negotiate(request, response, options);
  }
  const std::string_view type = response.headers.get("Content-Type").value_or("");
  const bool page = istarts_with(type, "text/html");
  add_security_headers(response.headers, page ? Content::page : Content::data,
                       options.hsts && request.https);

  Prepared prepared;
  prepared.length = length_of(response.body);
  prepared.send_body = !request.is_head() && response.status != 204 && response.status != 304 &&
                       response.status >= 200;
  prepared.response = std::move(response);
  return prepared;
}

}  // namespace patchmill::http
