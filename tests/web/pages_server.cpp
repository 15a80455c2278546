// Serves the sample's pages on a free port, for tests in a browser and for a look by hand.
//
//   pages_server [MANY]     MANY: that many more series; prints "http://127.0.0.1:PORT/" and the
//   ids
//
// Reads commands: "append TEXT" (\n and \e stand for what they are) to the live log, "finish" ends
// the running node, "series TITLE" brings a new one, "pace N" writes N lines to the live log.
// Ends with its input.

#include "http/server.hpp"
#include "store/migrations.hpp"
#include "util/file.hpp"
#include "util/text.hpp"
#include "web/patch_sample.hpp"
#include "web/site.hpp"

#include <iostream>

using namespace patchmill;

namespace {

std::string unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      out += text[i] == 'n' ? '\n' : text[i] == 'e' ? '\x1b' : text[i];
    } else {
      out += text[i];
    }
  }
  return out;
}

web::Health sample_health(const Clock& clock) {
  web::Health health;
  health.started = clock.now();
  health.trees = {{"net-next",
                   "https://git.example.org/net-next.git",
                   "main",
                   web::Condition::good,
                   "",
                   "0123456789abcdef0123456789abcdef01234567",
                   clock.now(),
                   {}},
                  {"net",
                   "https://git.example.org/net.git",
                   "main",
                   web::Condition::waiting,
                   "git fetch ended with 128: <script>window.pwned=30</script>",
                   "",
                   {},
                   clock.now()}};
  health.sources = {
      {"netdev", "/srv/netdev", web::Condition::good, "", clock.now(), clock.now(), {}, 4},
      {"bpf",
       "imap.example.org",
       web::Condition::broken,
       "the password was refused",
       {},
       {},
       {},
       0}};
  health.workers = {{"local-1", "local", web::Condition::good, "", 1, {}, clock.now()}};
  health.destinations = {{"mail", "SMTP to mx.example.org"}};
  return health;
}

void add_many(web::test::Sample& sample, int many) {
  for (int i = 0; i < many; ++i) {
    web::test::SampleSeries one;
    one.id = fmt::format("many-{}", i);
    one.title = fmt::format("drivers: change number {}", i);
    one.patches = 1;
    one.from = fmt::format("Dev {0} <dev{0}@example.org>", i % 7);
    const auto number = sample.add(one);
    const auto root = sample.checkout(number, i % 3 == 0 ? "net" : "net-next");
    sample.run(root, "checkpatch", pipeline::NodeKind::check,
               i % 5 == 0 ? findings::Verdict::fail : findings::Verdict::pass, "sample", 1);
    sample.judge(number, i % 5 == 0 ? findings::Verdict::fail : findings::Verdict::pass, "sample");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int many = static_cast<int>(parse_uint(argc > 1 ? argv[1] : "").value_or(0));
  TempDir folder("patchmill-pages");
  const std::string url = (folder.path() / "store.db").string();
  store::BlobStore blobs(folder.path() / "blobs");
  auto database = store::Database::open(url);
  store::migrate(*database);
  // The past days, so that statistics have something to show.
  ManualClock clock(std::chrono::floor<std::chrono::days>(SystemClock().now()) -
                    std::chrono::days(3));
  web::test::Sample sample(*database, blobs, clock, folder.path() / "live");
  add_many(sample, many);
  const auto filled = sample.fill();
  sample.queue(sample.plan(*sample.nodes().node(filled.hostile_node), sample.k_attack,
                           pipeline::NodeKind::test),
               9, 0, "", 30, 0, sample.k_attack);

  const auto data = web::test::add_projects(*database, blobs, clock);
  registry::ListIndex index;

  http::EventHub hub;
  std::int64_t told = database->value<std::int64_t>("SELECT max(id) FROM events");
  const auto tell = [&] {
    for (const auto& event : store::events_after(*database, told, 10'000)) {
      web::publish(hub, event);
      told = event.id;
    }
  };
  web::SiteConfig config;
  config.connect = [url] { return store::Database::open(url); };
  config.blobs = folder.path() / "blobs";
  config.live = folder.path() / "live";
  config.title = "CI of example.org";
  config.contact = "Carla Admin <carla@example.org>";
  config.version = PATCHMILL_VERSION;
  config.trees = {"net-next", "net", "bpf-next"};
  config.lists = {"netdev.vger.example.org", "linux-mm.example.org", "bpf.example.org"};
  config.clock = &clock;
  config.hub = &hub;
  config.patches = &index;
  config.hooks.health = [&clock] { return sample_health(clock); };
  config.hooks.range_diff = [](std::int64_t, std::int64_t) -> Result<web::RangeDiff> {
    return web::RangeDiff{
        "1:  1111111 ! 1:  2222222 net: count frames, step 1\n"
        "    @@ net/core/frames.c: static int count(void)\n"
        "     -\tn = frames(dev);\n    -+\tn = frames(dev, 10);\n    ++\tn = frames(dev, 11);\n"
        "-:  ------- > 3:  3333333 <script>window.pwned=31</script>\n",
        false};
  };
  web::Site site(std::move(config));
  auto router = std::make_shared<http::Router>();
  site.add_routes(*router);
  http::IoThreads io(2);
  http::ServerConfig server_config;
  server_config.listen = {{"127.0.0.1:0"}};
  server_config.access_log = false;
  server_config.error_page = site.error_page();
  auto server = http::Server::start(io.context(), std::move(server_config), router);
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  std::cout << (*server)->addresses().at(0) << "/ v1=" << filled.v1 << " v2=" << filled.v2
            << " hostile=" << filled.hostile << " waiting=" << filled.waiting
            << " running=" << filled.running << " failed_node=" << filled.failed_node
            << " hostile_node=" << filled.hostile_node << " running_node=" << filled.running_node
            << " list_series=" << data.first.series->id << std::endl;

  int added = 0;
  std::string whole;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with("append ")) {
      sample.write_live(filled.running_node, unescape(line.substr(7)));
    } else if (line.starts_with("pace ")) {
      const auto lines = parse_uint(line.substr(5)).value_or(0);
      for (std::uint64_t i = 0; i < lines; ++i) {
        sample.write_live(filled.running_node, fmt::format("  CC      drivers/file{}.o\n", i));
      }
    } else if (line == "finish") {
      auto node = *sample.nodes().node(filled.running_node);
      clock.advance(std::chrono::seconds(60));
      sample.finish(node, findings::Verdict::pass, "no new warnings",
                    read_file(sample.live_log(node.id)).value_or("?"));
    } else if (line.starts_with("series ")) {
      web::test::SampleSeries one;
      one.id = fmt::format("added-{}", ++added);
      one.title = line.substr(7);
      one.patches = 1;
      sample.add(one);
    }
    tell();
    std::cout << "ok" << std::endl;
  }
  site.close();
  hub.close();
  (*server)->stop();
  return 0;
}
