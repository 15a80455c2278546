#include "web/live_tail.hpp"

#include "util/log.hpp"
#include "util/text.hpp"
#include "web/log_html.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
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
constexpr std::size_t k_shared_steps = 64;  // of a log a round

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
  follower->reading.place = place;
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
  std::map<std::int64_t, Log> logs;
  while (!stop.stop_requested()) {
    std::vector<std::unique_ptr<Follower>> all;
    {
      std::unique_lock lock(m_mutex);
      m_wake.wait(lock, stop, [this] { return !m_followers.empty(); });
      all = std::exchange(m_followers, {});
      m_serving = all.size();
    }
    std::map<std::int64_t, Log> in_use;
    std::vector<std::unique_ptr<Follower>> kept;
    for (auto& follower : all) {
      const auto [log, first] = in_use.try_emplace(follower->node);
      if (first) {
        if (const auto known = logs.find(follower->node); known != logs.end()) {
          log->second = std::move(known->second);
        }
        begin_round(follower->node, log->second);
      }
      if (!stop.stop_requested() && serve(*follower, log->second)) {
        kept.push_back(std::move(follower));
      } else {
        follower->stream->close();
      }
    }
    logs = std::move(in_use);
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

void LiveTail::begin_round(std::int64_t node, Log& log) {
  log.steps.clear();
  if (!log.file) {
    if (auto opened = LogFile::open(m_folder / fmt::format("{}.log", node))) {
      log.file = std::move(*opened);
    }
  }
  // Asked before reading: what is written before the end is read after it.
  if (log.rounds++ % k_rounds_a_second == 0) {
    try {
      log.done = m_is_done(node);
    } catch (const std::exception& problem) {
      log::warning("the live log of node {} goes on, as the store does not answer: {}", node,
                   problem.what());
    }
  }
}

bool LiveTail::serve(Follower& follower, Log& log) {
  if (follower.stream->closed()) {
    return false;
  }
  Reading& reading = follower.reading;
  // What piled up comes in some pieces a round; the rest of a line that is too long takes no room.
  for (std::size_t pieces = 0; log.file && pieces < (reading.skipping ? k_skipped : k_pieces);
       ++pieces) {
    const auto next = step(reading, log);
    if (!next) {
      return false;
    }
    const bool moved = next->to.place.offset != reading.place.offset;
    reading = next->to;
    if (!moved || (next->frame && !follower.stream->push(next->frame))) {
      break;
    }
  }
  if (log.done) {
    follower.stream->push(http::Event{reading.place.text(), "done", "{}"});
    return false;
  }
  return true;
}

Result<LiveTail::Step> LiveTail::step(const Reading& from, Log& log) {
  const auto taken = std::find_if(log.steps.begin(), log.steps.end(),
                                  [&](const Step& one) { return one.from == from; });
  if (taken != log.steps.end()) {
    return *taken;
  }
  std::string bytes;
  PM_TRY(log.file->read(from.place.offset, k_piece, bytes));
  const bool last = log.done && from.place.offset + bytes.size() >= log.file->size();
  Step made = read_lines(from, bytes, last);
  if (log.steps.size() < k_shared_steps) {
    log.steps.push_back(made);
  }
  return made;
}

LiveTail::Step LiveTail::read_lines(const Reading& from, std::string_view bytes, bool at_end) {
  Step step{from, from, nullptr};
  Reading& to = step.to;
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
    if (!to.skipping) {
      LogLine line;
      line.number = ++to.place.line;
      line.text = text;
      line.length = text.size();
      lines.push_back(std::move(line));
    }
    to.skipping = !ended;
    at = ended ? end + 1 : bytes.size();
  }
  to.place.offset += at;
  if (!lines.empty()) {
    const std::uint64_t first = lines.front().number;
    const Html html = log_lines_html(lines, to.renderer, false);
    const boost::json::object data{{"line", first}, {"html", html.string()}};
    step.frame =
        http::encode_event(http::Event{to.place.text(), "lines", boost::json::serialize(data)});
  }
  return step;
}

}  // namespace patchmill::web
