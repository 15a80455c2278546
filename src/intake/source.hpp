#pragma once
// Where mails come from: the seam behind which mbox, maildir and public-inbox look alike.

#include "intake/positions.hpp"
#include "store/database.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

// Bytes kept of one mail. One more than mail::Limits allows, so that a longer mail is recognised
// as too long, with its beginning stored, and never takes more memory than this.
inline constexpr std::size_t most_bytes_of_a_mail = (std::size_t{64} << 20) + 1;

struct SourceProgress {
  std::uint64_t done = 0;
  std::optional<std::uint64_t> total;  // in the same unit (bytes or mails), where known
};

// One place, read once from where the last reading got to, in a fixed order.
class Source {
 public:
  virtual ~Source() = default;
  // For people: what is being read.
  [[nodiscard]] virtual std::string name() const = 0;
  // Goes to where the last reading got to. Called once, before next().
  virtual Result<void> resume(Positions& positions) = 0;
  // The next mail as received (at most most_bytes_of_a_mail of it), or nothing at the end. An error
  // ends the reading of the source: nothing more of it can be had.
  virtual Result<std::optional<std::string>> next() = 0;
  // An action that records "everything given so far is stored". It is run in the transaction that
  // stores those mails, on another thread, maybe after further calls of next().
  virtual std::function<void(store::Database&)> checkpoint() = 0;
  [[nodiscard]] virtual SourceProgress progress() const = 0;
  // What next() went past since the last call because it alone could not be read, each named. It is
  // not recorded as read: the next reading tries it again.
  virtual std::vector<Error> take_left_out() { return {}; }
};

// Without the "From " (or ">From ") line that delivery programs put before the first header.
std::string_view without_from_line(std::string_view raw);

}  // namespace patchmill::intake
