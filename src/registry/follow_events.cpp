#include "registry/follow_events.hpp"

#include "registry/turn.hpp"
#include "registry/writing.hpp"

namespace patchmill::registry {

FollowEvents::FollowEvents(store::Database& database, Timestamp now)
    : m_database(database),
      m_fresh(database, "registry_events",
              "id, category, project, date, patch, cover, series, comment"),
      m_now(now) {}

void FollowEvents::tell(Category category, Id project, const About& about) {
  if (m_next_id == 0) {
    m_next_id = next_id(m_database, "registry_events");
    m_next = next_event_date(m_database, m_now);
  }
  m_fresh.add(m_next_id++, category, project, to_micros(m_next), about.patch, about.cover,
              about.series, about.comment);
  // A microsecond apart: who asks for everything since the last date gets on.
  m_next += std::chrono::microseconds(1);
}

void FollowEvents::flush() {
  m_fresh.flush();
}

}  // namespace patchmill::registry
