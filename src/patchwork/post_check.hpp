#pragma once
// One check onto one patch of an instance.

#include "patchwork/check_store.hpp"
#include "patchwork/instance.hpp"

#include <string>

namespace patchmill::patchwork {

enum class Posting {
  done,     // it is there
  later,    // the instance is in trouble; or nobody knows whether it arrived
  refused,  // so is everything there until a person changes something
  unfit,    // so is everything of this kind
  gone,     // the instance does not know this patch any more
};
struct PostOutcome {
  Posting posting = Posting::done;
  std::string reason;  // for people, with what to do; empty when done
};

// With `may_be_there` it is looked at first whether the newest check of the context is this one
// already: an answer that was lost says nothing about what it answered.
PostOutcome post_check(Instance& instance, const CheckWish& wish, bool may_be_there);

// What a refused or lost change means; `status` as Pending::wait() tells it.
PostOutcome failure_of(const Error& error, int status);

}  // namespace patchmill::patchwork
