#include "cli/run_view.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("cli::note_of_kept: says since when, and how many") {
  const Timestamp first{std::chrono::seconds(1'770'000'000)};
  const Timestamp last{std::chrono::seconds(1'770'003'600)};
  CHECK(cli::note_of_kept({}).empty());
  CHECK(cli::note_of_kept({first}) ==
        "nothing changed since 2026-02-02T02:40:00 UTC; --again tests anew");
  CHECK(cli::note_of_kept({last, first}) ==
        "nothing changed for 2 of these since they were tested, the last at 2026-02-02T03:40:00 "
        "UTC; --again tests anew");
}
