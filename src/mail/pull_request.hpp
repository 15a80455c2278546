#pragma once
// What git-request-pull(1) writes.

#include <string>
#include <string_view>

namespace patchmill::mail {

// "URL ref" (or the URL alone) of a pull request; empty when the text is none.
std::string find_pull_url(std::string_view text);

}  // namespace patchmill::mail
