#pragma once
// A placer over small histories, and series made by hand or through the tracker.

#include "mail/message.hpp"
#include "placement/git_history.hpp"
#include "placement/placement.hpp"
#include "support/store_fixture.hpp"
#include "tracker/queries.hpp"
#include "tracker/tracker.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <string>
#include <vector>

namespace patchmill::test {

// Ten lines, of which one says something.
inline std::string text(int line, const std::string& word) {
  std::string result;
  for (int i = 1; i <= 10; ++i) {
    result += fmt::format("line {}{}\n", i, i == line ? " " + word : "");
  }
  return result;
}

inline placement::TreeSpec tree_of(const GitHistory& history, std::string name = "main") {
  placement::TreeSpec spec;
  spec.name = std::move(name);
  spec.url = history.dir().string();
  spec.branch = "main";
  return spec;
}

// One patch: the change from one commit to the other.
inline git::PatchInput patch_of(const GitHistory& history, const std::string& from,
                                const std::string& to,
                                const std::vector<std::string>& options = {}) {
  git::PatchInput input;
  input.label = "[PATCH 1/1] do a thing";
  input.diff = history.diff(from, to, options);
  input.author = {"A U Thor", "author@example.org", 1'767'225'600, 0};
  input.message = "do a thing\n\nBecause.\n";
  return input;
}

inline placement::SeriesPatches series_of(std::vector<git::PatchInput> inputs,
                                          std::vector<std::vector<std::string>> paths) {
  return {std::move(inputs), std::move(paths)};
}

struct Placing {
  explicit Placing(TestStore& test_store, std::vector<placement::TreeSpec> trees)
      : store(test_store),
        queries(store.database(), store.blobs()),
        placer(store.database(), store.folder() / "data", std::move(trees), store.clock()) {}

  void refresh() {
    for (const auto& [tree, result] : placer.refresh()) {
      INFO(tree);
      REQUIRE_MESSAGE(result.has_value(), result.error().message);
    }
  }

  placement::Placement place(const tracker::Series& series, const placement::SeriesPatches& patches,
                             const placement::PlaceOptions& options = {}) {
    auto placed = placer.place(series, patches, queries, options);
    REQUIRE_MESSAGE(placed.has_value(), placed.error().message);
    return std::move(*placed);
  }

  // A series as it stands in the store.
  placement::Placement place(std::int64_t number, const placement::PlaceOptions& options = {}) {
    const auto series = queries.series(number);
    REQUIRE(series.has_value());
    const auto patches = placement::load_patches(queries, *series);
    REQUIRE_MESSAGE(patches.has_value(), patches.error().message);
    return place(*series, *patches, options);
  }

  // Gives one mail to the tracker; the number of the series it belongs to.
  std::int64_t post(int on_day, const std::string& id, const std::string& subject,
                    const std::string& body, const std::string& diff,
                    const std::string& headers = {}) {
    std::string raw = fmt::format(
        "From: A U Thor <author@example.org>\nTo: list@example.org\nSubject: {}\n"
        "Message-ID: <{}>\nDate: {:%a, %d %b %Y %H:%M:%S} +0000\n"
        "List-Id: <list.example.org>\n{}\n{}\nSigned-off-by: A U Thor <author@example.org>\n",
        subject, id, std::chrono::floor<std::chrono::seconds>(day(on_day)), headers, body);
    if (!diff.empty()) {
      raw += "---\n file | 1 +\n\n" + diff + "-- \n2.39.5\n";
    }
    std::vector<tracker::Incoming> batch(1);
    batch[0].parsed = mail::parse_message(raw);
    batch[0].raw = std::move(raw);
    batch[0].source = "test";
    REQUIRE_MESSAGE(batch[0].parsed.has_value(), batch[0].parsed.error().message);
    tracker::Tracker tracker(store.database(), store.blobs(), store.clock());
    tracker.ingest(batch);
    return queries.series_of(id).value_or(0);
  }

  TestStore& store;
  tracker::Queries queries;
  placement::Placer placer;
};

inline const placement::Candidate& chosen(const placement::Placement& placed) {
  INFO(placed.explanation);
  REQUIRE(placed.chosen.has_value());
  return placed.candidates[*placed.chosen];
}

inline bool has_reason(const placement::Candidate& candidate, placement::Reason reason) {
  return std::find(candidate.reasons.begin(), candidate.reasons.end(), reason) !=
         candidate.reasons.end();
}

}  // namespace patchmill::test
