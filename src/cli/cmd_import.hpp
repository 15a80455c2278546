#pragma once
// `patchmill import patchwork URL|DUMP`.

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace patchmill::cli {

struct WantedPatchwork {
  std::string place;                  // an address, or the file of a dump
  std::vector<std::string> projects;  // none: all
  std::string token_file;             // empty: by the environment
};

// Returns the exit status.
int import_whole_patchwork(const Common& common, const WantedPatchwork& wanted);

}  // namespace patchmill::cli
