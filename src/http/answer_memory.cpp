#include "http/answer_memory.hpp"

#include "util/hash.hpp"

namespace patchmill::http {

std::string AnswerMemory::key(std::string_view url, const Headers& request) {
  std::string text(url);
  for (const auto* name : {"Authorization", "Private-Token", "Cookie", "Accept"}) {
    text += '\0';
    text += request.joined(name);
  }
  return sha256_hex(text);  // no secret stays in memory longer than it must
}

const Remembered* AnswerMemory::find(const std::string& key) {
  const auto found = m_index.find(key);
  if (found == m_index.end()) {
    return nullptr;
  }
  m_entries.splice(m_entries.begin(), m_entries, found->second);
  return &m_entries.front().answer;
}

void AnswerMemory::drop(std::list<Entry>::iterator entry) {
  m_bytes -= entry->size;
  m_index.erase(entry->key);
  m_entries.erase(entry);
}

void AnswerMemory::keep(const std::string& key, const Headers& headers, const std::string& body) {
  if (const auto found = m_index.find(key); found != m_index.end()) {
    drop(found->second);
  }
  std::size_t size = key.size() + body.size() + 256;
  for (const auto& [name, value] : headers) {
    size += name.size() + value.size() + 64;
  }
  if ((!headers.has("ETag") && !headers.has("Last-Modified")) ||
      list_contains(headers.joined("Cache-Control"), "no-store") || size > m_most / 4) {
    return;
  }
  m_entries.push_front({key, {headers, body}, size});
  m_index.emplace(m_entries.front().key, m_entries.begin());
  m_bytes += size;
  while (m_bytes > m_most) {
    drop(std::prev(m_entries.end()));
  }
}

}  // namespace patchmill::http
