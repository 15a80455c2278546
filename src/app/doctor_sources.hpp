#pragma once
// Whether the sources of the configuration answer.

#include "app/doctor.hpp"
#include "intake/source_spec.hpp"

#include <vector>

namespace patchmill::app {

// One for each source: what its path is, or whether its server answers, knows us and has the
// folders or groups. Reads no mail and changes nothing.
std::vector<Diagnosis> diagnose_source(const intake::SourceSpec& spec, ProcessRunner& processes);

}  // namespace patchmill::app
