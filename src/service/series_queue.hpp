#pragma once
// Which series is looked at next.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace patchmill::service {

// What is asked for several times before its turn comes is looked at once. One thread at a time.
class SeriesQueue {
 public:
  struct Look {
    std::int64_t series = 0;
    bool again = false;     // also when nothing changed since its verdict
    bool given_up = false;  // its worker is lost
  };
  void add(const Look& look);
  // Its turn comes when nothing else waits, in the order of numbers: one mail may ask for
  // thousands.
  void add_behind(std::int64_t series);
  void forget(std::int64_t series);
  std::optional<Look> take();
  [[nodiscard]] bool empty() const { return m_looks.empty(); }
  [[nodiscard]] std::size_t size() const { return m_looks.size(); }

 private:
  std::map<std::int64_t, Look> m_looks;
  std::deque<std::int64_t> m_order;
  std::set<std::int64_t> m_behind;  // those that are not in m_order
};

}  // namespace patchmill::service
