// Routes of series, patches and mails.
#include "http/security_headers.hpp"
#include "registry/msgid_segment.hpp"
#include "tracker/queries.hpp"
#include "util/text.hpp"
#include "web/patch_page.hpp"
#include "web/series_page.hpp"
#include "web/site_impl.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

http::Response no_series(std::int64_t number) {
  return http::Response::error(404, fmt::format("there is no series {}", number));
}

http::Response series(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::int64_t number = number_param(request, "number");
  const std::string etag = site.etag(database);
  if (auto same = Site::Impl::unchanged(request, etag)) {
    return *std::move(same);
  }
  auto model = read_series(database, site.blobs, *site.config.clock, number);
  const auto namesake =
      site.config.patches != nullptr ? other_series_with_id(database, number) : std::nullopt;
  if (!model) {
    // Only Patchwork's clients know it by this number.
    return namesake ? http::Response::redirect(
                          fmt::format("{}/series/{}/", site.words.base, *namesake), 302)
                    : no_series(number);
  }
  if (site.config.patches != nullptr) {
    model->places = places_of_series(database, number);
    model->namesake = namesake;
  }
  return site.answer(
      request, etag,
      [&] {
        return series_page(site.words, *model, site.config.clock->now(),
                           static_cast<bool>(site.config.hooks.range_diff));
      },
      [&] { return series_json(site.words, *model); });
}

http::Response patch(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::int64_t number = number_param(request, "number");
  const std::int64_t k = number_param(request, "k");
  const std::string etag = site.etag(database);
  if (auto same = Site::Impl::unchanged(request, etag)) {
    return *std::move(same);
  }
  auto model = k > 0 && k < INT32_MAX ? read_patch(database, site.blobs, *site.config.clock, number,
                                                   static_cast<int>(k))
                                      : std::nullopt;
  if (!model) {
    return http::Response::error(404,
                                 fmt::format("there is no patch {} of a series {}", k, number));
  }
  if (site.config.patches != nullptr) {
    model->places = places_of_patch(database, model->patch.message);
  }
  return site.answer(
      request, etag,
      [&] {
        return patch_page(site.words, *model, site.config.clock->now(),
                          static_cast<bool>(site.config.hooks.range_diff));
      },
      [&] { return patch_json(site.words, *model); });
}

http::Response range_diff(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::int64_t newer = number_param(request, "number");
  const std::int64_t older = number_param(request, "other");
  tracker::Queries queries(database, site.blobs);
  const auto after = queries.series(newer);
  const auto before = queries.series(older);
  if (!after || !before || after->work != before->work || newer == older) {
    return http::Response::error(
        404, fmt::format("{} and {} are not two revisions of the same work", older, newer));
  }
  const Result<RangeDiff> made =
      site.config.hooks.range_diff
          ? site.config.hooks.range_diff(older, newer)
          : Result<RangeDiff>(fail(ErrorKind::not_found, "this site does not make them"));
  return site.answer(
      request, "", [&] { return range_diff_page(site.words, *before, *after, made); },
      [&] {
        return boost::json::object{{"older", older},
                                   {"newer", newer},
                                   {"range_diff", made ? boost::json::value(mend_utf8(made->text))
                                                       : boost::json::value(nullptr)},
                                   {"of_mails", made && made->of_mails},
                                   {"reason", made ? boost::json::value(nullptr)
                                                   : boost::json::value(made.error().message)}};
      });
}

http::Response no_mail(const std::string& msgid) {
  return http::Response::error(
      404, fmt::format("no mail with the Message-ID <{}> is known here", ellipsize(msgid, 300)));
}

http::Response mail(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::string msgid(registry::msgid_of_segment(request.param("msgid")));
  const auto place = find_mail(database, site.blobs, msgid);
  if (!place) {
    return no_mail(msgid);
  }
  if (!place->series) {
    return http::Response::redirect(
        fmt::format("{}/r/{}/raw", site.words.base,
                    http::percent_encode(registry::segment_of_msgid(msgid))),
        302);
  }
  return http::Response::redirect(
      place->patch
          ? fmt::format("{}/series/{}/patches/{}/", site.words.base, *place->series, *place->patch)
          : fmt::format("{}/series/{}/", site.words.base, *place->series),
      302);
}

// As it came; in a sandbox, for it may say it is anything.
http::Response raw_mail(Site::Impl& site, http::Request& request, store::Database& database) {
  const std::string msgid(registry::msgid_of_segment(request.param("msgid")));
  const auto place = find_mail(database, site.blobs, msgid);
  if (!place) {
    return no_mail(msgid);
  }
  auto raw = tracker::Queries(database, site.blobs).raw(place->message);
  if (!raw) {
    return http::Response::error(raw.error());
  }
  http::Response response = http::Response::text(*std::move(raw));
  http::add_security_headers(response.headers, http::Content::untrusted, false);
  response.headers.add("Cache-Control", "no-cache");
  return response;
}

}  // namespace

void Site::Impl::add_series(http::Router& router) {
  get(router, "/series/{number:uint}/", series);
  get(router, "/series/{number:uint}/patches/{k:uint}/", patch);
  get(router, "/series/{number:uint}/range-diff/{other:uint}/", range_diff);
  get(router, "/r/{msgid}/", mail);
  get(router, "/r/{msgid}/raw", raw_mail);
}

}  // namespace patchmill::web
