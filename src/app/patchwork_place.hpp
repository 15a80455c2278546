#pragma once
// Which project of another Patchwork is taken over, and how far that is.

#include "patchwork/instance.hpp"
#include "patchwork/objects.hpp"
#include "registry/model.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace patchmill::app {

struct PatchworkPlace {
  std::int64_t there = 0;  // the project's id
  registry::Project project;
  // The name of the cursor that holds a PatchworkReached.
  [[nodiscard]] std::string cursor(const patchwork::Instance& instance,
                                   patchwork::MailKind kind) const;
};

// Of one kind of mails of a project.
struct PatchworkReached {
  std::uint64_t page = 1;
  std::int64_t above = 0;            // ids up to this are done
  std::vector<std::int64_t> missed;  // but for these: they, or what belongs to them, were refused

  // In a cursor: "PAGE ABOVE MISSED…".
  static PatchworkReached from(const std::string& cursor);
  [[nodiscard]] std::string text() const;
};

}  // namespace patchmill::app
