// `inline` in a source file: the compiler decides better, and an unused inline function hides
// from its warnings.

#include "checks/c_code.hpp"
#include "checks/code_changes.hpp"
#include "checks/diff_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <array>

namespace patchmill::checks {
namespace {

class NewInline final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "new-inline"; }
  [[nodiscard]] std::string_view description() const override {
    return "No new `inline` in .c files: the compiler decides what to inline.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;
};

CheckOutcome NewInline::run(const Context& context) const {
  Report report(*this, context);
  struct Place {
    std::string file;
    int line;
    std::string text;
  };
  std::vector<Place> added;
  std::size_t removed = 0;
  for (const mail::FileDiff& file : context.patch->files) {
    // Most patches are done with one look at the whole text.
    if (extension(file.path()) != "c" || !has_word(file.text, "inline")) {
      continue;
    }
    for_each_change(
        context, file, [&](char marker, int line, std::string_view code, std::string_view text) {
          if (!has_word(code, "inline")) {
            return;
          }
          if (marker == '+') {
            added.push_back({file.path(), line, std::string(ellipsize(trim(text), 100))});
          } else {
            ++removed;
          }
        });
  }
  if (added.empty()) {
    return report.finish(removed > 0 ? fmt::format("`inline` in .c files was {}, now 0", removed)
                                     : "no new `inline` in .c files");
  }
  // As many as before: probably moved or edited lines.
  const bool moved = added.size() == removed;
  for (const Place& place : added) {
    const std::string message = fmt::format("`inline` in a .c file: {}", place.text);
    if (moved) {
      report.warning("inline", message, {.file = place.file, .line = place.line});
    } else {
      report.error("inline", message, {.file = place.file, .line = place.line});
    }
  }
  return report.finish_with(
      fmt::format("`inline` in .c files: was {}, now {}", removed, added.size()));
}

}  // namespace

std::unique_ptr<Check> make_new_inline() {
  return std::make_unique<NewInline>();
}

}  // namespace patchmill::checks
