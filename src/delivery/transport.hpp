#pragma once
// Handing a finished mail to the outside: SMTP, a maildir, a sendmail-like command.

#include "util/result.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::delivery {

struct Mailing {
  std::string sender;                   // envelope (bounces go there); empty: the null reverse-path
  std::vector<std::string> recipients;  // envelope addresses, each once
  std::string_view mail;                // header and body, lines end in \n
  std::string name;                     // equal for the same mail; letters, digits, '-', '.'
};

// What became of the mail for one recipient.
enum class Outcome {
  accepted,  // the other side has taken responsibility
  deferred,  // certainly not delivered; worth trying again
  rejected,  // certainly not delivered; trying again cannot help
  in_doubt,  // it was handed over, but no answer came: nobody here can know
};
std::string_view to_string(Outcome outcome);

struct RecipientOutcome {
  std::string address;
  Outcome outcome = Outcome::deferred;
  std::string reply;  // the other side's words or ours, one line, for people
};

// Asked once, when everything but the last word has been handed over, with the recipients that
// would get the mail. The caller writes down that these are in doubt from now on. False: the
// transport breaks off, and nobody gets anything.
using PointOfNoReturn = std::function<bool(const std::vector<std::string>& recipients)>;

class Transport {
 public:
  virtual ~Transport() = default;
  // One outcome for every recipient, in order. Never throws for what the other side does; an
  // exception of `point` passes through, and then nothing has been delivered.
  virtual std::vector<RecipientOutcome> deliver(const Mailing& mailing,
                                                const PointOfNoReturn& point) = 0;
  // True when delivering the same Mailing again is the same as delivering it once, so that
  // nothing is ever in doubt.
  [[nodiscard]] virtual bool repeatable() const { return false; }
  // Nothing more for a while: gives connections back.
  virtual void rest() {}
};

}  // namespace patchmill::delivery
