#pragma once
// "From:", "Subject:" and "Date:" at the start of the text, which git am takes over the mail's own.

#include "mail/address.hpp"
#include "mail/date.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::mail {

struct InBody {
  std::optional<Address> from;
  std::optional<std::string> subject;
  std::optional<ZonedTime> date;
  std::size_t end = 0;  // where the text goes on behind them
  // The line that ended them because it names no address or no date: it stays in the text, where
  // git am refuses the mail.
  std::string unread;
};
InBody read_in_body(std::string_view text);

}  // namespace patchmill::mail
