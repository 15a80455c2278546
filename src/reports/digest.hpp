#pragma once
// Reports collected for one person, and what all mails of ours have in common.

#include "mail/outgoing.hpp"
#include "reports/identity.hpp"
#include "reports/policy.hpp"
#include "store/database.hpp"
#include "tracker/model.hpp"
#include "util/clock.hpp"

namespace patchmill::reports {

// A mail of ours without recipients, subject and text: sender, marks against loops, opt-out.
mail::OutgoingMail outgoing(const Identity& identity);
std::string envelope_sender(const Identity& identity);

// Once a person and series. It joins the digest that is collected for this person already, so
// that nobody waits longer than the time configured.
void add_to_digest(store::Database& database, Timestamp now, const tracker::Series& series,
                   const Report& report, const RecipientDecision& recipient);

}  // namespace patchmill::reports
