#pragma once
// "Re:", "AW:", "Fwd:" and their kin in front of a subject.

#include <string_view>

namespace patchmill::mail {

struct ReplyMarks {
  std::string_view rest;  // the subject after all marks and the space behind them
  bool reply = false;
  bool forward = false;
};

// Strips a whole chain ("Re: Fwd: AW: ..."). "re" without a colon counts only before a '[', and
// the marks that are also words of English or of code ("R:", "res:") only before a '[' or a mark.
ReplyMarks strip_reply_marks(std::string_view subject);

}  // namespace patchmill::mail
