// A real list against a real tree: every series is placed as of the day it was posted.
//
// REAL_INBOX: a public-inbox v2 epoch (git); REAL_TREE: a git repository. TRUTH_REPORT: a file for
// the misses. TRUTH_DATA: a folder to keep the imported list in (else temporary). TRUTH_LIMIT: only
// that many series, evenly spread.
//
// A series counts as merged when each of its patches that has a diff is in the tree's history,
// committed after the posting, with the same `git patch-id --stable` or with the same subject and
// author (maintainers edit what they take).

#include "git/repository.hpp"
#include "intake/detect.hpp"
#include "intake/importer.hpp"
#include "mail/diff.hpp"
#include "mail/subject.hpp"
#include "placement/base_search.hpp"
#include "placement/placement.hpp"
#include "store/blob_store.hpp"
#include "store/migrations.hpp"
#include "tracker/queries.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace fs = std::filesystem;
using namespace patchmill;
using placement::PlacementState;
using Clock_ = std::chrono::steady_clock;

namespace {

constexpr double k_wanted_share = 95;

[[noreturn]] void die(const std::string& message) {
  fmt::print(stderr, "truth_bench: {}\n", message);
  std::exit(1);
}

template <class T>
T value_of(Result<T> result) {
  if (!result) {
    die(result.error().message);
  }
  return std::move(*result);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

double seconds_since(Clock_::time_point start) {
  return std::chrono::duration<double>(Clock_::now() - start).count();
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// ---- the list ----

void import(const fs::path& inbox, const fs::path& data, store::Database& database,
            store::BlobStore& blobs) {
  const auto detected = value_of(intake::detect_source(inbox.string()));
  const auto sources = value_of(intake::open_sources(detected, data / "mirrors"));
  const SystemClock clock;
  intake::Importer importer(database, blobs, clock);
  const auto report = importer.run(sources);
  if (!report.problems.empty()) {
    die("REAL_INBOX: " + report.problems.front().message);
  }
  const auto mails = report.stored + report.duplicates;
  fmt::print("import: {} mails in {:.1f} s, {:.0f} mails/s; {} stored, {} duplicates\n", mails,
             report.seconds, static_cast<double>(mails) / report.seconds, report.stored,
             report.duplicates);
  tracker::Queries queries(database, blobs);
  std::uint64_t counted = 0;
  for (const auto& [kind, count] : queries.message_counts()) {
    fmt::print("  {:6} {}\n", count, kind);
    counted += static_cast<std::uint64_t>(count);
  }
  if (counted != report.stored) {
    die(fmt::format("lost mail: {} were stored, {} are there", report.stored, counted));
  }
}

// ---- what became of the patches ----

struct Upstream {
  struct Commit {
    std::int64_t date = 0;
    std::string author_name, author_email;
  };
  std::unordered_map<std::string, std::vector<Commit>> by_title;
  std::unordered_map<std::string, std::vector<std::int64_t>> by_patch_id;
};

Upstream read_upstream(const fs::path& tree) {
  auto repository = value_of(git::Repository::open(tree));
  Upstream upstream;
  std::unordered_map<std::string, std::int64_t> dates;
  const Completed log = value_of(
      repository->git({"log", "-z", "--no-merges", "--format=%H%x01%ct%x01%an%x01%ae%x01%s"}));
  for (const auto record : split(log.out, '\0')) {
    const auto fields = split(record, '\x01');
    if (fields.size() < 5) {
      continue;
    }
    Upstream::Commit commit{static_cast<std::int64_t>(parse_uint(fields[1]).value_or(0)),
                            std::string(fields[2]), std::string(fields[3])};
    dates[std::string(fields[0])] = commit.date;
    upstream.by_title[mail::normalize_title(fields[4])].push_back(std::move(commit));
  }
  // git log -p | git patch-id, without a shell.
  TempDir folder("patchmill-truth");
  const fs::path diffs = folder.path() / "diffs";
  std::FILE* file = std::fopen(diffs.c_str(), "we");
  if (file == nullptr) {
    die("cannot write " + diffs.string());
  }
  Command command;
  command.argv = {"git", "-C", tree.string(), "log", "--no-merges", "-p", "-M", "--full-index"};
  command.env = git::git_environment();
  command.timeout = std::chrono::hours(1);
  bool whole = true;
  command.on_output = [file, &whole](std::string_view bytes) {
    whole = whole && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  };
  SystemProcessRunner runner;
  value_of(runner.run(command));
  if (std::fclose(file) != 0 || !whole) {
    die("cannot write " + diffs.string() + " to its end");
  }
  Command ids;
  ids.argv = {"sh", "-c", "exec git patch-id --stable <\"$1\"", "sh", diffs.string()};
  ids.timeout = std::chrono::hours(1);
  const Completed done = value_of(runner.run(ids));
  for (const auto line : split_lines(done.out)) {
    const auto words = split(line, ' ');
    if (words.size() == 2) {
      upstream.by_patch_id[std::string(words[0])].push_back(dates[std::string(words[1])]);
    }
  }
  return upstream;
}

bool appeared(const Upstream& upstream, const git::PatchInput& patch, const std::string& patch_id,
              std::int64_t posted) {
  if (const auto found = upstream.by_patch_id.find(patch_id);
      !patch_id.empty() && found != upstream.by_patch_id.end() &&
      std::any_of(found->second.begin(), found->second.end(),
                  [&](std::int64_t date) { return date > posted; })) {
    return true;
  }
  const auto title =
      mail::normalize_title(std::string_view(patch.message).substr(0, patch.message.find('\n')));
  const auto found = upstream.by_title.find(title);
  return found != upstream.by_title.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const auto& commit) {
           return commit.date > posted &&
                  (mail::same_email(commit.author_email, patch.author.email) ||
                   iequals(commit.author_name, patch.author.name));
         });
}

bool merged_later(git::Repository& repository, const Upstream& upstream,
                  const tracker::Series& series, const placement::SeriesPatches& patches) {
  std::vector<std::string> diffs;
  for (const auto& input : patches.inputs) {
    diffs.push_back(input.diff);
  }
  const auto ids = git::patch_ids(repository, diffs);
  const std::int64_t posted =
      std::chrono::floor<std::chrono::seconds>(series.date).time_since_epoch().count();
  bool any = false;
  for (std::size_t i = 0; i < patches.inputs.size(); ++i) {
    if (patches.inputs[i].diff.empty()) {
      continue;
    }
    any = true;
    if (!appeared(upstream, patches.inputs[i], ids && i < ids->size() ? (*ids)[i] : "", posted)) {
      return false;
    }
  }
  return any;
}

// ---- the misses ----

// What git::apply_series() says when a patch is refused or unreadable rather than misplaced.
std::string class_of(const placement::Placement& placed, const placement::SeriesPatches& patches) {
  if (placed.state != PlacementState::conflict) {
    return std::string(to_string(placed.state));
  }
  const auto& outcome = placed.candidates[*placed.chosen].outcome;
  if (outcome->conflict->reason.find("is a submodule") != std::string::npos) {
    return "refused: it changes which commit of a submodule is used";
  }
  bool names_blobs = false;
  for (const auto& input : patches.inputs) {
    if (!input.diff.empty() && !mail::parse_diff(input.diff)) {
      return "damaged: the diff in the mail is broken, git am refuses it as well";
    }
    names_blobs = names_blobs || input.diff.find("\nindex ") != std::string::npos;
  }
  if (!names_blobs) {
    return "no blobs: made without git, or with the index lines cut";
  }
  if (outcome->conflict->reason.find("git refuses the patch") != std::string::npos) {
    return "damaged: the diff in the mail is broken, git am refuses it as well";
  }
  const auto images = placement::read_images(patches.inputs);
  return images.breaks > 0 ? "patches of one series that were not made on each other"
                           : "made on files that neither the tree nor any posted series has";
}

struct Miss {
  std::string kind, text;
};

std::string describe(const tracker::Series& series, const placement::Placement& placed) {
  std::string text = fmt::format(
      "series {} {} ({}), {}, {} patches\n  {}\n  {}: {}\n", series.number, to_iso(series.date),
      series.submitter.email, series.patches.empty() ? "" : series.patches.front().msgid,
      series.patches.size(), series.name, to_string(placed.state), placed.explanation);
  for (const auto& candidate : placed.candidates) {
    text += fmt::format("    {:8.1f} {}: {}", candidate.score, candidate.described,
                        candidate.explanation);
    if (candidate.outcome && candidate.outcome->conflict) {
      const auto& conflict = *candidate.outcome->conflict;
      text += fmt::format(" | patch {} {} hunk {}: {}", conflict.patch + 1, conflict.file,
                          conflict.hunk, conflict.reason);
    }
    text += '\n';
  }
  return text;
}

struct Tally {
  std::size_t complete = 0, incomplete = 0, no_code = 0, placed = 0, merged = 0, merged_placed = 0;
  std::map<std::string, std::size_t> states;
  std::map<std::string, std::size_t> reasons;
  std::vector<double> times;
  std::vector<std::pair<double, std::int64_t>> slowest;
  std::vector<Miss> misses;
};

void print_tally(Tally& tally) {
  std::sort(tally.times.begin(), tally.times.end());
  const auto at = [&](double share) {
    return tally.times.empty() ? 0.0
                               : tally.times[static_cast<std::size_t>(
                                     share * static_cast<double>(tally.times.size() - 1))];
  };
  fmt::print("series: {} complete, {} incomplete\n", tally.complete, tally.incomplete);
  for (const auto& [state, count] : tally.states) {
    fmt::print("  {:6} {}\n", count, state);
  }
  fmt::print("what chose the base:\n");
  for (const auto& [reason, count] : tally.reasons) {
    fmt::print("  {:6} {}\n", count, reason);
  }
  fmt::print("placed: {} of {} complete series with a diff ({:.2f} %)\n", tally.placed,
             tally.complete - tally.no_code, percent(tally.placed, tally.complete - tally.no_code));
  fmt::print("placed among those merged later: {} of {} ({:.2f} %)\n", tally.merged_placed,
             tally.merged, percent(tally.merged_placed, tally.merged));
  fmt::print("time a series: median {:.1f} ms, p95 {:.1f} ms, most {:.1f} ms\n", at(0.5), at(0.95),
             at(1));
  std::sort(tally.slowest.rbegin(), tally.slowest.rend());
  tally.slowest.resize(std::min<std::size_t>(tally.slowest.size(), 5));
  for (const auto& [took, number] : tally.slowest) {
    fmt::print("  slow: series {}, {:.0f} ms\n", number, took);
  }
  std::map<std::string, std::size_t> classes;
  for (const auto& miss : tally.misses) {
    ++classes[miss.kind];
  }
  fmt::print("misses among those merged later:\n");
  for (const auto& [kind, count] : classes) {
    fmt::print("  {:6} {}\n", count, kind);
  }
}

void write_report(const Tally& tally) {
  const std::string file = environment("TRUTH_REPORT");
  if (file.empty()) {
    return;
  }
  std::map<std::string, std::string> by_class;
  for (const auto& miss : tally.misses) {
    by_class[miss.kind] += miss.text + '\n';
  }
  std::string text;
  for (const auto& [kind, misses] : by_class) {
    text += "== " + kind + " ==\n\n" + misses;
  }
  if (const auto written = write_file_atomic(file, text); !written) {
    die(written.error().message);
  }
}

}  // namespace

