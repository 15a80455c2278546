#pragma once

#include "http/headers.hpp"

#include <map>
#include <string>

namespace patchmill::http {

// The targets of Link fields (RFC 8288) by relation in lower case: "next", "prev", "last", …; the
// first of each wins. Targets are as written, maybe relative (see resolve_url). At most 100 links.
std::map<std::string, std::string, std::less<>> parse_links(const Headers& headers);

}  // namespace patchmill::http
