#pragma once
// Where series assembly differs from Patchwork on purpose; docs/patchwork-deviations.md explains
// the same rows to people, and the tests hold both together.

#include <string>
#include <vector>

namespace patchmill::tracker::test {

struct Deviation {
  std::string scenario;
  std::vector<std::string> ours;  // our series, as lines() of patchwork_scenarios_test.cpp
  std::string reason;
};

inline const std::vector<Deviation>& deviations() {
  static const std::vector<Deviation> table = {};
  return table;
}

}  // namespace patchmill::tracker::test
