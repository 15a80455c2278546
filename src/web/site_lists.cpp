// Routes of the list of series, feeds and the pages about the service.
#include "util/text.hpp"
#include "web/inbox_page.hpp"
#include "web/service_pages.hpp"
#include "web/site_impl.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

constexpr std::size_t k_rows = 50;
constexpr std::size_t k_most_list_rows = 500;

http::Response feed(const SiteWords& words, const std::string& title, const std::string& self,
                    const std::vector<InboxRow>& rows, const Clock& clock) {
  http::Response response;
  response.headers.add("Content-Type", "application/atom+xml; charset=utf-8");
  response.headers.add("Cache-Control", "no-cache");
  response.body = atom_feed(words, title, self, rows, clock.now());
  return response;
}

std::string feed_title(const SiteWords& words, const InboxFilter& filter) {
  std::string what;
  const auto add = [&](std::string_view word, std::string_view value) {
    if (!value.empty()) {
      what += fmt::format("{}{} {}", what.empty() ? "" : ", ", word, value);
    }
  };
  add("list", filter.list);
  add("tree", filter.tree);
  add("author", filter.author);
  add("verdict", filter.verdict ? findings::to_string(*filter.verdict) : "");
  add("matching", filter.text);
  return what.empty() ? words.title + ": verdicts"
                      : fmt::format("{}: verdicts, {}", words.title, what);
}

http::Response inbox(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto filter = inbox_filter(request.query);
  if (!filter) {
    return http::Response::error(filter.error());
  }
  std::size_t limit = k_rows;
  if (const auto wanted = request.query.get("limit")) {
    const auto number = parse_uint(*wanted);
    if (!number || *number == 0 || *number > k_most_list_rows) {
      return http::Response::error(400,
                                   fmt::format("limit is a number from 1 to {}", k_most_list_rows));
    }
    limit = static_cast<std::size_t>(*number);
  }
  const std::string etag = site.etag(database);
  std::optional<Inbox> rows;
  const auto read = [&]() -> const Inbox& {
    if (!rows) {
      rows = read_inbox(database, *filter, limit);
    }
    return *rows;
  };
  return site.answer(
      request, etag,
      [&] { return inbox_page(site.words, read(), {site.config.trees, site.config.lists}); },
      [&] { return inbox_json(site.words, read()); });
}

http::Response stats(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto days = parse_uint(request.query.get_or("days", "30"));
  if (!days || *days == 0 || *days > 366) {
    return http::Response::error(400, "days is a number from 1 to 366");
  }
  const int count = static_cast<int>(*days);
  const auto read = [&] { return read_stats(database, site.config.clock->now(), count); };
  return site.answer(
      request, "", [&] { return stats_page(site.words, read(), count); },
      [&] { return stats_json(read()); });
}

}  // namespace

void Site::Impl::add_lists(http::Router& router) {
  get(router, "/", inbox);
  get(router, "/feed.atom", [](Impl& self, http::Request& request, store::Database& database) {
    const auto filter = inbox_filter(request.query);
    if (!filter) {
      return http::Response::error(filter.error());
    }
    const std::string query = filter->query();
    return feed(self.words, feed_title(self.words, *filter),
                query.empty() ? "/feed.atom" : "/feed.atom?" + query,
                read_judged(database, *filter, k_rows), *self.config.clock);
  });
  get(router, "/series/{number:uint}/feed.atom",
      [](Impl& self, http::Request& request, store::Database& database) {
        const std::int64_t number = number_param(request, "number");
        std::vector<std::int64_t> numbers;
        database.each(
            "SELECT r.number FROM series s JOIN series r ON r.work = s.work WHERE s.number = ?"
            " ORDER BY r.number DESC LIMIT 50",
            [&](const store::Row& row) { numbers.push_back(row.integer(0)); }, number);
        if (numbers.empty()) {
          return http::Response::error(404, fmt::format("there is no series {}", number));
        }
        auto rows = read_rows(database, numbers);
        std::erase_if(rows, [](const InboxRow& row) { return !row.judged; });
        return feed(self.words, fmt::format("{}: series {}", self.words.title, number),
                    fmt::format("/series/{}/feed.atom", number), rows, *self.config.clock);
      });
  get(router, "/queue/", [](Impl& self, http::Request& request, store::Database& database) {
    const auto read = [&] {
      return read_queue(database, self.config.clock->now(),
                        self.config.hooks.queue_order ? self.config.hooks.queue_order()
                                                      : std::vector<QueueSlot>(),
                        self.config.workers);
    };
    return self.answer(
        request, "", [&] { return queue_page(self.words, read(), self.config.clock->now()); },
        [&] { return queue_json(self.words, read()); });
  });
  get(router, "/health/", [](Impl& self, http::Request& request, store::Database& database) {
    const auto read = [&] {
      return read_health(database, self.config.hooks.health
                                       ? std::optional(self.config.hooks.health())
                                       : std::nullopt);
    };
    return self.answer(
        request, "", [&] { return health_page(self.words, read(), self.config.clock->now()); },
        [&] { return health_json(self.words, read()); });
  });
  get(router, "/stats/", stats);
  get_plain(router, "/about/", [](Impl& self, http::Request& request) {
    return self.answer(
        request, self.boot, [&] { return about_page(self.words); },
        [&] { return about_json(self.words); });
  });
}

}  // namespace patchmill::web
