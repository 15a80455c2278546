#pragma once
// What this machine lacks for patchmill to work, and the command that mends it.

#include "app/config.hpp"
#include "util/subprocess.hpp"

#include <string>
#include <vector>

namespace patchmill::app {

enum class Health { good, limited, broken };

struct Diagnosis {
  std::string what;  // "git", "sandbox", "data folder"
  Health health = Health::good;
  std::string state;  // one sentence: what was found
  std::string mend;   // a command or a sentence; empty when good
};

// Looks at programs, sandbox, data folder, store and trees; changes nothing.
std::vector<Diagnosis> diagnose(const Config& config, ProcessRunner& processes);

}  // namespace patchmill::app
