#include "web/log_cache.hpp"

namespace patchmill::web {

std::shared_ptr<LogCache::Entry> LogCache::entry(const std::string& key) {
  const std::lock_guard lock(m_mutex);
  if (const auto found = m_entries.find(key); found != m_entries.end()) {
    m_used.splice(m_used.begin(), m_used, found->second);
    return found->second->second;
  }
  m_used.emplace_front(key, std::make_shared<Entry>());
  m_entries[key] = m_used.begin();
  if (m_used.size() > m_most) {
    m_entries.erase(m_used.back().first);
    m_used.pop_back();
  }
  return m_used.front().second;
}

Result<std::shared_ptr<const LogIndex>> LogCache::index(const std::string& key,
                                                        const LogFile& file) {
  const auto one = entry(key);
  const std::lock_guard lock(one->mutex);
  const std::uint64_t size = file.size();
  // A file of a growing log that became shorter is another one.
  if (one->index && one->index->size() == size) {
    return one->index;
  }
  auto index = one->index && one->index->size() < size ? std::make_shared<LogIndex>(*one->index)
                                                       : std::make_shared<LogIndex>();
  PM_TRY(index->extend(file, size));
  one->index = index;
  return one->index;
}

}  // namespace patchmill::web
