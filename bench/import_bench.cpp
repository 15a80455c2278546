// Importing a 100 000-mail mbox into SQLite: against the asked 10 000 mails/s, and against the
// floor (import_floor.hpp) in the same run. Usage: import_bench [MAILS]

#include "import_floor.hpp"
#include "intake/importer.hpp"
#include "store/migrations.hpp"
#include "synthetic_list.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace {

namespace fs = std::filesystem;
using namespace patchmill;

constexpr double asked = 10'000;
constexpr int rounds = 2;  // the better one of each counts: others may use the machine
constexpr std::uint64_t seed = 20260105;

std::uintmax_t write_list(const fs::path& file, std::size_t mails) {
  const auto plan = bench::plan_list(mails, seed);
  const bench::MailWriter writer;
  std::ofstream out(file, std::ios::binary);
  for (const auto& mail : plan) {
    out << writer.write(mail);
  }
  out.close();
  return fs::file_size(file);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Memory of our own; mapped pages of the store's file are the system's to take back.
long anonymous_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) {
      return std::strtol(line.c_str() + 8, nullptr, 10) / 1024;
    }
  }
  return 0;
}

// Mails per second of one call, which returns how many mails it took.
template <class F>
double rate(std::string_view what, const F& f) {
  const double cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  const auto mails = static_cast<double>(f());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{}: {:.0f} mails/s, {:.0f} us of processor a mail\n", what, mails / seconds.count(),
             (cpu_seconds() - cpu) / mails * 1e6);
  return mails / seconds.count();
}

std::size_t import_ours(const fs::path& mbox, const fs::path& folder, std::size_t mails) {
  auto database = store::Database::open((folder / "store.db").string());
  store::migrate(*database);
  store::BlobStore blobs(folder / "blobs");
  const SystemClock clock;
  std::vector<std::unique_ptr<intake::Source>> sources;
  sources.push_back(intake::open_mbox(mbox));
  long most_mib = 0;
  const auto report =
      intake::Importer(*database, blobs, clock).run(sources, [&](const intake::ImportProgress&) {
        most_mib = std::max(most_mib, anonymous_mib());
      });
  if (report.stored != mails || report.unusable != 0 || !report.problems.empty()) {
    fmt::print(stderr, "import_bench: {} stored, {} duplicates, {} unusable of {} mails\n",
               report.stored, report.duplicates, report.unusable, mails);
    std::exit(1);
  }
  fmt::print("ours: {} series, at most {} MiB of memory\n", report.changed_series.size(), most_mib);
  return report.stored;
}

}  // namespace

int main(int argc, char** argv) {
  const auto mails =
      static_cast<std::size_t>(argc > 1 ? patchmill::parse_uint(argv[1]).value_or(0) : 100'000);
  if (mails == 0) {
    fmt::print(stderr, "usage: import_bench [MAILS]\n");
    return 2;
  }
  g_mime_init();
  const TempDir folder("patchmill-bench");
  const auto mbox = folder.path() / "list.mbox";
  const auto bytes = write_list(mbox, mails);
  const unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  fmt::print("{} mails, {:.1f} KB each in the mean, {} processors\n", mails,
             static_cast<double>(bytes) / static_cast<double>(mails) / 1000, threads);
  double ours = 0;
  double floor = 0;
  for (int round = 0; round < rounds; ++round) {
    const TempDir place("round", folder.path());
    const double our_rate = rate("ours", [&] { return import_ours(mbox, place.path(), mails); });
    const double floor_rate = rate(
        "floor", [&] { return bench::import_floor(mbox, place.path() / "floor.db", threads); });
    static_cast<void>(std::fflush(stdout));  // only so that each round is seen when it is over
    ours = std::max(ours, our_rate);
    floor = std::max(floor, floor_rate);
  }
  fmt::print("import-floor ratio {:.2f} (ours {:.0f} mails/s, peer {:.0f} mails/s)\n", ours / floor,
             ours, floor);
  fmt::print("import ratio {:.2f} (ours {:.0f} mails/s, peer {:.0f} mails/s)\n", ours / asked, ours,
             asked);
  return 0;
}
