#include "app/selection.hpp"

#include "app/test_workspace.hpp"
#include "patchwork/patch_map.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using tracker::Taking;

namespace {

constexpr std::string_view k_instance = "https://pw.example.org/";

struct SelectionBench {
  explicit SelectionBench(const std::string& sources) {
    workspace = app::test::open_workspace(folder.path(), "data: data\nsources:\n" + sources);
  }

  std::int64_t take(const std::string& id, const std::string& subject, const std::string& path,
                    const std::string& list = "l.example.org") {
    const std::string raw = "From: Ann <ann@example.org>\nSubject: " + subject + "\nMessage-ID: <" +
                            id + ">\nDate: Sun, 1 Mar 2026 10:00:00 +0000\nList-Id: <" + list +
                            ">\n\nWhy.\n---\ndiff --git a/" + path + " b/" + path + "\n--- a/" +
                            path + "\n+++ b/" + path + "\n@@ -1 +1 @@\n-a\n+b\n";
    return app::test::take_mail(*workspace, raw, id);
  }
  // A Patchwork tells of a patch.
  void known(const std::string& id, std::int64_t patch, const std::string& state,
             const std::string& delegate = "") {
    const std::vector<patchwork::KnownPatch> patches = {
        {std::string(k_instance), patch, "p", id, 1, state, delegate}};
    patchwork::remember_patches(workspace->database(), patches);
  }
  tracker::Selection select(std::int64_t number) {
    return app::select_series(*workspace, *workspace->queries().series(number));
  }

  TempDir folder;
  std::unique_ptr<app::Workspace> workspace;
};

const std::string k_patchwork =
    "  - {name: pw, patchwork: {url: 'https://pw.example.org/api/', projects: [p]}, take: ";

}  // namespace

TEST_CASE("app::select_series: without 'take' everything is taken") {
  SelectionBench bench("  - {name: l, url: /nowhere}\n");
  CHECK(bench.select(bench.take("a@x", "[PATCH] a", "a.txt")).taking == Taking::taken);
}

TEST_CASE("app::select_series: what a Patchwork says, as it changes") {
  SelectionBench bench(k_patchwork + "[{state: [new], delegate: [kuba]}]}\n");
  const auto number = bench.take("a@x", "[PATCH] a", "a.txt");
  CHECK(bench.select(number).taking == Taking::taken);  // it did not come from there
  bench.known("a@x", 1, "");
  CHECK(bench.select(number).taking == Taking::waiting);
  bench.known("a@x", 1, "new");
  CHECK(bench.select(number).taking == Taking::skipped);
  CHECK(bench.select(number).reason ==
        "source pw: clause 1: delegate is empty, wanted is delegate kuba");
  CHECK(patchwork::set_delegate(bench.workspace->database(), k_instance, 1, "kuba"));
  CHECK(bench.select(number).taking == Taking::taken);
  CHECK(patchwork::set_state(bench.workspace->database(), k_instance, 1, "accepted"));
  CHECK(bench.select(number).taking == Taking::skipped);
}

TEST_CASE("app::select_series: paths decide when they are all known") {
  SelectionBench bench("  - {name: l, url: /nowhere, take: [{path: [\"net/*\"]}]}\n");
  const auto number = bench.take("a@x", "[PATCH 1/2] a", "mm/a.c");
  CHECK(bench.select(number).taking == Taking::waiting);
  CHECK(bench.select(number).reason ==
        "source l: clause 1: wanted is path net/*, but only 1 of 2 patches are here");
  CHECK(bench.select(bench.take("b@x", "[PATCH] b", "mm/b.c")).taking == Taking::skipped);
  CHECK(bench.select(bench.take("c@x", "[PATCH] c", "net/c.c")).taking == Taking::taken);
}

TEST_CASE("app::select_series: who has a say") {
  SelectionBench bench(
      k_patchwork + "[{state: [new]}]}\n" +
      "  - {name: l, url: /nowhere, list-id: l.example.org, take: [{tag: [net]}]}\n"
      "  - {name: all, url: /other}\n");
  // Another list: nobody's.
  CHECK(bench.select(bench.take("o@x", "[PATCH] o", "o.c", "o.example.org")).taking ==
        Taking::taken);
  const auto number = bench.take("a@x", "[PATCH] a", "a.c");
  CHECK(bench.select(number).taking == Taking::skipped);
  bench.known("a@x", 1, "new");
  CHECK(bench.select(number).taking == Taking::taken);
  bench.known("a@x", 1, "rejected");
  const auto both = bench.select(number);
  CHECK(both.taking == Taking::skipped);
  CHECK(both.reason.find("source pw: ") != std::string::npos);
  CHECK(both.reason.find("source l: ") != std::string::npos);
}
