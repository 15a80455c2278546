#pragma once
// Logs of running nodes, sent line by line to those who look.

#include "http/event_stream.hpp"
#include "web/ansi.hpp"
#include "web/log_file.hpp"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace patchmill::web {

class LiveTail {
 public:
  static constexpr std::size_t k_most_followers = 1000;

  // `is_done` says whether a node has ended; asked at most once a second a node, on the tail's own
  // thread. It may throw: then it is asked again.
  LiveTail(std::filesystem::path folder, std::function<bool(std::int64_t node)> is_done);
  ~LiveTail();

  // Where in the log a page ends.
  struct Place {
    std::uint64_t offset = 0;                // bytes
    std::uint64_t line = 0;                  // lines before it
    [[nodiscard]] std::string text() const;  // "4096:120"
    static std::optional<Place> parse(std::string_view text);
    friend bool operator==(const Place&, const Place&) = default;
  };
  // Events "lines" with {"line": number of the first, "html": …} and the place as their id; at the
  // end of the node one "done". Null when there are too many followers or the tail was closed.
  std::shared_ptr<http::EventStream> follow(std::int64_t node, Place place);
  void close();
  [[nodiscard]] std::size_t followers() const;

 private:
  // How far somebody has read.
  struct Reading {
    Place place;
    AnsiRenderer renderer;
    bool skipping = false;  // the rest of a line that was too long
    friend bool operator==(const Reading&, const Reading&) = default;
  };
  struct Follower {
    std::int64_t node = 0;
    Reading reading;
    std::shared_ptr<http::EventStream> stream;
  };
  // One step of reading: from where, to where, and what those who took it are told (or null).
  struct Step {
    Reading from, to;
    http::Frame frame;
  };
  // What the followers of one node share. Most of them are at the same place.
  struct Log {
    std::optional<LogFile> file;
    unsigned rounds = 0;
    bool done = false;
    std::vector<Step> steps;  // of this round
  };
  void run(const std::stop_token& stop);
  void begin_round(std::int64_t node, Log& log);
  static bool serve(Follower& follower, Log& log);  // false: it is over
  static Result<Step> step(const Reading& from, Log& log);
  static Step read_lines(const Reading& from, std::string_view bytes, bool at_end);

  const std::filesystem::path m_folder;
  const std::function<bool(std::int64_t)> m_is_done;
  mutable std::mutex m_mutex;
  std::condition_variable_any m_wake;
  std::vector<std::unique_ptr<Follower>> m_followers;
  std::size_t m_serving = 0;
  bool m_closed = false;
  std::jthread m_thread;  // last: it uses the others
};

}  // namespace patchmill::web
