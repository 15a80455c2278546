#pragma once
// The pages people look at, each with its JSON twin at the same address.

#include "http/event_stream.hpp"
#include "http/prepare.hpp"
#include "http/router.hpp"
#include "registry/list_index.hpp"
#include "store/database.hpp"
#include "store/event_log.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"
#include "web/health.hpp"
#include "web/range_diff.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchmill::web {

// What the service provides; each may be empty, then the pages go without. Called on the server's
// worker threads, several at once.
struct SiteHooks {
  // Between two series. Errors are shown.
  std::function<Result<RangeDiff>(std::int64_t older, std::int64_t newer)> range_diff;
  // At once, from memory.
  std::function<Health()> health;
  // The order in which waiting nodes will start; without it the pages go by priority and age.
  std::function<std::vector<QueueSlot>()> queue_order;
};

struct SiteConfig {
  // Opens a connection to a migrated store; called again when one breaks.
  std::function<std::unique_ptr<store::Database>()> connect;
  std::size_t connections = 4;      // at most; the server's worker threads are a good number
  std::filesystem::path blobs;      // root of the store::BlobStore ("<data>/blobs")
  std::filesystem::path live;       // where logs of running nodes grow ("<data>/live")
  std::string public_url;           // "https://ci.example.org", for feeds and previews; may be ""
  std::string title = "patchmill";  // of the site
  std::string contact;              // "Name <address>" of who runs it; may be empty
  std::string version;              // of the program
  std::vector<std::string> trees, lists;   // offered as filters: names of trees, List-Ids
  registry::ListIndex* patches = nullptr;  // outlives the site; null: no pages of projects' patches
  unsigned workers = 1;             // running at once, for estimates without hooks.queue_order
  const Clock* clock = nullptr;     // outlives the site
  http::EventHub* hub = nullptr;    // outlives the site; null: no live pages
  std::vector<http::Guard> guards;  // of every route ("who may look at all")
  SiteHooks hooks;
};

// Thread-safe. Must outlive the routers it was added to; made anew when the configuration changes.
class Site {
 public:
  explicit Site(SiteConfig config);
  ~Site();  // ends live logs
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // GET routes only: "/", "/series/…", "/nodes/…", "/r/…", "/queue/", "/health/", "/stats/",
  // "/about/", "/feed.atom", "/events/", "/static/…", "/robots.txt"; with patches "/project/…" (but
  // for the downloads below it), "/user/…" and "/bundle/…".
  void add_routes(http::Router& router);
  // For http::ServerConfig::error_page; stays valid after the site has gone.
  [[nodiscard]] http::ErrorPage error_page() const;
  // Ends every live log; for a clean stop before the server's.
  void close();

  struct Impl;  // for site*.cpp

 private:
  std::shared_ptr<Impl> m_impl;
};

// Tells the pages of one event of the log; call it for each, in order, with the hub of the sites.
void publish(http::EventHub& hub, const store::Event& event);

}  // namespace patchmill::web
