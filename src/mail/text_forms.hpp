#pragma once
// What mail programs do to plain text, undone.

#include <string>
#include <string_view>

namespace patchmill::mail {

// format=flowed (RFC 3676): soft line breaks joined within one quote depth, space-stuffing removed.
std::string unflow(std::string_view text, bool delsp);
// Only the space-stuffing.
std::string unstuff(std::string_view text);

bool is_clear_signed(std::string_view text);
// The signed text of an OpenPGP clear-signed block (RFC 4880 section 7) and what stands around it,
// without the armour; dash-escaping undone. The signature is not checked.
std::string unwrap_clear_signed(std::string_view text);

// Where the signature ("-- ") or a list's footer ("____") starts; text.size() when there is none.
std::size_t footer_start(std::string_view text);
// The same in a text that may be a cover letter: what a line of git's or b4's ("base-commit:",
// "change-id:") follows is no footer, but a signed letter. `is_message`: it is a commit message,
// and so before a sign-off there is none either.
std::size_t footer_after_trailers(std::string_view text, bool is_message);

}  // namespace patchmill::mail
