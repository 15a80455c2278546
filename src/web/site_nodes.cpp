// Routes of nodes, their logs and what they left.
#include "http/security_headers.hpp"
#include "util/text.hpp"
#include "web/log_page.hpp"
#include "web/node_page.hpp"
#include "web/site_impl.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

using http::Response;

Response no_node(std::int64_t id) {
  return Response::error(404, fmt::format("there is no node {}", id));
}

Response node(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::int64_t id = number_param(request, "id");
  const std::string etag = site.etag(database);
  if (auto same = Site::Impl::unchanged(request, etag)) {
    return *std::move(same);
  }
  const auto model = read_node(database, *site.config.clock, id);
  if (!model) {
    return no_node(id);
  }
  return site.answer(
      request, etag, [&] { return node_page(site.words, *model, site.config.clock->now()); },
      [&] { return node_page_json(site.words, *model); });
}

// Bytes of anybody's making: shown as text or saved, never run.
void make_safe(Response& response) {
  http::add_security_headers(response.headers, http::Content::untrusted, false);
  response.compress = false;
}

enum class LogFormat { html, json, raw };

// Browsers get the page, programs the bytes unless they ask for JSON.
Result<LogFormat> log_format(const http::Request& request) {
  const auto format = request.query.get_or("format", "");
  if (format == "html" || (format.empty() && request.prefers_html())) {
    return LogFormat::html;
  }
  if (format == "json") {
    return LogFormat::json;
  }
  if (format == "raw") {
    return LogFormat::raw;
  }
  if (!format.empty()) {
    return fail(ErrorKind::invalid, "format is html, json or raw");
  }
  return request.header("Accept").find("application/json") != std::string_view::npos
             ? LogFormat::json
             : LogFormat::raw;
}

Response raw_log(const LogPlace& place) {
  auto response = Response::file(place.file, "text/plain; charset=utf-8");
  if (!response) {
    return Response::error(404,
                           "the log is not there any more; it may have been removed to make room");
  }
  response->headers.set("Cache-Control", "no-cache");
  make_safe(*response);
  return *std::move(response);
}

Response log_answer(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto format = log_format(request);
  if (!format) {
    return Response::error(format.error());
  }
  const std::int64_t id = number_param(request, "id");
  const auto place = find_log(database, site.blobs, *site.config.clock, site.config.live, id);
  if (!place) {
    return Response::error(place.error());
  }
  if (*format == LogFormat::raw) {
    Response response = raw_log(*place);
    response.headers.add("Vary", "Accept");
    return response;
  }
  const auto wanted = log_request(request.query);
  if (!wanted) {
    return Response::error(wanted.error());
  }
  // A finished log stays as it is; what is around it may change with the store.
  const std::string etag = place->live ? std::string() : site.etag(database);
  if (auto same = Site::Impl::unchanged(request, etag)) {
    return *std::move(same);
  }
  const auto file = LogFile::open(place->file);
  if (!file) {
    return Response::error(404,
                           "the log is not there any more; it may have been removed to make room");
  }
  const auto index =
      site.logs.index(place->key.empty() ? fmt::format("live/{}", id) : place->key, *file);
  if (!index) {
    return Response::error(index.error());
  }
  auto view = read_log(*place, *file, **index, *wanted);
  if (!view) {
    return Response::error(view.error());
  }
  if (const auto name = database.one<std::string>("SELECT name FROM series WHERE number = ?",
                                                  place->node.series)) {
    view->series_name = std::get<0>(*name);
  }
  // format=raw was dealt with above, and Accept may be anything: say which it is.
  Response response;
  if (*format == LogFormat::html) {
    response = Response::html(render_page(site.words, log_page(site.words, *view)));
  } else {
    response = Response::json(boost::json::serialize(log_json(site.words, *view)) + "\n");
  }
  if (!etag.empty()) {
    response.headers.add("ETag", fmt::format("W/\"{}\"", twin_etag(request, etag)));
  }
  response.headers.add("Vary", "Accept");
  response.headers.add("Cache-Control", "no-cache");
  return response;
}

Response live_log(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::int64_t id = number_param(request, "id");
  const auto place = find_log(database, site.blobs, *site.config.clock, site.config.live, id);
  LiveTail::Place from;
  const auto again = request.header("Last-Event-ID");
  const auto given = again.empty() ? request.query.get_or("from", "0:0") : again;
  if (const auto parsed = LiveTail::Place::parse(given)) {
    from = *parsed;
  } else {
    return Response::error(400, "from is BYTES:LINES as a page of the log gives it");
  }
  // A node that is done gets its "done" from the tail; one that writes nothing yet may still.
  const auto known = pipeline::NodeStore(database, *site.config.clock).node(id);
  if (!known) {
    return no_node(id);
  }
  auto stream = site.tail.follow(id, from);
  if (!stream) {
    auto response =
        Response::error(503, "too many people follow logs; the page can be loaded again");
    response.headers.add("Retry-After", "30");
    return response;
  }
  return Response::events(std::move(stream));
}

Response artifact(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto found = find_artifact(database, *site.config.clock, number_param(request, "id"),
                                   request.param("name"));
  if (!found) {
    return Response::error(found.error());
  }
  const auto path = site.blobs.path_of(found->sha256);
  if (!path) {
    return Response::error(path.error());
  }
  auto response = Response::file(*path, "application/octet-stream");
  if (!response) {
    return Response::error(
        404, "the artifact is not there any more; it may have been removed to make room");
  }
  response->headers.set("ETag", "\"" + found->sha256.substr(0, 32) + "\"");
  response->headers.set("Cache-Control", "no-cache");
  response->headers.add("Content-Disposition", attachment_header(found->name));
  make_safe(*response);
  return *std::move(response);
}

Response reproducer(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::int64_t id = number_param(request, "id");
  const auto known = pipeline::NodeStore(database, *site.config.clock).node(id);
  if (!known) {
    return no_node(id);
  }
  if (known->reproducer.empty()) {
    return Response::error(
        404,
        fmt::format("node {} ({}) is no job; `patchmill try` repeats checks", id, known->name));
  }
  Response response = Response::text(known->reproducer);
  response.headers.add("Content-Disposition",
                       attachment_header(fmt::format("reproduce-{}.sh", id)));
  make_safe(response);
  return response;
}

}  // namespace

void Site::Impl::add_nodes(http::Router& router) {
  get(router, "/nodes/{id:uint}/", node);
  get(router, "/nodes/{id:uint}/log", log_answer);
  get(router, "/nodes/{id:uint}/log/live", live_log);
  get(router, "/nodes/{id:uint}/artifacts/{name...}", artifact);
  get(router, "/nodes/{id:uint}/reproducer", reproducer);
}

}  // namespace patchmill::web
