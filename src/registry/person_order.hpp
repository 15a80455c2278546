#pragma once
// Places of people in the order of their names, in memory: lists of patches are ordered by them.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchmill::registry {

// Whoever changes a name, or puts in a person below others that are there, says so in the same
// transaction. New ids above all others are found without.
void note_people_changed(store::Database& database);

// For any number of threads, each with a connection of its own.
class PersonOrder {
 public:
  // By id, from 1: 0 is nobody. Those of the same name have the same place.
  using Places = std::vector<std::uint32_t>;

  // As fresh as the store. New people cost some milliseconds among 50,000; another name of somebody
  // known, that all are read again (one or two microseconds each).
  std::shared_ptr<const Places> places(store::Database& database);

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Named {
    std::string name;
    Id id = 0;
  };
  void read_after(store::Database& database, Id known);
  void place();

  mutable std::mutex m_mutex;
  std::vector<Named> m_people;  // by name, byte by byte, and id
  std::shared_ptr<const Places> m_places = std::make_shared<Places>();
  Id m_newest = 0;
  std::int64_t m_change = -1;  // as counted by note_people_changed(); -1: nothing has been read
};

}  // namespace patchmill::registry
