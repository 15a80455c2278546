#pragma once
// Who is who in the mails of a series.

#include "mail/message.hpp"
#include "reports/policy.hpp"
#include "tracker/model.hpp"

#include <vector>

namespace patchmill::reports {

// `mails`: cover and patches, parsed, in order. `maintainers`: as the tree's MAINTAINERS has them.
// Signers are those who signed off the first patch, the sender's own sign-off first, then the last
// one of the chain, then the rest.
People people_of(const tracker::Series& series, const std::vector<mail::Message>& mails,
                 std::vector<mail::Address> maintainers);

// Who a mail greets: the first signer who may be mailed to, else the first author, else the
// submitter.
mail::Address addressed_person(const People& people, const Decision& decision);

}  // namespace patchmill::reports
