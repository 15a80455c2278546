#pragma once
// How a followed source is doing, for pages, metrics and `status`.

#include "intake/source.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::intake {

enum class SourceState {
  starting,  // not looked at yet
  reading,   // mails are being taken in
  waiting,   // up to date, waiting for more
  failing,   // the last attempt failed; see error and next_attempt
  stopped,
};
std::string_view to_string(SourceState state);  // "starting", "reading", …

// Times are the system's clock and only for people; nothing waits by them.
struct SourceHealth {
  std::string name;   // as configured
  std::string place;  // what is followed, without secrets
  SourceState state = SourceState::starting;
  std::optional<Timestamp> last_success;  // when it was last known to be up to date
  std::optional<Timestamp> last_mail;     // when a new mail was last stored
  // One sentence with what to do; empty: everything works. Also set while waiting, when only a part
  // of the source does not work.
  std::string error;
  std::optional<Timestamp> error_since;   // first failure in a row
  std::optional<Timestamp> next_attempt;  // while failing
  unsigned failures = 0;                  // in a row
  std::uint64_t failed = 0;               // attempts since the start
  std::uint64_t mails = 0;                // new ones stored since the start
  std::uint64_t duplicates = 0;           // known already
  std::uint64_t unusable = 0;             // stored with the reason
  // What is there and not stored: mails, or bytes of an mbox. 0 when up to date, nothing when
  // nobody knows.
  std::optional<std::uint64_t> lag;
};

}  // namespace patchmill::intake
