#pragma once
// From the parts of a mail to its text and its diff.

#include "mail/mime_parts.hpp"

#include <string>
#include <vector>

namespace patchmill::mail {

struct Body {
  std::string text;  // UTF-8; signature and list footer cut, outer white space trimmed
  std::string diff;  // bytes
  std::size_t diff_at = std::string::npos;  // where in `text` the diff stood
  std::string unread;                       // without a diff: why one that may be there is not read
  std::vector<std::string> mended;
};
Body read_body(const std::vector<Part>& parts);

}  // namespace patchmill::mail
