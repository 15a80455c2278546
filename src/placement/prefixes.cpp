#include "placement/prefixes.hpp"

#include "mail/diff.hpp"

#include <algorithm>

namespace patchmill::placement {

void mention_missing_prefixes(git::ApplyOutcome& outcome, const SeriesPatches& patches) {
  if (!outcome.conflict || outcome.conflict->patch >= patches.inputs.size()) {
    return;
  }
  const auto files = mail::parse_diff(patches.inputs[outcome.conflict->patch].diff);
  if (files && std::any_of(files->begin(), files->end(),
                           [](const mail::FileDiff& file) { return file.strip == 0; })) {
    outcome.conflict->reason +=
        "; its file names have no a/ and b/ in front (diff.noprefix), which git am needs: make it "
        "again with `git -c diff.noprefix=false format-patch`";
  }
}

}  // namespace patchmill::placement
