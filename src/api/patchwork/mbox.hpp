#pragma once
// The mbox that Patchwork makes of what it knows about a patch or cover.

#include "api/patchwork/registry.hpp"
#include "api/patchwork/render.hpp"

#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

// The lines of a comment that are trailers of the patch it is about: Tested-, Reviewed-, Acked-,
// Signed-off-, Nacked- and Reported-by, each with its newline; what is quoted does not count.
std::string responses_in(std::string_view comment);

struct Submission {
  Id id = 0;
  Timestamp date{};
  registry::Person submitter;
  std::string delegate;    // address; empty: none
  std::string list_email;  // of the project
};
// One mail of an mbox file as Patchwork (3.3) writes it: `responses` become trailers of its commit
// message, From is the author's also where a list rewrote it. Headers keep their folding and
// coding, where Patchwork codes them anew.
std::string mbox_of(const Submission& submission, const MailParts& mail,
                    std::string_view responses);

// The name of a download without its ending: what is none of [-_A-Za-z0-9.] becomes "-".
std::string file_name(std::string_view name);

}  // namespace patchmill::api::patchwork
