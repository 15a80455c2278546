// Patchwork's API without sockets: processor time of a request, from its parameters to the bytes of
// the answer with its ETag. Series have 6 patches and a cover.
// Usage: patchwork_api_bench [SERIES [STORE]]

#include "api/patchwork/api.hpp"
#include "api/patchwork/render.hpp"
#include "http/prepare.hpp"
#include "registry/list_index.hpp"
#include "store/migrations.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

using namespace patchmill;

namespace {

constexpr double asked_ms = 1;  // of series/?per_page=100
constexpr int k_patches = 6;

double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void fill(store::Database& database, std::int64_t series) {
  database.exec(
      "INSERT INTO registry_users (id, username, username_key, first_name, last_name, email,"
      " email_key, send_email, items_per_page, show_ids)"
      " VALUES (1, 'ci', 'ci', '', '', 'ci@x', 'ci@x', 0, 100, 0)");
  for (std::int64_t i = 1; i <= 50; ++i) {
    database.exec("INSERT INTO registry_people (id, name, email, email_key) VALUES (?, ?, ?, ?)", i,
                  fmt::format("Person Number{}", i), fmt::format("person{}@example.org", i),
                  fmt::format("person{}@example.org", i));
  }
  database.exec(
      "INSERT INTO registry_projects (id, name, link_name, link_key, list_id, list_email,"
      " subject_match, web_url, scm_url, webscm_url, list_archive_url, list_archive_url_format,"
      " commit_url_format, show_dependencies) VALUES (1, 'A project', 'local', 'local',"
      " 'local.example.org', 'local@example.org', '', 'https://example.org/', "
      "'git://example.org/x',"
      " 'https://git.example.org/x', 'https://lore.example.org/x/',"
      " 'https://lore.example.org/x/{}/', 'https://git.example.org/x/c/{}', 0)");
  store::Transaction transaction(database);
  std::int64_t patch = 0;
  for (std::int64_t id = 1; id <= series; ++id) {
    const std::int64_t date = 1'700'000'000'000'000 + id * 60'000'000;
    database.exec(
        "INSERT INTO registry_covers (id, project, message, series, msgid, date, name, submitter)"
        " VALUES (?, 1, ?, ?, ?, ?, ?, ?)",
        id, id, id, fmt::format("20231114221320.{}-1-person@example.org", id), date,
        fmt::format("[v2,0/{}] drivers: do the thing number {}", k_patches, id), id % 50 + 1);
    database.exec(
        "INSERT INTO registry_series (id, project, number, name, date, submitter, version, total,"
        " cover, completed, gone) VALUES (?, 1, ?, ?, ?, ?, 2, ?, ?, ?, 0)",
        id, id, fmt::format("drivers: do the thing number {}", id), date, id % 50 + 1, k_patches,
        id, k_patches);
    for (int number = 1; number <= k_patches; ++number) {
      ++patch;
      database.exec(
          "INSERT INTO registry_patches (id, project, message, series, number, msgid, date, name,"
          " submitter, hash, state, archived, check_state, completed, acked, reviewed, tested)"
          " VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 1, 1, 0, 0, 0)",
          patch, series + patch, id, number,
          fmt::format("20231114221320.{}-{}-person@example.org", id, number + 1), date + number,
          fmt::format("[v2,{}/{}] drivers: a step of the thing {}", number, k_patches, id),
          id % 50 + 1, fmt::format("{:040x}", patch));
      database.exec(
          "INSERT INTO registry_events (id, category, project, date, patch) VALUES (?, 1, 1, ?, ?)",
          patch, date + number, patch);
    }
  }
  transaction.commit();
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace patchmill::api::patchwork;
  const auto series =
      static_cast<std::int64_t>(argc > 1 ? parse_uint(argv[1]).value_or(1000) : 1000);
  const TempDir folder("patchmill-api-bench");
  const std::string url = argc > 2 ? argv[2] : (folder.path() / "store.db").string();
  store::BlobStore blobs(folder.path() / "blobs");
  {
    auto database = store::Database::open(url);
    store::migrate(*database);
    if (database->value<std::int64_t>("SELECT COUNT(*) FROM registry_series") == 0) {
      fill(*database, series);
      database->execute_script("ANALYZE");
    }
  }
  store::Pool pool([&] { return store::Database::open(url); }, 2);
  registry::ListIndex index;
  index.load(*pool.lease());
  const SystemClock clock;
  http::MemoryTokenStore tokens;
  http::Authenticator authenticator(tokens, clock);
  const auto open = registry_of(pool, blobs, clock, &index);
  http::Router router;
  Options options;
  options.open = open;
  options.authenticator = &authenticator;
  options.public_url = "https://patchwork.example.org";
  add_routes(router, std::move(options));

  double of_series = 0;
  for (const auto* path :
       {"/api/1.2/series/?project=local&per_page=100", "/api/1.2/series/?project=local&per_page=30",
        "/api/1.2/patches/?per_page=100", "/api/1.2/patches/?per_page=30", "/api/1.2/events/",
        "/api/1.2/series/200/"}) {
    http::Request request;
    request.method = "GET";
    request.target = path;
    const auto target = http::split_target(request.target);
    request.path = target->path;
    request.decoded_path = *http::parse_path(target->path);
    request.query = *http::parse_query(target->query);
    const auto match = router.match(request.method, request.decoded_path);
    std::size_t bytes = 0;
    std::vector<double> times;
    for (int i = 0; i < 50; ++i) {
      const double start = cpu_ms();
      const auto prepared = prepare(request, match.route->handler(request), {});
      times.push_back(cpu_ms() - start);
      bytes = std::get<std::string>(prepared.response.body).size();
    }
    std::sort(times.begin(), times.end());
    of_series = of_series == 0 ? times[times.size() / 2] : of_series;
    fmt::print("{:48} {:8} bytes: median {:6.3f} ms, worst {:6.3f} ms\n", path, bytes,
               times[times.size() / 2], times.back());
  }

  const auto part = [](std::string_view name, auto work) {
    std::vector<double> times;
    for (int i = 0; i < 50; ++i) {
      const double start = cpu_ms();
      work();
      times.push_back(cpu_ms() - start);
    }
    std::sort(times.begin(), times.end());
    fmt::print("of series/?per_page=100, {}: median {:.3f} ms\n", name, times[times.size() / 2]);
  };
  const auto known = open();
  const registry::SeriesFilter of_project{.project = {"local"}};
  const auto page = known->find(of_project, {1, 100});
  part("asking the registry", [&] { known->find(of_project, {1, 100}); });
  std::string text;
  part("making the text", [&] {
    Render render(*known, Version{2, true}, "https://patchwork.example.org");
    for (const auto& one : page.items) {
      render.series(one);
    }
    text = std::move(render.out);
  });
  part("its ETag", [&] { (void)sha256_hex(text); });
  fmt::print("patchwork-api ratio {:.1f} (ours {:.2f} ms, asked {:.0f} ms)\n", asked_ms / of_series,
             of_series, asked_ms);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "patchwork_api_bench: {}\n", error.what());
  return 1;
}
