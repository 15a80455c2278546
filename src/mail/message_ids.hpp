#pragma once
// Message-ID, In-Reply-To and References.

#include "mail/header_block.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::mail {

// Every "<id>" of a value, without brackets and inner white space, cut to 998 bytes. When there is
// none and the value is a single word, that word.
std::vector<std::string> read_ids(std::string_view value, bool bare_word);

// The mail's own; empty when it has none.
std::string own_id(const HeaderBlock& header);
std::vector<std::string> in_reply_to_ids(const HeaderBlock& header, std::size_t max);
// Oldest first, each once; of too many the first and the newest are kept.
std::vector<std::string> reference_ids(const HeaderBlock& header, std::size_t max);

// An id for a mail without one, made of its content: the same whether it comes from an mbox or
// alone, with the line "From …" before it or not, and with either line end. Lines ">From " count as
// without the mark, empty lines at the end not at all.
std::string made_up_id(std::string_view raw);

// List-Id, X-Mailing-List and X-List in this order: lower case, each once.
std::vector<std::string> list_ids(const HeaderBlock& header);

}  // namespace patchmill::mail
