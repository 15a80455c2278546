#pragma once
// Indexes of logs somebody looks at, so that each is read through once.

#include "web/log_file.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace patchmill::web {

class LogCache {
 public:
  explicit LogCache(std::size_t most = 64) : m_most(most) {}
  // The index of what the file has now; `key` names its content, or the node of one that grows.
  Result<std::shared_ptr<const LogIndex>> index(const std::string& key, const LogFile& file);

 private:
  struct Entry {
    std::mutex mutex;  // one thread reads a log through, others wait for it
    std::shared_ptr<const LogIndex> index;
  };
  std::shared_ptr<Entry> entry(const std::string& key);
  const std::size_t m_most;
  std::mutex m_mutex;
  std::list<std::pair<std::string, std::shared_ptr<Entry>>> m_used;  // most recent first
  std::unordered_map<std::string, decltype(m_used)::iterator> m_entries;
};

}  // namespace patchmill::web
