#pragma once
// Which of the waiting lanes starts next. Pure: no clock, no store.
//
// Higher priority first. Among equals the project that got least (weighted), in it the author that
// got least, then who has waited longest. "Got" is a virtual time that grows with the work taken,
// so that one author's hundred series delay another's first by one lane, not by a hundred
// (start-time fair queueing, Goyal, Vin and Cheng 1996).

#include "util/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace patchmill::pipeline {

struct Waiting {
  std::int64_t lane = 0;
  std::string project, author;
  int priority = 0;
  Timestamp ready_at{};  // not before
  Timestamp queued{};
  std::chrono::seconds estimate{1};  // what it will take; at least 1
};

class FairQueue {
 public:
  // Weight of a project, 1 where nothing is said; twice the weight gets twice the time.
  void set_weight(const std::string& project, unsigned weight);

  // A lane that waits already is replaced.
  void add(Waiting waiting);
  bool remove(std::int64_t lane);
  [[nodiscard]] bool contains(std::int64_t lane) const { return m_lanes.contains(lane); }
  [[nodiscard]] std::size_t size() const { return m_lanes.size(); }

  // The next one that is ready, taken out and charged to its project and author.
  std::optional<Waiting> take(Timestamp now);
  // When the next one becomes ready, if none is now; empty: there is none at all.
  [[nodiscard]] std::optional<Timestamp> next_ready() const;
  // The first `limit` in the order in which they would be taken from now on, those not ready yet
  // at the end by their time.
  [[nodiscard]] std::vector<Waiting> order(Timestamp now, std::size_t limit) const;

 private:
  // One class of priority of one author, oldest first.
  struct Author {
    double got = 0;
    std::map<int, std::set<std::pair<Timestamp, std::int64_t>>, std::greater<>> ready;
  };
  struct Project {
    double got = 0;
    unsigned weight = 1;
    std::map<std::string, Author> authors;
    std::map<int, std::size_t, std::greater<>> ready;  // how many of each priority
  };

  void wake(Timestamp now);
  void put(const Waiting& waiting);
  void unput(const Waiting& waiting);
  [[nodiscard]] std::optional<std::int64_t> first() const;

  std::map<std::string, Project> m_projects;
  std::unordered_map<std::int64_t, Waiting> m_lanes;
  std::set<std::pair<Timestamp, std::int64_t>> m_asleep;  // by ready_at
  std::map<int, std::size_t, std::greater<>> m_ready;     // how many of each priority
  double m_now = 0;  // virtual time: who comes back from idling starts here, not with savings
};

}  // namespace patchmill::pipeline
