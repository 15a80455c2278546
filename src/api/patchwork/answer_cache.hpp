#pragma once
// Lists that have been answered, for as long as nothing in the store changes: clients poll, and ask
// the same again and again.

#include "http/message.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::api::patchwork {

class AnswerCache {
 public:
  // most: bytes of all that is kept: bodies, keys, headers and what holds them together. Where
  // there is no room left, the oldest goes.
  explicit AnswerCache(std::size_t most) : m_most(most) {}

  // The answer to the same key and stamp of before, or else what `answer` makes; that is kept if
  // its status is 200 and its body a string. Nothing is kept without a stamp, under a key of more
  // than 1 KiB, or that is larger than all the room.
  http::Response get(const std::string& key, const std::optional<std::string>& stamp,
                     const std::function<http::Response()>& answer);

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const std::string> body;
    http::Response response;
    std::vector<std::string> stamps;  // of different connections
  };
  using Entries = std::list<Entry>;  // the oldest first
  static std::size_t size_of(const Entry& entry);
  [[nodiscard]] std::optional<http::Response> known(const std::string& key,
                                                    const std::string& stamp) const;
  void keep(Entry entry);
  void drop(Entries::iterator entry);
  void make_room();

  const std::size_t m_most;
  mutable std::mutex m_mutex;
  Entries m_entries;
  std::unordered_map<std::string_view, Entries::iterator> m_by_key;  // their own keys
  std::size_t m_bytes = 0;
};

}  // namespace patchmill::api::patchwork
