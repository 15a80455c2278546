#include "service/range_diff.hpp"

#include "pipeline/node_store.hpp"
#include "pipeline/work_store.hpp"
#include "placement/placement.hpp"
#include "service/mail_range_diff.hpp"
#include "store/blob_store.hpp"
#include "util/subprocess.hpp"

#include <fmt/format.h>

namespace patchmill::service {
namespace {

constexpr std::chrono::seconds k_timeout{20};
constexpr std::size_t k_most_text = std::size_t{4} << 20;

struct Applied {
  std::string tree, base, tip;
};

Result<Applied> applied(store::Database& database, const Clock& clock, std::int64_t series) {
  pipeline::NodeStore nodes(database, clock);
  pipeline::WorkStore work(database);
  Applied result;
  for (const auto& node : nodes.of_series(series)) {
    if (node.kind != pipeline::NodeKind::checkout || node.commit.empty()) {
      continue;
    }
    const auto run = work.run(series, node.attempt);
    if (run && !run->base_commit.empty()) {
      result = {node.tree, run->base_commit, node.commit};
    }
  }
  if (result.tip.empty()) {
    return fail(ErrorKind::not_found, fmt::format("series {} was not applied anywhere", series));
  }
  return result;
}

Result<std::string> commit_range_diff(store::Database& database, const app::Config& config,
                                      const Clock& clock, std::int64_t older, std::int64_t newer) {
  PM_TRY_ASSIGN(const Applied before, applied(database, clock, older));
  PM_TRY_ASSIGN(const Applied after, applied(database, clock, newer));
  if (before.tree != after.tree) {
    return fail(ErrorKind::invalid, fmt::format("series {} is on {}, series {} on {}", older,
                                                before.tree, newer, after.tree));
  }
  placement::Placer placer(database, config.data, config.trees, clock);
  PM_TRY_ASSIGN(const git::Repository* repository, placer.repository(before.tree));
  Command command;
  command.argv = {"git",
                  "--git-dir=" + repository->git_dir().string(),
                  "range-diff",
                  "--no-color",
                  "--no-ext-diff",
                  "--no-textconv",
                  before.base + ".." + before.tip,
                  after.base + ".." + after.tip};
  command.env = {{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"}};
  command.timeout = k_timeout;
  command.max_output = k_most_text;
  SystemProcessRunner processes;
  PM_TRY_ASSIGN(const Completed done, processes.run(command));
  if (done.timed_out) {
    return fail(ErrorKind::limit, "comparing the two takes too long");
  }
  if (!done.ok()) {
    return fail(ErrorKind::infrastructure, fmt::format("git range-diff: {}", done.err));
  }
  return done.out;
}

}  // namespace

Result<web::RangeDiff> range_diff(store::Database& database, const app::Config& config,
                                  const Clock& clock, std::int64_t older, std::int64_t newer) {
  auto commits = commit_range_diff(database, config, clock, older, newer);
  if (commits) {
    return web::RangeDiff{*std::move(commits), false};
  }
  if (commits.error().kind == ErrorKind::limit) {  // the mails would take as long
    return tl::unexpected(std::move(commits).error());
  }
  const store::BlobStore blobs(config.data / "blobs");
  tracker::Queries queries(database, blobs);
  PM_TRY_ASSIGN(std::string mails, mail_range_diff(queries, older, newer));
  return web::RangeDiff{std::move(mails), true};
}

}  // namespace patchmill::service
