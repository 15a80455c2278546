#include "registry/series_ids.hpp"

#include "registry/turn.hpp"

#include <algorithm>

namespace patchmill::registry {

Id SeriesIds::of(std::int64_t number) {
  if (m_next == 0) {
    m_next = next_id(m_database, "registry_series");
  }
  m_next = std::max(m_next, number);
  return m_next++;
}

}  // namespace patchmill::registry
