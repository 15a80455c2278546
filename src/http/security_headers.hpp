#pragma once
// The headers that keep browsers from doing what an attacker's text tells them.

#include "http/headers.hpp"

namespace patchmill::http {

enum class Content {
  page,       // ours: own scripts, styles and pictures only, no inline script or style
  data,       // JSON and the like: nothing of it is ever run
  untrusted,  // logs, artifacts, mails: in a sandbox without scripts, forms or origin
};

// Adds what `headers` does not have already; HSTS when the client came by HTTPS and it is asked
// for.
void add_security_headers(Headers& headers, Content content, bool hsts);

}  // namespace patchmill::http
