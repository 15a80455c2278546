#pragma once
// A place that is followed for ever: looked at, read, waited for, again and again.

#include "intake/source.hpp"
#include "intake/waiter.hpp"
#include "util/result.hpp"

#include <memory>
#include <string>
#include <vector>

namespace patchmill::intake {

// Used by one thread at a time. Whatever may take longer than 100 ms waits through the waiter, or
// inside its CancelScope, and gives up when that is stopped.
class Feed {
 public:
  virtual ~Feed() = default;
  // For people: what is followed, without secrets.
  [[nodiscard]] virtual std::string place() const = 0;
  // Looks; gives what is to be read now. Empty: nothing new. The sources may use the feed's
  // connection: they are read one after the other (on any thread) before the feed is used again.
  // After an error, reset() comes before the next attempt. Error invalid: trying again soon will
  // not help, somebody must change something.
  virtual Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions,
                                                            Waiter& waiter) = 0;
  // Returns when there may be something new, or when the waiter was stopped or woken.
  virtual Result<void> wait(Waiter& waiter) = 0;
  // What a source of the last open() went past (Source::take_left_out()), while that source may
  // still be read on another thread. The feed has it tried again, and complains until it is read.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it keeps the errors
  virtual void left_out(const Source& /*source*/, std::vector<Error> /*errors*/) {}
  // What does not work although the rest does, with what to do about it; empty: everything does.
  [[nodiscard]] virtual std::string complaint() const { return {}; }
  // Forgets connections and everything else that may be why something failed.
  virtual void reset() = 0;
};

}  // namespace patchmill::intake
