#include "app/registry_stage.hpp"

#include "app/series_addresses.hpp"
#include "registry/follow.hpp"
#include "registry/setup.hpp"

#include <fmt/format.h>

namespace patchmill::app {
namespace {

// Events in one transaction.
constexpr std::size_t k_step = 2000;

}  // namespace

Result<void> set_up_registry(store::Database& database, const Config& config) {
  if (const auto done = registry::set_up(database, config.patchwork); !done) {
    return fail(done.error().kind, fmt::format("the section 'patchwork' of the configuration: {}",
                                               done.error().message));
  }
  return {};
}

Result<void> follow_registry(Workspace& workspace,
                             const std::function<void(std::uint64_t taken)>& progress) {
  PM_TRY(set_up_registry(workspace.database(), workspace.config()));
  std::uint64_t all = 0;
  while (const std::size_t taken = registry::follow(workspace.database(), workspace.blobs(),
                                                    workspace.clock().now(), k_step)) {
    progress(all += taken);
  }
  resolve_series_addresses(workspace.database(), workspace.config(), workspace.clock().now());
  return {};
}

}  // namespace patchmill::app
