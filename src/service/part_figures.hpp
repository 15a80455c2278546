#pragma once
// What the parts of the service count themselves, as /metrics shows it.

#include "intake/source_health.hpp"
#include "service/mail_thread.hpp"
#include "service/tree_loop.hpp"

#include <cstddef>
#include <vector>

namespace patchmill::service {

struct PartFigures {
  std::vector<intake::SourceHealth> sources;
  std::vector<TreeHealth> trees;
  MailCounters mail;
  std::size_t workers = 0, workers_busy = 0;
};

}  // namespace patchmill::service
