#pragma once
// How people name a series on the command line.

#include "tracker/queries.hpp"
#include "util/result.hpp"

#include <string_view>

namespace patchmill::cli {

// "<a@b>", "a@b" and an archive's address of it name the same mail: gives "a@b".
std::string trim_msgid(std::string_view word);

// By number, or by the Message-ID of one of its mails. Error invalid, saying how to list them.
Result<tracker::Series> find_series(tracker::Queries& queries, std::string_view word);

}  // namespace patchmill::cli
