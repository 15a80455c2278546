// Following a maildir on disk: how long from delivery to the mail, its series and their events
// being stored (asked: less than 500 ms), how fast it catches up with 20 000 mails, and what
// waiting costs. Usage: follow_bench [MAILS]

#include "intake/live_intake.hpp"
#include "store/migrations.hpp"
#include "synthetic_list.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace fs = std::filesystem;
using namespace patchmill;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr double asked_ms = 500;
constexpr std::size_t deliveries = 200;

double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double ms_since(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

void wait_for(const std::atomic<std::size_t>& stored, std::size_t wanted) {
  const auto start = SteadyClock::now();
  while (stored < wanted) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    if (ms_since(start) > 300'000) {
      fmt::print(stderr, "follow_bench: {} of {} mails after five minutes\n", stored.load(),
                 wanted);
      std::exit(1);
    }
  }
}

}  // namespace

// An exception ends it in order, so that the folder with the mails goes.
int main(int argc, char** argv) try {
  const auto backlog =
      static_cast<std::size_t>(argc > 1 ? parse_uint(argv[1]).value_or(20'000) : 20'000);
  const TempDir folder("patchmill-follow-bench");
  const auto maildir = folder.path() / "maildir";
  for (const auto* sub : {"new", "cur", "tmp"}) {
    fs::create_directories(maildir / sub);
  }
  const auto plan = bench::plan_list(backlog + deliveries, 20260105);
  const bench::MailWriter mails;
  const auto write = [&](std::size_t i) {
    auto mail = mails.write(plan[i]);
    mail.erase(0, mail.find('\n') + 1);  // the "From " line
    std::ofstream(maildir / "tmp" / fmt::format("{:08}.host", i), std::ios::binary) << mail;
  };
  const auto deliver = [&](std::size_t i) {
    const auto name = fmt::format("{:08}.host", i);
    fs::rename(maildir / "tmp" / name, maildir / "new" / name);
  };
  for (std::size_t i = 0; i < plan.size(); ++i) {
    write(i);
    if (i < backlog) {
      deliver(i);
    }
  }
  const auto store_file = (folder.path() / "store.db").string();
  store::migrate(*store::Database::open(store_file));
  store::BlobStore blobs(folder.path() / "blobs");
  const SystemClock clock;
  std::atomic<std::size_t> stored = 0;
  intake::MailWriter writer([&] { return store::Database::open(store_file); }, blobs, clock, {},
                            [&](const tracker::IngestOutcome& outcome) {
                              stored += outcome.stored + outcome.duplicates;
                            });
  auto live = std::make_unique<intake::LiveIntake>(writer, clock, folder.path() / "mirrors");
  intake::SourceSpec spec;
  spec.name = "bench";
  spec.kind = intake::PlaceSpec{maildir.string(), {}, {}, {}};
  auto start = SteadyClock::now();
  live->follow({spec});
  wait_for(stored, backlog);
  const auto catching_up = ms_since(start);
  fmt::print("caught up with {} files: {:.0f} mails/s\n", backlog,
             static_cast<double>(backlog) / catching_up * 1e3);
  std::vector<double> times;
  for (std::size_t i = backlog; i < plan.size(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    start = SteadyClock::now();
    deliver(i);
    wait_for(stored, i + 1);
    times.push_back(ms_since(start));
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  fmt::print("delivered to stored: median {:.2f} ms, 99 of 100 {:.2f} ms, worst {:.2f} ms\n",
             median, times[times.size() * 99 / 100], times.back());
  const auto before = cpu_ms();
  std::this_thread::sleep_for(std::chrono::seconds(5));
  fmt::print("waiting: {:.2f} ms of processor a second\n", (cpu_ms() - before) / 5);
  start = SteadyClock::now();
  live.reset();
  fmt::print("stopped in {:.1f} ms\n", ms_since(start));
  fmt::print("follow ratio {:.1f} (ours {:.2f} ms, peer {:.0f} ms)\n", asked_ms / times.back(),
             times.back(), asked_ms);
  return times.back() < asked_ms ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "follow_bench: {}\n", error.what());
  return 1;
}
