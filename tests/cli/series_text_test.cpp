#include "cli/series_text.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("cli::shown_name: a series without its first patch is called after the one there is") {
  tracker::Series series;
  CHECK(cli::shown_name(series).empty());
  series.patches.emplace_back().title = "a: change two";
  CHECK(cli::shown_name(series) == "a: change two");
  series.name = "all of it";
  CHECK(cli::shown_name(series) == "all of it");
}

TEST_CASE("cli::shown_candidate: names the tree once") {
  placement::Candidate candidate;
  candidate.tree = "main";
  candidate.described = "main 00bf5b279781 (\"first\", 2026-11-22)";
  CHECK(cli::shown_candidate(candidate) == candidate.described);
  candidate.described = "mainline v6.1";
  CHECK(cli::shown_candidate(candidate) == "main mainline v6.1");
  candidate.tree.clear();
  candidate.described = " 00bf5b279781";
  CHECK(cli::shown_candidate(candidate) == "00bf5b279781");
}
