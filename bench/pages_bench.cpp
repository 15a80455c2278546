// How long pages take: the list of 100 000 series, a series of 100 patches, a log of 100 MB, the
// list of a million patches.
//
//   pages_bench [STORE-URL [SERIES [PATCHES]]]
//
// default: an SQLite file in a temporary folder, 100000, 1000000

#include "http/target.hpp"
#include "million_patches.hpp"
#include "registry/get.hpp"
#include "store/migrations.hpp"
#include "tracker/tracker.hpp"
#include "util/file.hpp"
#include "util/text.hpp"
#include "web/inbox_page.hpp"
#include "web/log_cache.hpp"
#include "web/log_page.hpp"
#include "web/patch_list_page.hpp"
#include "web/patch_page.hpp"
#include "web/series_page.hpp"
#include "web/service_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>

using namespace patchmill;

namespace {

using Clock_ = std::chrono::steady_clock;

double ms_since(Clock_::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock_::now() - start).count();
}

// The median of some runs after one that warms up.
template <class F>
void measure(const std::string& what, F&& f) {
  f();
  std::vector<double> times;
  std::size_t size = 0;
  for (int i = 0; i < 9; ++i) {
    const auto start = Clock_::now();
    size = f();
    times.push_back(ms_since(start));
  }
  std::sort(times.begin(), times.end());
  fmt::print("{:<44} {:>8.2f} ms (worst {:.2f}), {} bytes\n", what, times[times.size() / 2],
             times.back(), size);
}

std::size_t resident_kb() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t pages = 0;
  file >> total >> pages;
  return pages * 4;
}

std::string mail(int series, int number, int total) {
  static constexpr const char* words[] = {"net", "fix", "leak",  "of",     "frames", "in",
                                          "the", "mm",  "sched", "remove", "driver", "bpf"};
  std::string title;
  for (int i = 0; i < 8; ++i) {
    title +=
        fmt::format("{}{}", i == 0 ? "" : " ", words[(series * 7 + i * (series % 5 + 1)) % 12]);
  }
  std::string diff;
  for (int line = 0; line < (total > 1 ? 60 : 1); ++line) {
    diff += fmt::format("-\told_call(dev, {0});\n+\tnew_call(dev, {0}, 0);\n", line);
  }
  const int lines = total > 1 ? 60 : 1;
  return fmt::format(
             "From: Dev {0} <dev{0}@example.org>\nSubject: [PATCH net {1}/{2}] {3} {4} {1}\n"
             "Message-ID: <s{4}-{1}@example.org>\n{5}Date: Mon, 05 Jan 2026 10:00:00 +0000\n"
             "List-Id: <{6}.example.org>\n\nWhat and why.\n\nSigned-off-by: Dev {0} "
             "<dev{0}@example.org>\n---\n",
             series % 3000, number, total, title, series,
             number > 1 ? fmt::format("In-Reply-To: <s{}-1@example.org>\n", series) : "",
             series % 20000 == 5 ? "rare"
             : series % 3 == 0   ? "netdev"
                                 : "lkml") +
         fmt::format(
             "diff --git a/f{0}.c b/f{0}.c\nindex 1111111..2222222 100644\n--- a/f{0}.c\n+++ "
             "b/f{0}.c\n"
             "@@ -1,{1} +1,{1} @@\n{2}",
             number, lines, diff);
}

void fill(store::Database& database, store::BlobStore& blobs, ManualClock& clock, int count) {
  tracker::Tracker tracker(database, blobs, clock);
  std::vector<tracker::Incoming> batch;
  const auto flush = [&] {
    tracker.ingest(batch);
    batch.clear();
  };
  for (int i = 0; i < count; ++i) {
    const int patches = i == count - 1 ? 100 : 1;
    for (int number = 1; number <= patches; ++number) {
      batch.push_back(tracker::make_incoming(mail(i, number, patches), "", "bench"));
    }
    if (batch.size() >= 5000) {
      flush();
    }
  }
  flush();
  pipeline::NodeStore nodes(database, clock);
  const auto last = database.value<std::int64_t>("SELECT max(number) FROM series");
  for (std::int64_t from = 1; from <= last; from += 5000) {
    store::Transaction transaction(database);
    for (std::int64_t series = from; series < std::min(from + 5000, last + 1); ++series) {
      const bool large = series == last;
      pipeline::Node root;
      root.series = series;
      root.kind = pipeline::NodeKind::checkout;
      root.name = "checkout";
      root.tree = series % 25000 == 7 ? "rare" : "net";
      root = nodes.create(root);
      nodes.start(root);
      nodes.finish(root, findings::Verdict::pass, "applies");
      for (int patch = 1; patch <= (large ? 100 : 1); ++patch) {
        for (const auto* name : {"checkpatch", "whitespace"}) {
          pipeline::Node node;
          node.series = series;
          node.parent = root.id;
          node.kind = pipeline::NodeKind::check;
          node.name = name;
          node.patch = patch;
          node.tree = root.tree;
          node = nodes.create(node);
          nodes.start(node);
          clock.advance(std::chrono::milliseconds(50));
          findings::Finding finding;
          finding.file = fmt::format("f{}.c", patch);
          finding.line = 3;
          finding.tool = name;
          finding.message = "line over 100 columns";
          nodes.finish(node, large ? findings::Verdict::warning : findings::Verdict::pass,
                       "1 warning",
                       large ? std::vector{finding} : std::vector<findings::Finding>());
        }
      }
      if (series % 50'000 != 3) {
        pipeline::NodeStore::SeriesVerdict verdict;
        verdict.verdict = series % 30'000 == 11 ? findings::Verdict::fail : findings::Verdict::pass;
        verdict.reason = "everything passed";
        verdict.time = clock.now();
        nodes.set_verdict(series, verdict);
      }
    }
    transaction.commit();
  }
}

