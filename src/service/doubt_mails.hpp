#pragma once
// Mails of a store that was restored: what could have gone out since the backup was made does not
// go out again by itself.

#include "app/workspace.hpp"
#include "util/clock.hpp"

namespace patchmill::service {

// Puts queued mails in doubt. Verdicts that were undecided and digests being collected are made
// into mails first, so that a person can look at them; what cannot be made into one is dropped,
// which the log tells. Of held mails, which stay held, the log tells that they may have been sent.
// Returns how many mails are in doubt now that were not.
int doubt_mails(app::Workspace& workspace, const Clock& clock);

}  // namespace patchmill::service
