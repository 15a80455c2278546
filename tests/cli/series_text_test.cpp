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
