#pragma once
// The mail again that Patchwork took apart.

#include "patchwork/objects.hpp"

#include <string>
#include <string_view>

namespace patchmill::patchwork {

// From the detail of a patch or cover rather than from its mbox. The mbox appends the trailers of
// every reply to the commit message, makes a lone CR and CR LF in a diff into LF, loses the
// original charset (so the bytes of a diff that is not UTF-8), and may put "---" elsewhere; of 21
// kinds of mails given to Patchwork 3.3 its mbox has another commit message in 21 and another diff
// in 5, the rebuilt mail in 0 and 2 (a wrong or missing charset in both).
//
// One text/plain part, in the charset that the mail had where it had only one, else UTF-8. A
// mail that names no list gets `list_id` (may be empty) as its List-Id; one without a date that can
// be read gets the one Patchwork counts it from, which is when that received it.
std::string rebuild_mail(const MailDetail& detail, std::string_view list_id);

}  // namespace patchmill::patchwork
