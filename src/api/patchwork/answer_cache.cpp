#include "api/patchwork/answer_cache.hpp"

#include "util/hash.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace patchmill::api::patchwork {
namespace {

constexpr std::size_t k_most_stamps = 16;     // more connections than that ask seldom
constexpr std::size_t k_longest_key = 1'024;  // nobody asks the same so long a question again
constexpr std::size_t k_around = 512;         // of an entry, besides its texts

}  // namespace

std::size_t AnswerCache::size_of(const Entry& entry) {
  std::size_t size = k_around + entry.key.size() + entry.body->size();
  for (const auto& [name, value] : entry.response.headers) {
    size += name.size() + value.size();
  }
  for (const std::string& stamp : entry.stamps) {
    size += stamp.size();
  }
  return size;
}

std::optional<http::Response> AnswerCache::known(const std::string& key,
                                                 const std::string& stamp) const {
  const std::lock_guard lock(m_mutex);
  const auto found = m_by_key.find(key);
  if (found == m_by_key.end()) {
    return std::nullopt;
  }
  const auto& stamps = found->second->stamps;
  return std::find(stamps.begin(), stamps.end(), stamp) != stamps.end()
             ? std::optional(found->second->response)
             : std::nullopt;
}

void AnswerCache::drop(Entries::iterator entry) {
  m_bytes -= size_of(*entry);
  m_by_key.erase(entry->key);
  m_entries.erase(entry);
}

void AnswerCache::make_room() {
  while (m_bytes > m_most) {
    drop(m_entries.begin());
  }
}

void AnswerCache::keep(Entry entry) {
  const std::size_t size = size_of(entry);
  const std::lock_guard lock(m_mutex);
  if (const auto found = m_by_key.find(entry.key); found != m_by_key.end()) {
    Entry& place = *found->second;
    // Another connection has its own stamp for the same state of the store.
    if (*place.body == *entry.body && place.stamps.size() < k_most_stamps) {
      m_bytes += entry.stamps.front().size();
      place.stamps.push_back(std::move(entry.stamps.front()));
      return make_room();
    }
    drop(found->second);
  }
  if (size > m_most || entry.key.size() > k_longest_key) {
    return;
  }
  m_bytes += size;
  m_entries.push_back(std::move(entry));
  m_by_key.emplace(m_entries.back().key, std::prev(m_entries.end()));
  make_room();
}

http::Response AnswerCache::get(const std::string& key, const std::optional<std::string>& stamp,
                                const std::function<http::Response()>& answer) {
  if (auto before = stamp ? known(key, *stamp) : std::nullopt) {
    return *std::move(before);
  }
  Entry entry{key, {}, answer(), {}};
  http::Response& response = entry.response;
  auto* text = std::get_if<std::string>(&response.body);
  if (!stamp || response.status != 200 || text == nullptr) {
    return std::move(response);
  }
  entry.body = std::make_shared<const std::string>(std::move(*text));
  response.body = http::SharedBytes{entry.body, *entry.body};
  response.headers.set("ETag", "\"" + sha256_hex(*entry.body).substr(0, 32) + "\"");
  entry.stamps = {*stamp};
  auto made = response;
  keep(std::move(entry));
  return made;
}

}  // namespace patchmill::api::patchwork
