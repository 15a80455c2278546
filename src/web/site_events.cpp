// Event streams, styles and scripts.
#include "util/text.hpp"
#include "web/site_impl.hpp"

#include <fmt/format.h>

namespace patchmill::web {
namespace {

using http::Response;

// What publish() writes; the filters below read no more of it than its beginning.
std::string data_of(std::optional<std::int64_t> series, std::optional<std::int64_t> node) {
  return fmt::format("{{\"series\":{},\"node\":{}}}", series ? std::to_string(*series) : "null",
                     node ? std::to_string(*node) : "null");
}

Response events(Site::Impl& site, http::Request& request) {
  if (site.config.hub == nullptr) {
    return Response::error(404, "there are no live events here");
  }
  http::EventHub::Filter filter;
  if (const auto wanted = request.query.get("series")) {
    const auto number = parse_uint(*wanted);
    if (!number) {
      return Response::error(400, "series is a number");
    }
    filter = [prefix = fmt::format("{{\"series\":{},", *number)](const http::Event& event) {
      return event.data.starts_with(prefix) && event.name != "message-duplicate";
    };
  } else {
    const auto topic = request.query.get_or("topic", "all");
    if (topic == "series") {
      filter = [](const http::Event& event) {
        return event.name.starts_with("series-") || event.name == "node-done";
      };
    } else if (topic == "queue") {
      filter = [](const http::Event& event) { return event.name.starts_with("node-"); };
    } else if (topic != "all") {
      return Response::error(400, "topic is all, series or queue");
    }
  }
  const auto last = request.header("Last-Event-ID");
  return Response::events(site.config.hub->subscribe(
      last.empty() ? std::nullopt : std::optional(last), std::move(filter)));
}

}  // namespace

void publish(http::EventHub& hub, const store::Event& event) {
  hub.publish(static_cast<std::uint64_t>(event.id), event.kind, data_of(event.series, event.node));
}

void Site::Impl::add_events(http::Router& router) {
  get_plain(router, "/events/", events);
  get_plain(router, "/static/{path...}", [](Impl& self, http::Request& request) {
    return self.assets.respond(request, request.param("path"));
  });
  get_plain(router, "/robots.txt", [](Impl& self, http::Request&) {
    // Logs and lists of every filter are no food for search engines.
    return Response::text(
        fmt::format("User-agent: *\nDisallow: {0}/nodes/\nDisallow: {0}/?\nDisallow: {0}/events/\n"
                    "Disallow: {0}/user/\nDisallow: {0}/project/*/list/?\n",
                    self.words.base));
  });
}

}  // namespace patchmill::web
