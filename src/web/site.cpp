#include "web/site.hpp"

#include "http/conditional.hpp"
#include "http/security_headers.hpp"
#include "pipeline/node_store.hpp"
#include "registry/writing.hpp"
#include "util/hash.hpp"
#include "util/log.hpp"
#include "util/text.hpp"
#include "web/site_impl.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>

namespace patchmill::web {
namespace {

// "https://ci.example.org" and "/ci" of "https://ci.example.org/ci/".
void split_url(std::string_view url, SiteWords& words) {
  while (url.ends_with('/')) {
    url.remove_suffix(1);
  }
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  words.origin = url.substr(0, path);
  words.base = path == std::string_view::npos ? "" : url.substr(path);
}

}  // namespace

Format format_of(const http::Request& request) {
  const auto format = request.query.get_or("format", "");
  if (format == "json") {
    return Format::json;
  }
  if (format == "html") {
    return Format::html;
  }
  if (!format.empty()) {
    return Format::other;
  }
  return request.prefers_html() ? Format::html : Format::json;
}

std::string twin_etag(const http::Request& request, const std::string& etag) {
  return etag.empty() ? etag : etag + (format_of(request) == Format::html ? "-h" : "-j");
}

std::int64_t number_param(const http::Request& request, std::string_view name) {
  const std::string& text = request.param(name);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Site::Impl::Impl(SiteConfig given)
    : config(std::move(given)),
      pool(config.connect, config.connections),
      blobs(config.blobs),
      tail(config.live, [this](std::int64_t id) {
        auto database = pool.lease();
        const auto node = pipeline::NodeStore(*database, *config.clock).node(id);
        return !node || node->state == pipeline::NodeState::done;
      }) {
  std::string all;
  for (const EmbeddedFile& file : embedded_assets()) {
    assets.add(std::string(file.name), file.bytes, file.gzip);
    all += file.bytes;
  }
  for (const EmbeddedFile& file : embedded_templates()) {
    all += file.bytes;
  }
  words.title = config.title;
  words.contact = config.contact;
  words.version = config.version;
  words.patches = config.patches != nullptr;
  split_url(config.public_url, words);
  const std::string prefix = words.base + "/static/";
  words.style_url = assets.url(prefix, "style.css");
  words.script_url = assets.url(prefix, "patchmill.js");
  words.icon_url = assets.url(prefix, "icon.svg");
  // Everything besides the store that a page is made of.
  boot = sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", all, config.title, config.contact,
                                config.public_url, config.version,
                                join(config.trees, ",") + join(config.lists, ",")))
             .substr(0, 12);
}

void Site::Impl::get_plain(http::Router& router, std::string pattern,
                           std::function<http::Response(Impl&, http::Request&)> answer) {
  http::Route route;
  route.method = "GET";
  route.pattern = std::move(pattern);
  route.guards = config.guards;
  route.handler = [self = shared_from_this(), answer = std::move(answer)](http::Request& request) {
    return answer(*self, request);
  };
  router.add(std::move(route));
}

void Site::Impl::get(http::Router& router, std::string pattern, Answer answer) {
  get_plain(router, std::move(pattern),
            [answer = std::move(answer)](Impl& self, http::Request& request) {
              try {
                const auto database = self.pool.lease();
                return answer(self, request, *database);
              } catch (const store::DatabaseError& problem) {
                log::error("{} (request {}): the store does not answer: {}", request.path,
                           request.id, problem.what());
                auto response = http::Response::error(
                    503,
                    "the store does not answer at the moment; nothing is lost, and this page "
                    "comes back with it");
                response.headers.add("Retry-After", "10");
                return response;
              }
            });
}

std::string Site::Impl::etag(store::Database& database) const {
  const auto newest = database.value<std::optional<std::int64_t>>("SELECT max(id) FROM events");
  // What follows the events changes a little later.
  return fmt::format("{}-{}-{}", boot, newest.value_or(0),
                     config.patches != nullptr ? registry::newest_change(database) : 0);
}

std::optional<http::Response> Site::Impl::unchanged(const http::Request& request,
                                                    const std::string& etag) {
  if (etag.empty() || !request.headers.has("If-None-Match")) {
    return std::nullopt;
  }
  // The client has the one of the coding it was served in.
  for (const auto* coding : {"", "-gzip"}) {
    const std::string tag = fmt::format("W/\"{}{}\"", twin_etag(request, etag), coding);
    if (http::check_preconditions(request.headers, {tag, std::nullopt}, true) ==
        http::Precondition::not_modified) {
      http::Response response;
      response.status = 304;
      response.headers.add("ETag", tag);
      response.headers.add("Vary", "Accept, Accept-Encoding");
      response.headers.add("Cache-Control", "no-cache");
      return response;
    }
  }
  return std::nullopt;
}

http::Response Site::Impl::answer(const http::Request& request, const std::string& etag,
                                  const std::function<Page()>& page,
                                  const std::function<boost::json::object()>& json) {
  const Format format = format_of(request);
  if (format == Format::other) {
    return http::Response::error(400, "format is html or json");
  }
  const std::string tag = twin_etag(request, etag);
  if (auto same = unchanged(request, etag)) {
    return *std::move(same);
  }
  http::Response response = format == Format::html
                                ? http::Response::html(render_page(words, page()))
                                : http::Response::json(boost::json::serialize(json()) + "\n");
  if (!tag.empty()) {
    response.headers.add("ETag", "W/\"" + tag + "\"");
  }
  response.headers.add("Vary", "Accept");
  response.headers.add("Cache-Control", "no-cache");
  return response;
}

Site::Site(SiteConfig config) : m_impl(std::make_shared<Impl>(std::move(config))) {}

Site::~Site() {
  close();
}

void Site::add_routes(http::Router& router) {
  m_impl->add_lists(router);
  m_impl->add_series(router);
  m_impl->add_patches(router);
  m_impl->add_nodes(router);
  m_impl->add_events(router);
}

http::ErrorPage Site::error_page() const {
  return [words = m_impl->words](int status, std::string_view detail) {
    return render_error(words, status, detail);
  };
}

void Site::close() {
  m_impl->tail.close();
}

}  // namespace patchmill::web
