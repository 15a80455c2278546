#pragma once
// One test result onto one revision of a series, at an instance of the freedesktop edition.

#include "patchwork/post_check.hpp"

namespace patchmill::patchwork {

// A result of the same name is replaced there. With `may_be_there` it is looked at first whether it
// is there already: the instance may send a mail for each one it takes.
PostOutcome post_result(Instance& instance, const CheckWish& wish, bool may_be_there);

}  // namespace patchmill::patchwork
