#pragma once
// What a person reads whose command line was not understood.

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace patchmill::cli {

// What the parser saw when it gave up.
struct WrongUse {
  enum class Kind {
    other,     // `said` has it all
    missing,   // an argument, or the command itself, is not there
    mismatch,  // something has too many words, or an option has none
  };
  Kind kind = Kind::other;
  std::string said;   // in the parser's own words
  std::string about;  // the argument or option it is about, as in the table
  // What nothing takes, in order.
  std::vector<std::string> options, words;
  const Command* command = nullptr;  // the one given; null: none was recognised
};

// One line without its end: what is wrong, and what to write instead. Words from the command line
// are in it as they were written, so it goes through `escape_terminal`.
std::string explain(const WrongUse& use, const std::vector<Command>& commands);

}  // namespace patchmill::cli
