#include "service/dependents.hpp"

#include "app/workspace.hpp"
#include "tracker/tracker.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using namespace patchmill;

namespace {

using SeriesNumbers = std::vector<std::int64_t>;

struct DependentsBench {
  DependentsBench() {
    auto config = app::parse_config(folder.path() / "c.yaml", "data: data\n");
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    auto opened = app::Workspace::open(*config);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    workspace = *std::move(opened);
  }
  std::int64_t post(const std::string& id, const std::string& subject,
                    const std::string& on = {}) const {
    const std::string raw = "From: A <a@example.org>\nSubject: " + subject + "\nMessage-ID: <" +
                            id + ">\nDate: Sun, 1 Mar 2026 10:00:00 +0000\n\nWords.\n\n" +
                            (on.empty() ? "" : "Depends-on: <" + on + ">\n") +
                            "Signed-off-by: A <a@example.org>\n---\n"
                            "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-one\n+" +
                            id + "\n";
    tracker::Tracker tracker(workspace->database(), workspace->blobs(), workspace->clock());
    std::vector<tracker::Incoming> batch;
    batch.push_back({raw, mail::parse_message(raw), "", "test"});
    tracker.ingest(batch);
    const auto number = workspace->queries().series_of(id);
    REQUIRE(number.has_value());
    return *number;
  }
  [[nodiscard]] SeriesNumbers of(const SeriesNumbers& numbers) const {
    return service::dependents_of(workspace->database(), workspace->queries(), numbers);
  }

  TempDir folder;
  std::unique_ptr<app::Workspace> workspace;
};

}  // namespace

TEST_CASE("service::dependents_of: who names any revision, also through others, circles end") {
  const DependentsBench bench;
  const auto lonely = bench.post("lonely@x", "[PATCH] lonely");
  const auto first = bench.post("base1@x", "[PATCH] base", "top@x");
  const auto middle = bench.post("middle@x", "[PATCH] middle", "base1@x");
  const auto top = bench.post("top@x", "[PATCH] top", "middle@x");
  const auto second = bench.post("base2@x", "[PATCH v2] base");
  CHECK(bench.of({lonely}).empty());
  CHECK(bench.of({second}) == SeriesNumbers{first, middle, top});  // the circle ends there
  CHECK(bench.of({first, second}) == SeriesNumbers{middle, top});
  CHECK(bench.of({middle}) == SeriesNumbers{first, top});
  CHECK(bench.of({}).empty());
}
