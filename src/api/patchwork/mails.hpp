#pragma once
// What Patchwork shows of mails.

#include "api/patchwork/render.hpp"

#include <string_view>

namespace patchmill::api::patchwork {

// Of a patch or cover: the text without the diff, and the diff. Of a mail that cannot be parsed,
// the headers.
MailParts parts_of_submission(std::string_view raw);
// Of a reply: a diff in it is text like the rest.
MailParts parts_of_comment(std::string_view raw);

}  // namespace patchmill::api::patchwork
