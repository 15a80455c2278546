#include "web/live_tail.hpp"

#include "util/file.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <set>

using namespace patchmill;
using namespace patchmill::web;

namespace {

struct Tail {
  Tail() : tail(folder.path(), [this](std::int64_t) { return done.load(); }) {}
  void write(const std::string& text) {
    std::ofstream(folder.path() / "7.log", std::ios::app | std::ios::binary) << text;
  }
  TempDir folder;
  std::atomic<bool> done = false;
  LiveTail tail;
};

// What comes until the text does, or nothing comes any more.
std::string read_until(http::EventStream& stream, std::string_view text) {
  std::string all;
  for (int i = 0; i < 300 && all.find(text) == std::string::npos; ++i) {
    for (const auto& frame : stream.take()) {
      all += *frame;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return all;
}

}  // namespace

TEST_CASE("web::LiveTail: whole lines, from a place on, until the node is done") {
  Tail tail;
  tail.write("one\ntwo\nthr");
  const auto stream = tail.tail.follow(7, {4, 1});
  REQUIRE(stream);
  const std::string first = read_until(*stream, "two");
  CHECK(first.find("one") == std::string::npos);
  CHECK(first.find("thr") == std::string::npos);
  CHECK(first.find("id: 8:2\nevent: lines\n") != std::string::npos);
  CHECK(first.find("\"line\":2") != std::string::npos);
  tail.write("ee\n\x1b[31mfour</span><script>\n");
  const std::string second = read_until(*stream, "L4");
  CHECK(second.find("three") != std::string::npos);
  CHECK(second.find("<script>") == std::string::npos);
  CHECK(second.find("f1") != std::string::npos);
  tail.write("last, without an end");
  tail.done = true;
  const std::string rest = read_until(*stream, "event: done");
  CHECK(rest.find("last, without an end") != std::string::npos);
  CHECK(rest.find("event: done") != std::string::npos);
  for (int i = 0; i < 100 && !stream->closed(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(stream->closed());
}

TEST_CASE("web::LiveTail: followers at one place share the reading") {
  TempDir folder("patchmill-tail");
  std::atomic<int> asked = 0;
  LiveTail tail(folder.path(), [&](std::int64_t) {
    ++asked;
    return false;
  });
  constexpr int many = 200;
  std::vector<std::shared_ptr<http::EventStream>> streams;
  for (int i = 0; i < many; ++i) {
    streams.push_back(tail.follow(7, {}));
    REQUIRE(streams.back());
  }
  std::ofstream(folder.path() / "7.log") << "one line\n";
  std::set<http::Frame> frames;
  for (const auto& stream : streams) {
    std::vector<http::Frame> got;
    for (int i = 0; i < 20'000 && got.empty(); ++i) {
      got = stream->take();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK(got.size() == 1);
    frames.insert(got.begin(), got.end());
  }
  // Two when the line came in the middle of a round.
  CHECK(frames.size() <= 2);
  CHECK(asked < many);
}

TEST_CASE("web::LiveTail: waits for a log that is not there yet") {
  Tail tail;
  const auto stream = tail.tail.follow(7, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  tail.write("begins\n");
  CHECK(read_until(*stream, "begins").find("\"line\":1") != std::string::npos);
}

TEST_CASE("web::LiveTail: a line without an end does not take the memory") {
  Tail tail;
  const auto stream = tail.tail.follow(7, {});
  tail.write(std::string(1 << 20, 'x'));
  CHECK(read_until(*stream, "more in the raw log").size() < 20'000);
  tail.write("\nnext\n");
  const std::string rest = read_until(*stream, "next");
  CHECK(rest.find("\"line\":2") != std::string::npos);
}

TEST_CASE("web::LiveTail::Place: as text and back") {
  CHECK(LiveTail::Place{4096, 120}.text() == "4096:120");
  CHECK(LiveTail::Place::parse("4096:120")->offset == 4096);
  for (const auto* wrong :
       {"", ":", "1", "1:", ":1", "a:1", "-1:1", "1:99999999999999999999", "1:1:1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(LiveTail::Place::parse(wrong).has_value());
  }
}

TEST_CASE("web::LiveTail::close: ends all, takes none") {
  Tail tail;
  const auto stream = tail.tail.follow(7, {});
  tail.tail.close();
  for (int i = 0; i < 100 && !stream->closed(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(stream->closed());
  CHECK(tail.tail.follow(7, {}) == nullptr);
  CHECK(tail.tail.followers() == 0);
}
