#include "web/live_tail.hpp"

#include "util/log.hpp"
#include "util/text.hpp"
#include "web/log_html.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace patchmill::web {
namespace {

using namespace std::chrono_literals;

constexpr auto k_round = 200ms;
constexpr unsigned k_rounds_a_second = 5;
constexpr std::size_t k_piece =
    48u << 10;  // of a log a round; as HTML it stays below the queue's limit
constexpr std::size_t k_lines = 500;
constexpr std::size_t k_pieces = 4;
constexpr std::size_t k_skipped = 256;

}  // namespace

std::string LiveTail::Place::text() const {
  return fmt::format("{}:{}", offset, line);
}

std::optional<LiveTail::Place> LiveTail::Place::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const auto offset = parse_uint(text.substr(0, colon));
  const auto line = parse_uint(text.substr(colon + 1));
  if (!offset || !line || *offset > INT64_MAX || *line > INT64_MAX) {
    return std::nullopt;
  }
  return Place{*offset, *line};
}

LiveTail::LiveTail(std::filesystem::path folder, std::function<bool(std::int64_t)> is_done)
    : m_folder(std::move(folder)),
      m_is_done(std::move(is_done)),
      m_thread([this](const std::stop_token& stop) { run(stop); }) {}

LiveTail::~LiveTail() {
  close();
}

void LiveTail::close() {
  m_thread.request_stop();
  const std::lock_guard lock(m_mutex);
  m_closed = true;
  for (auto& follower : m_followers) {
    follower->stream->close();
  }
  m_followers.clear();
}

std::size_t LiveTail::followers() const {
  const std::lock_guard lock(m_mutex);
  return m_followers.size() + m_serving;
}

std::shared_ptr<http::EventStream> LiveTail::follow(std::int64_t node, Place place) {
  auto follower = std::make_unique<Follower>();
  follower->node = node;
  follower->place = place;
  follower->stream = http::EventStream::create(1u << 20);
  auto stream = follower->stream;
  {
    const std::lock_guard lock(m_mutex);
    if (m_closed || m_followers.size() + m_serving >= k_most_followers) {
      return nullptr;
    }
    m_followers.push_back(std::move(follower));
  }
  m_wake.notify_all();
  return stream;
}

void LiveTail::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<std::unique_ptr<Follower>> all;
    {
      std::unique_lock lock(m_mutex);
      m_wake.wait(lock, stop, [this] { return !m_followers.empty(); });
      all = std::exchange(m_followers, {});
      m_serving = all.size();
    }
    std::vector<std::unique_ptr<Follower>> kept;
    for (auto& follower : all) {
      if (!stop.stop_requested() && serve(*follower)) {
        kept.push_back(std::move(follower));
      } else {
        follower->stream->close();
      }
    }
    std::unique_lock lock(m_mutex);
    m_serving = 0;
    for (auto& follower : kept) {
      if (m_closed) {
        follower->stream->close();
      } else {
        m_followers.push_back(std::move(follower));
      }
    }
    m_wake.wait_for(lock, stop, k_round, [] { return false; });
  }
}

bool LiveTail::serve(Follower& follower) {
  if (follower.stream->closed()) {
    return false;
  }
  if (!follower.file) {
    if (auto opened = LogFile::open(m_folder / fmt::format("{}.log", follower.node))) {
      follower.file = std::move(*opened);
    }
  }
  // Asked before reading: what is written before the end is read after it.
  bool done = false;
  if (follower.rounds++ % k_rounds_a_second == 0) {
    try {
      done = m_is_done(follower.node);
    } catch (const std::exception& problem) {
      log::warning("the live log of node {} goes on, as the store does not answer: {}",
                   follower.node, problem.what());
    }
  }
  // What piled up comes in some pieces a round; the rest of a line that is too long takes no room.
  std::string bytes;
  for (std::size_t pieces = 0; follower.file && pieces < (follower.skipping ? k_skipped : k_pieces);
       ++pieces) {
    if (const auto read = follower.file->read(follower.place.offset, k_piece, bytes); !read) {
      return false;
    }
    const std::uint64_t before = follower.place.offset;
    const bool last = done && before + bytes.size() >= follower.file->size();
    if (bytes.empty() || !send(follower, bytes, last)) {
      break;
    }
    if (follower.place.offset == before) {
      break;
    }
  }
  if (done) {
    follower.stream->push(http::Event{follower.place.text(), "done", "{}"});
    return false;
  }
  return true;
}

bool LiveTail::send(Follower& follower, std::string_view bytes, bool at_end) {
  std::vector<LogLine> lines;
  std::size_t at = 0;
  while (at < bytes.size() && lines.size() < k_lines) {
    const auto end = bytes.find('\n', at);
    const bool ended = end != std::string_view::npos;
    if (!ended && !at_end && bytes.size() < k_piece) {
      break;  // the rest of the line is not written yet
    }
    if (!ended && !at_end && at > 0) {
      break;  // it may fit into the next piece
    }
    const std::string_view text = bytes.substr(at, (ended ? end : bytes.size()) - at);
    if (!follower.skipping) {
      LogLine line;
      line.number = ++follower.place.line;
      line.text = text;
      line.length = text.size();
      lines.push_back(std::move(line));
    }
    follower.skipping = !ended;
    at = ended ? end + 1 : bytes.size();
  }
  follower.place.offset += at;
  if (lines.empty()) {
    return true;
  }
  const std::uint64_t first = lines.front().number;
  Html html = log_lines_html(lines, follower.renderer, false);
  const boost::json::object data{{"line", first}, {"html", html.string()}};
  return follower.stream->push(
      http::Event{follower.place.text(), "lines", boost::json::serialize(data)});
}

}  // namespace patchmill::web