int main() {
  const fs::path inbox = environment("REAL_INBOX");
  const fs::path tree = environment("REAL_TREE");
  if (inbox.empty() || tree.empty() || !fs::exists(inbox) || !fs::exists(tree)) {
    fmt::print(
        "truth skipped: REAL_INBOX and REAL_TREE must name a public-inbox epoch and a git "
        "repository\n");
    return 0;
  }
  TempDir temporary("patchmill-truth");
  const std::string kept = environment("TRUTH_DATA");
  const fs::path data = kept.empty() ? temporary.path() : fs::path(kept);
  const bool imported = fs::exists(data / "imported");
  fs::create_directories(data);
  auto database = store::Database::open((data / "store.db").string());
  store::migrate(*database);
  store::BlobStore blobs(data / "blobs");
  if (!imported) {
    import(inbox, data, *database, blobs);
    value_of(write_file_atomic(data / "imported", "").map([] { return true; }));
  }

  tracker::Queries queries(*database, blobs);
  const SystemClock clock;
  placement::Placer placer(*database, data,
                           {{.name = "main",
                             .url = tree.string(),
                             .branch = {},
                             .lists = {},
                             .subject_tags = {},
                             .paths = {}}},
                           clock);
  const auto refresh_start = Clock_::now();
  for (const auto& [name, result] : placer.refresh()) {
    if (!result) {
      die(name + ": " + result.error().message);
    }
  }
  fmt::print("mirror and index: {:.1f} s\n", seconds_since(refresh_start));
  const Upstream upstream = read_upstream(tree);
  auto* repository = value_of(placer.repository("main"));

  auto numbers = queries.series_numbers();
  const auto limit = parse_uint(environment("TRUTH_LIMIT")).value_or(0);
  const std::size_t step =
      limit == 0 ? 1 : std::max<std::size_t>(1, numbers.size() / static_cast<std::size_t>(limit));
  const auto only = parse_uint(environment("TRUTH_SERIES"));
  Tally tally;
  for (std::size_t i = 0; i < numbers.size(); i += step) {
    if (only && static_cast<std::uint64_t>(numbers[i]) != *only) {
      continue;
    }
    const auto series = queries.series(numbers[i]);
    if (!series || !series->received_all()) {
      ++tally.incomplete;
      if (series) {
        placer.remember(*series, value_of(placement::load_patches(queries, *series)));
      }
      continue;
    }
    ++tally.complete;
    const auto start = Clock_::now();
    const auto patches = value_of(placement::load_patches(queries, *series));
    placement::PlaceOptions options;
    options.as_of = series->date;
    options.explain = false;
    const auto placed = value_of(placer.place(*series, patches, queries, options));
    const double took = 1000 * seconds_since(start);
    ++tally.states[std::string(to_string(placed.state))];
    if (placed.state == PlacementState::not_code) {
      ++tally.no_code;
      continue;
    }
    tally.times.push_back(took);
    tally.slowest.emplace_back(took, series->number);
    const bool is_placed = placed.state == PlacementState::placed;
    if (is_placed) {
      ++tally.placed;
      ++tally.reasons[std::string(to_string(placed.candidates[*placed.chosen].reasons.front()))];
    }
    const bool merged = merged_later(*repository, upstream, *series, patches);
    tally.merged += merged ? 1 : 0;
    tally.merged_placed += merged && is_placed ? 1 : 0;
    if ((merged && !is_placed) || only) {
      options.explain = true;
      const auto explained = value_of(placer.place(*series, patches, queries, options));
      tally.misses.push_back({class_of(explained, patches), describe(*series, explained)});
    }
  }
  print_tally(tally);
  write_report(tally);
  const double share = percent(tally.merged_placed, tally.merged);
  fmt::print("truth ratio {:.3f} (ours {:.2f} %, peer {:.0f} %)\n", share / k_wanted_share, share,
             k_wanted_share);
  return 0;
}
