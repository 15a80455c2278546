#pragma once
// How the service is, part by part: filled by whoever runs the part, shown by /healthz, /metrics
// and `patchmill status`.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::service {

enum class Part { sources, trees, store, disk, scheduler, workers, mail, patchwork };
inline constexpr std::array k_parts = {Part::sources, Part::trees,     Part::store,
                                       Part::disk,    Part::scheduler, Part::workers,
                                       Part::mail,    Part::patchwork};
std::string_view to_string(Part part);
std::optional<Part> part_from(std::string_view text);

// ok: nothing to do. degraded: some of it does not work, the rest goes on and it is tried again.
// down: the part does nothing; a person is needed unless it comes back.
enum class PartState { ok, degraded, down };
std::string_view to_string(PartState state);
std::optional<PartState> part_state_from(std::string_view text);

struct ItemHealth {
  std::string item;  // source, tree or worker; empty: the part as a whole
  PartState state = PartState::ok;
  Timestamp since{};    // in this state
  std::string message;  // what was seen; empty when ok
  std::string todo;     // a command or a sentence; empty: wait
};
struct PartHealth {
  Part part = Part::sources;
  // The worst of the part as a whole and its items, except that one item that is down leaves the
  // part degraded as long as another one is not.
  PartState state = PartState::ok;
  Timestamp since{};
  std::string message, todo;      // of the worst
  std::vector<ItemHealth> items;  // by name, without the part as a whole
};

// Thread-safe. A part that nobody has spoken for is degraded ("has not reported yet"), so that a
// service that is starting is not taken for a healthy one.
class HealthState {
 public:
  explicit HealthState(const Clock& clock);  // outlives it

  // `since` stays while the state does. Texts are mended and bounded; hostile ones are welcome.
  // More than 1000 items a part are not kept.
  void set(Part part, std::string_view item, PartState state, std::string_view message = {},
           std::string_view todo = {});
  void set_ok(Part part, std::string_view item = {}) { set(part, item, PartState::ok); }
  void remove(Part part, std::string_view item);  // gone from the configuration

  [[nodiscard]] std::vector<PartHealth> parts() const;  // in the order of k_parts
  [[nodiscard]] PartState worst() const;

  // Writes what changed since the last call to the store, and once a minute a sign of life; call
  // it every few seconds from one thread. Throws store::DatabaseError; then the next call writes
  // it again. What another process left there is removed by the first call.
  void save(store::Database& database);

 private:
  struct Entry {
    ItemHealth health;
    bool saved = false;
  };
  using Items = std::map<std::string, Entry, std::less<>>;
  [[nodiscard]] PartHealth part_of(Part part) const;

  const Clock& m_clock;
  const Timestamp m_start;
  mutable std::mutex m_mutex;
  std::array<Items, k_parts.size()> m_items;
  std::vector<std::pair<Part, std::string>> m_removed;
  std::optional<Timestamp> m_last_sign;
};

// What the last service wrote.
struct SavedHealth {
  std::optional<Timestamp> started, seen;  // empty: no service ever ran here
  std::vector<PartHealth> parts;
  // A sign of life is at most three minutes old.
  [[nodiscard]] bool running(Timestamp now) const;
};
SavedHealth saved_health(store::Database& database);
// Called by a service that ends in order: from then on it is not running.
void forget_sign_of_life(store::Database& database);

}  // namespace patchmill::service
