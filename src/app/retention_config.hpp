#pragma once
// How long things are kept; section `retention` of the configuration.

#include <chrono>

namespace patchmill::app {

// Zero: for ever. Mails, series, nodes, findings and verdicts are always kept.
struct RetentionConfig {
  std::chrono::seconds superseded{30 * 86400};  // logs and artifacts of superseded series
  std::chrono::seconds artifacts{365 * 86400};  // logs and artifacts of any series
  std::chrono::seconds events{365 * 86400};     // the event log, and what was posted
  std::chrono::seconds builds{30 * 86400};      // warm sources and builds nobody used
};

}  // namespace patchmill::app
