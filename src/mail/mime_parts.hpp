#pragma once
// The leaves of a MIME tree, found in one pass over the lines without recursion.
//
// GMime parses header values and decodes; the tree is cut up here, because GMime makes an object
// of every part before anybody can count them.

#include "mail/header_block.hpp"
#include "mail/message.hpp"
#include "mail/transfer.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::mail {

// What the Content-* headers say, in lower case where case does not matter.
struct Content {
  std::string type = "text", subtype = "plain";
  std::string charset;   // as declared
  std::string boundary;  // multiparts only
  std::string filename;  // of either header, bytes
  bool attachment = false;
  bool flowed = false, delsp = false;  // RFC 3676
  TransferEncoding encoding = TransferEncoding::identity;

  [[nodiscard]] bool is(std::string_view of_type, std::string_view of_subtype) const {
    return type == of_type && subtype == of_subtype;
  }
};
Content read_content(const HeaderBlock& header);

struct Part {
  Content content;
  std::string_view body;   // still encoded
  bool in_digest = false;  // inside multipart/digest: one of several mails
  bool in_mail = false;    // inside message/rfc822: somebody else's mail
  // Not a part by RFC 2046, but what stands before the first one, or all there is where the
  // boundary named never occurs. Comes last.
  bool preamble = false;
};

// `header` is the mail's own, lines end in \n. Errors: limit.
Result<std::vector<Part>> find_parts(std::string_view mail, const HeaderBlock& header,
                                     const Limits& limits);

}  // namespace patchmill::mail
