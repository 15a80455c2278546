#pragma once
// What the routes of a site share; for site*.cpp alone.

#include "http/assets.hpp"
#include "store/blob_store.hpp"
#include "store/pool.hpp"
#include "web/live_tail.hpp"
#include "web/log_cache.hpp"
#include "web/page.hpp"
#include "web/site.hpp"

#include <boost/json/fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace patchmill::web {

struct Site::Impl : std::enable_shared_from_this<Site::Impl> {
  explicit Impl(SiteConfig given);

  // A handler with a connection; a store that does not answer is a 503 with words.
  using Answer = std::function<http::Response(Impl&, http::Request&, store::Database&)>;
  void get(http::Router& router, std::string pattern, Answer answer);
  // Without a connection.
  void get_plain(http::Router& router, std::string pattern,
                 std::function<http::Response(Impl&, http::Request&)> answer);

  void add_lists(http::Router& router);    // inbox, feeds, statistics, queue, health, about
  void add_series(http::Router& router);   // series, patches, mails
  void add_patches(http::Router& router);  // projects and their patches, if there are any
  void add_nodes(http::Router& router);    // nodes, logs, artifacts
  void add_events(http::Router& router);   // event streams, assets

  // HTML or JSON, as asked for; `page` and `json` are called when needed only. etag: empty for
  // pages that tell the time.
  http::Response answer(const http::Request& request, const std::string& etag,
                        const std::function<Page()>& page,
                        const std::function<boost::json::object()>& json);
  // Names the state of the store, or is empty when it cannot be told.
  std::string etag(store::Database& database) const;
  // 304, if the client has the page or its twin in this state already.
  static std::optional<http::Response> unchanged(const http::Request& request,
                                                 const std::string& etag);

  const SiteConfig config;
  SiteWords words;
  http::AssetSet assets;
  store::Pool pool;
  store::BlobStore blobs;
  LogCache logs;
  LiveTail tail;
  std::string boot;  // differs between programs and starts
};

// "?format=" says otherwise, Accept decides.
enum class Format { html, json, other };
Format format_of(const http::Request& request);
// That of the page or of its twin, whichever is asked for; empty stays empty.
std::string twin_etag(const http::Request& request, const std::string& etag);
// A path parameter of the form {name:uint}.
std::int64_t number_param(const http::Request& request, std::string_view name);

}  // namespace patchmill::web
