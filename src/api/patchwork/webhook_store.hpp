#pragma once
// What one address is told of the registry's events: written down before it is told.

#include "api/patchwork/registry.hpp"
#include "store/database.hpp"
#include "store/outbox.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

// What is told to the address, by link name of the project.
using HookEvents = std::map<std::string, std::set<registry::Category>>;

// Older events are told to nobody: what an address missed for so long it has to read from the API.
inline constexpr std::chrono::hours k_hook_patience{72};

// Everything throws DatabaseError. One thread and process at a time for each address.
class WebhookStore {
 public:
  // `base` is what links begin with. All outlive it.
  WebhookStore(store::Database& database, Registry& registry, const Clock& clock,
               const std::string& url, std::string base);

  // Puts the next events into the outbox; the first time it only notes where they begin. True:
  // there may be more.
  bool collect(const HookEvents& wanted);

  struct Delivery {
    store::OutboxItem item;
    std::string project;   // link name
    std::string category;  // "patch-created"
    std::string id;        // the same, however often it is tried
    std::string body;      // JSON, as events/ of API 1.4 has it
    Timestamp happened{};
  };
  // The oldest; nothing while it is not due, so that the order is kept.
  std::optional<Delivery> claim(std::string_view holder, std::chrono::seconds lease);
  void sent(const Delivery& delivery);
  // Due again then; empty: never.
  void failed(const Delivery& delivery, std::string_view reason, std::optional<Timestamp> again);
  std::int64_t waiting();

 private:
  store::Database& m_database;
  Registry& m_registry;
  const Clock& m_clock;
  const std::string m_kind;  // of the outbox; the address itself may hold secrets
  const std::string m_base;
};

}  // namespace patchmill::api::patchwork
