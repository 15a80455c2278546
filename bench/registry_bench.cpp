// Bringing mails of a store into the registry, against the asked 10 000 mails/s.
// Usage: registry_bench [MAILS [STORE] | STORE LIST-ID]
// STORE: an SQLite file or a PostgreSQL URL, which is changed; with MAILS it is to be empty

#include "registry/follow.hpp"
#include "registry/setup.hpp"
#include "store/migrations.hpp"
#include "synthetic_list.hpp"
#include "tracker/tracker.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace patchmill;

constexpr double asked = 10'000;

void fill(store::Database& database, store::BlobStore& blobs, std::size_t mails) {
  const SystemClock clock;
  tracker::Tracker tracker(database, blobs, clock);
  const bench::MailWriter writer;
  std::vector<tracker::Incoming> batch;
  for (const auto& mail : bench::plan_list(mails, 20260105)) {
    std::string raw = writer.write(mail);
    raw.erase(0, raw.find('\n') + 1);  // the "From " line
    batch.push_back(tracker::make_incoming(std::move(raw), "bench.example.org", "bench"));
    if (batch.size() == 2000) {
      tracker.ingest(batch);
      batch.clear();
    }
  }
  tracker.ingest(batch);
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

int main(int argc, char** argv) try {
  const TempDir folder("patchmill-registry-bench");
  const auto mails_wanted = argc > 1 ? parse_uint(argv[1]) : std::optional(std::uint64_t{50'000});
  if (!mails_wanted && argc < 3) {
    fmt::print(stderr, "usage: registry_bench [MAILS [STORE] | STORE LIST-ID]\n");
    return 2;
  }
  const std::string url = !mails_wanted ? argv[1]
                          : argc > 2    ? argv[2]
                                        : (folder.path() / "store.db").string();
  const std::string list = mails_wanted ? "bench.example.org" : argv[2];
  const auto database = store::Database::open(url);
  store::migrate(*database);
  store::BlobStore blobs(folder.path() / "blobs");
  if (mails_wanted) {
    fill(*database, blobs, *mails_wanted);
  }
  registry::Setup setup;
  setup.projects.emplace_back();
  setup.projects[0].project.link_name = "bench";
  setup.projects[0].project.name = "bench";
  setup.projects[0].project.list_id = list;
  if (const auto done = registry::set_up(*database, setup); !done) {
    fmt::print(stderr, "registry_bench: {}\n", done.error().message);
    return 1;
  }
  const double cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  while (registry::follow(*database, blobs, SystemClock().now(), 100'000) != 0) {
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const auto count = [&](const char* table) {
    return database->value<double>("SELECT COUNT(*) FROM " + std::string(table));
  };
  const double mails = count("messages");
  fmt::print(
      "{:.0f} mails: {:.0f} patches, {:.0f} covers, {:.0f} + {:.0f} comments, {:.0f} series, "
      "{:.0f} events, {:.0f} waiting; {:.1f} us of processor a mail\n",
      mails, count("registry_patches"), count("registry_covers"), count("registry_patch_comments"),
      count("registry_cover_comments"), count("registry_series"), count("registry_events"),
      count("registry_waiting"), (cpu_seconds() - cpu) / mails * 1e6);
  const double rate = mails / seconds.count();
  fmt::print("registry ratio {:.2f} (ours {:.0f} mails/s, asked {:.0f} mails/s)\n", rate / asked,
             rate, asked);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "registry_bench: {}\n", error.what());
  return 1;
}