void lists(store::Database& database, const Clock& clock) {
  const web::SiteWords words;
  for (const char* query :
       {"", "before=50000", "q=sched+leak", "q=nothing-has-this", "verdict=fail", "verdict=pass",
        "state=waiting", "state=running", "tree=rare", "tree=net", "list=rare.example.org",
        "author=dev7%40example.org", "list=netdev.example.org&verdict=pass&q=bpf",
        "tree=rare&q=nothing"}) {
    const auto filter = web::inbox_filter(*http::parse_query(query));
    measure(fmt::format("list of series ?{}", query), [&] {
      return web::render_page(words,
                              web::inbox_page(words, web::read_inbox(database, *filter, 50), {}))
          .size();
    });
  }
  measure("feed", [&] {
    return web::atom_feed(words, "x", "/feed.atom", web::read_judged(database, {}, 50), clock.now())
        .size();
  });
  measure("statistics, 30 days", [&] {
    return web::render_page(words,
                            web::stats_page(words, web::read_stats(database, clock.now(), 30), 30))
        .size();
  });
}

void series(store::Database& database, const store::BlobStore& blobs, const Clock& clock) {
  const web::SiteWords words;
  const auto last = database.value<std::int64_t>("SELECT max(number) FROM series");
  measure("series of 100 patches, 201 nodes", [&] {
    const auto model = web::read_series(database, blobs, clock, last);
    return web::render_page(words, web::series_page(words, *model, clock.now(), true)).size();
  });
  measure("patch of 120 changed lines", [&] {
    const auto model = web::read_patch(database, blobs, clock, last, 50);
    return web::render_page(words, web::patch_page(words, *model, clock.now(), true)).size();
  });
}

void log(const std::filesystem::path& folder) {
  const web::SiteWords words;
  const auto path = folder / "big.log";
  {
    std::ofstream out(path, std::ios::binary);
    std::uint64_t size = 0;
    for (int i = 0; size < 100'000'000; ++i) {
      const std::string line =
          i % 100'000 == 99'999
              ? fmt::format("drivers/file{}.c:1:2: error: something\n", i)
              : fmt::format("\x1b[32m  CC      \x1b[0mdrivers/net/file{}.o and more\n", i);
      out << line;
      size += line.size();
    }
  }
  const std::size_t before = resident_kb();
  const auto file = web::LogFile::open(path);
  web::LogCache cache;
  const auto start = Clock_::now();
  const auto index = cache.index("big", *file);
  fmt::print("{:<44} {:>8.2f} ms, {} lines\n", "index of a log of 100 MB, once", ms_since(start),
             (*index)->lines());
  web::LogPlace place;
  place.node.name = "build";
  for (const char* query : {"", "line=1000000", "line=error", "line=end"}) {
    const auto request = web::log_request(*http::parse_query(query));
    measure(fmt::format("window of it ?{}", query), [&] {
      return web::render_page(
                 words, web::log_page(words, *web::read_log(place, *file,
                                                            **cache.index("big", *file), *request)))
          .size();
    });
  }
  const auto request = web::log_request(*http::parse_query("q=file1999999.o"));
  measure("search in it", [&] {
    return web::render_page(words,
                            web::log_page(words, *web::read_log(place, *file, **index, *request)))
        .size();
  });
  fmt::print("memory grew by {} KiB\n", resident_kb() - before);
}

void patches(store::Database& database, std::int64_t count) {
  bench::fill_patches(database, count);
  database.execute_script("ANALYZE");
  registry::ListIndex index;
  index.load(database);
  const web::SiteWords words;
  const auto project = registry::project(database, "list1");
  for (const char* query : {"", "state=*&archive=both", "state=*&archive=both&page=1000",
                            "state=*&archive=both&order=state", "submitter=person9@example.org",
                            "submitter=Person%20999", "delegate=user7",
                            "delegate=Nobody&order=submitter", "series=77777", "q=thing%20999",
                            "q=nothing-has-this", "q=do%20not%20use&state=*&archive=both"}) {
    const auto filter = web::patch_list_query(*http::parse_query(query));
    measure(fmt::format("list of patches ?{}", query), [&] {
      return web::render_page(
                 words, web::patch_list_page(
                            words, web::read_patch_list(database, index, project, {}, *filter)))
          .size();
    });
  }
  measure("what everybody has to do", [&] {
    return web::render_page(words, web::todo_page(words, web::read_todo(database, index))).size();
  });
  measure("projects", [&] {
    return web::render_page(words, web::projects_page(words, web::read_projects(database, index)))
        .size();
  });
}

}  // namespace

int main(int argc, char** argv) {
  TempDir folder("patchmill-bench");
  const std::string url = argc > 1 ? argv[1] : (folder.path() / "store.db").string();
  const int count = static_cast<int>(parse_uint(argc > 2 ? argv[2] : "").value_or(100'000));
  store::BlobStore blobs(folder.path() / "blobs");
  log(folder.path());  // first: its memory is told apart from the rest
  ManualClock clock(Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 10)));
  auto database = store::Database::open(url);
  store::migrate(*database);
  const auto start = Clock_::now();
  fill(*database, blobs, clock, count);
  fmt::print("{} series made in {:.1f} s\n", count, ms_since(start) / 1000);
  database.reset();
  database = store::Database::open(url);
  lists(*database, clock);
  series(*database, blobs, clock);
  fmt::print("resident: {} KiB\n", resident_kb());
  patches(*database,
          static_cast<std::int64_t>(parse_uint(argc > 3 ? argv[3] : "").value_or(1'000'000)));
}
