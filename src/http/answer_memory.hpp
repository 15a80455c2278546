#pragma once
// Answers that may be asked for again with If-None-Match, so that unchanged ones cost nothing.

#include "http/headers.hpp"

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchmill::http {

struct Remembered {
  Headers headers;
  std::string body;
};

// Bounded; the entry used longest ago goes first. Not thread-safe.
class AnswerMemory {
 public:
  explicit AnswerMemory(std::size_t most_bytes) : m_most(most_bytes) {}
  // What belongs to one address for one reader: whoever sends other credentials or wants another
  // format has memories of his own.
  static std::string key(std::string_view url, const Headers& request);

  [[nodiscard]] const Remembered* find(const std::string& key);
  // Only answers with ETag or Last-Modified and without Cache-Control: no-store are kept.
  void keep(const std::string& key, const Headers& headers, const std::string& body);
  [[nodiscard]] std::size_t bytes() const { return m_bytes; }

 private:
  struct Entry {
    std::string key;
    Remembered answer;
    std::size_t size = 0;
  };
  void drop(std::list<Entry>::iterator entry);
  const std::size_t m_most;
  std::size_t m_bytes = 0;
  std::list<Entry> m_entries;  // used last comes first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> m_index;
};

}  // namespace patchmill::http
