#pragma once
// Patches and covers of another Patchwork, with their comments and checks.

#include "app/patchwork_place.hpp"
#include "app/patchwork_store.hpp"
#include "patchwork/instance.hpp"
#include "patchwork/objects.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <vector>

namespace patchmill::app {

class PatchworkItems {
 public:
  // Both outlive it.
  PatchworkItems(patchwork::Instance& instance, PatchworkImportReport& report)
      : m_instance(instance), m_report(report) {}

  // In the order of `ids`, several asked for at once. What the server refuses about one alone is
  // left out, named in the report and, unless it is gone, added to `reached.missed`; any other
  // error ends it.
  Result<std::vector<TakenMail>> read(const PatchworkPlace& place, patchwork::MailKind kind,
                                      const std::vector<std::int64_t>& ids,
                                      PatchworkReached& reached);

 private:
  void leave_out(Error error, std::int64_t id, PatchworkReached& reached);

  patchwork::Instance& m_instance;
  PatchworkImportReport& m_report;
};

}  // namespace patchmill::app
