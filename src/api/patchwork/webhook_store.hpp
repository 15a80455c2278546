#pragma once
// What one address is told of the registry's events: written down before it is told.

#include "api/patchwork/registry.hpp"
#include "store/database.hpp"
#include "store/outbox.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
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

// Events that were wanted and too old when they were first seen.
struct MissedEvents {
  std::int64_t count = 0;
  registry::Id first = 0, last = 0;
};

// Drops what waits for other addresses than these, and where their events began. None of those may
// have a WebhookStore any more. Returns how many events were not told.
std::int64_t drop_other_webhooks(store::Database& database, const std::set<std::string>& urls);

// Everything throws DatabaseError. One thread and process at a time for each address.
class WebhookStore {
 public:
  // `base` is what links begin with. All outlive it.
  WebhookStore(store::Database& database, Registry& registry, const Clock& clock,
               const std::string& url, std::string base);

  // Puts the next events into the outbox, and what is too old into `missed`; the first time it only
  // notes where they begin. True: there may be more.
  bool collect(const HookEvents& wanted, MissedEvents& missed);

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
  // It will not be told, nor any other that happened so long ago. Returns how many these are.
  std::int64_t give_up_old(const Delivery& delivery, std::string_view reason);

  // What these have is due for others; see store::take_back().
  void take_back(const std::function<bool(std::string_view holder)>& is_gone);
  // Why the oldest waits for another attempt, which is due now; empty: it does not wait for one.
  struct Trouble {
    std::string reason;
    unsigned attempts = 0;
  };
  std::optional<Trouble> try_again_now();
  std::int64_t waiting();

 private:
  store::Database& m_database;
  Registry& m_registry;
  const Clock& m_clock;
  const std::string m_kind;  // of the outbox; the address itself may hold secrets
  const std::string m_base;
};

}  // namespace patchmill::api::patchwork
