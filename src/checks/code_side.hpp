#pragma once
// One side, before or after the patch, of a changed file: what its hunks begin in.

#include "checks/c_code.hpp"
#include "mail/diff.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

class CodeSide {
 public:
  enum class Which { before, after };
  // `text`: the whole file on this side, which must outlive this. Nothing: not at hand; then it is
  // guessed from the lines of a hunk whether that begins in a comment.
  CodeSide(Which which, std::optional<std::string_view> text, bool joins_lines);

  // Ready to read the first line of the hunk.
  [[nodiscard]] CodeLines at(const mail::Hunk& hunk);

 private:
  using Lines = std::vector<std::string_view>;
  std::optional<std::size_t> place_of(const Lines& part, std::size_t wanted);

  Which m_which;
  bool m_joins_lines;
  Lines m_lines;
  std::vector<CodeLines> m_states;  // before each of them
  std::size_t m_may_compare;        // bytes, for all hunks together
};

}  // namespace patchmill::checks
