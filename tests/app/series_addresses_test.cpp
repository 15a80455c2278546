#include "app/series_addresses.hpp"

#include "app/registry_stage.hpp"
#include "app/test_workspace.hpp"
#include "patchwork/patch_map.hpp"
#include "tracker/series_addresses.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

using namespace patchmill;

namespace {

constexpr const char* k_config = R"(data: data
http: {url: 'https://pm.example.org/mill'}
patchwork:
  projects:
    - {link-name: l, list-id: l.example.org}
sources:
  - {name: pw, patchwork: {url: 'https://pw.example.org/api/', projects: [p]}}
)";

struct AddressBench {
  explicit AddressBench(const std::string& yaml = k_config)
      : workspace(app::test::open_workspace(folder.path(), yaml)) {}

  std::int64_t take(const std::string& id, const std::string& depends_on = "") {
    return app::test::take_mail(
        *workspace,
        "From: Ann <ann@example.org>\nSubject: [PATCH] " + id + "\nMessage-ID: <" + id +
            ">\nDate: Sun, 1 Mar 2026 10:00:00 +0000\nList-Id: <l.example.org>\n\nWhy.\n\n" +
            (depends_on.empty() ? "" : "Depends-on: " + depends_on + "\n") +
            "---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+" + id + "\n",
        id);
  }
  void follow() {
    REQUIRE(app::follow_registry(*workspace, [](std::uint64_t) {}));
  }
  std::size_t resolve() {
    return app::resolve_series_addresses(workspace->database(), workspace->config(),
                                         workspace->clock().now());
  }
  std::optional<std::int64_t> target(std::int64_t number) {
    return workspace->queries().series(number)->dependencies.at(0).series;
  }

  TempDir folder;
  std::unique_ptr<app::Workspace> workspace;
};

}  // namespace

TEST_CASE("app::resolve_series_addresses: those of our own Patchwork, whichever arrives first") {
  AddressBench bench;
  const std::string ours = "https://pm.example.org/mill/project/l/list/?series=";
  const auto base = bench.take("base@x");
  bench.follow();
  const auto later = bench.take("later@x", ours + "1");
  const auto early = bench.take("early@x", ours + "5");
  const auto elsewhere =
      bench.take("elsewhere@x", "https://h.example.org/project/l/list/?series=1");
  CHECK_FALSE(bench.target(later).has_value());
  bench.follow();
  CHECK(bench.target(later) == base);
  CHECK_FALSE(bench.target(early).has_value());
  const auto named = bench.take("named@x");
  bench.follow();
  CHECK(bench.target(early) == named);
  CHECK_FALSE(bench.target(elsewhere).has_value());
  CHECK(bench.resolve() == 0);
}

TEST_CASE("app::resolve_series_addresses: those of a Patchwork that is a source") {
  AddressBench bench;
  const auto base = bench.take("base@x");
  const auto number = bench.take("needs@x", "https://PW.example.org/project/p/list/?series=70");
  CHECK(bench.resolve() == 0);
  const std::vector<patchwork::KnownPatch> known = {
      {"https://pw.example.org/", 9, "p", "base@x", 70, "", ""},
      {"https://other.example.org/", 9, "p", "needs@x", 70, "", ""}};
  patchwork::remember_patches(bench.workspace->database(), known);
  CHECK(bench.resolve() == 1);
  CHECK(bench.target(number) == base);
}

TEST_CASE("app::resolve_series_addresses: nothing without an address of our own") {
  AddressBench bench(R"(data: data
patchwork:
  projects:
    - {link-name: l, list-id: l.example.org}
)");
  CHECK_FALSE(app::resolves_series_addresses(bench.workspace->config()));
  CHECK(app::resolves_series_addresses(AddressBench().workspace->config()));
  bench.take("needs@x", "https://pm.example.org/mill/project/l/list/?series=1");
  CHECK(bench.resolve() == 0);
}
