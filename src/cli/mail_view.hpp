#pragma once
// Mails as a person and as a script see them.

#include "reports/reporter.hpp"

#include <boost/json/object.hpp>

namespace patchmill::cli {

// Everything but the mail itself; `with_content` adds it under "content".
boost::json::object mail_json(const reports::StoredMail& mail, bool with_content);
// One table line each.
void print_mails(const std::vector<reports::StoredMail>& mails);
// State, recipients with their servers' words, then the mail as it is sent.
void print_mail(const reports::StoredMail& mail);

// `patchmill plan --mail`: what would be mailed and why; `earlier` are the series' mails so far.
boost::json::object preview_json(const tracker::Series& series, const reports::Preview& preview,
                                 const std::vector<reports::StoredMail>& earlier);
void print_preview(const tracker::Series& series, const reports::Preview& preview,
                   const std::vector<reports::StoredMail>& earlier);

}  // namespace patchmill::cli
