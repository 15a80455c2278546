#pragma once
// Regular expressions over subjects, as Patchwork's projects have them (Python's re: a search,
// lines apart, in any case).

#include "util/result.hpp"

#include <memory>
#include <string_view>

namespace patchmill::registry {

class SubjectPattern {
 public:
  // Error invalid: what is wrong with it, and where.
  static Result<SubjectPattern> compile(std::string_view pattern);

  // Bounded in time: what takes too long to decide does not match.
  [[nodiscard]] bool found_in(std::string_view subject) const;

 private:
  explicit SubjectPattern(std::shared_ptr<const void> code);
  std::shared_ptr<const void> m_code;
};

}  // namespace patchmill::registry
