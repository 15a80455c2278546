#include "git/apply.hpp"

#include "git/am_merge.hpp"
#include "git/apply_step.hpp"
#include "git/conflict.hpp"
#include "git/raw_tree.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace patchmill::git {

namespace {

constexpr std::size_t kMaxGitOutput = 4096;

std::string without_crs(std::string_view diff) {
  std::string text;
  text.reserve(diff.size());
  for (std::size_t i = 0; i < diff.size(); ++i) {
    if (diff[i] != '\r' || i + 1 >= diff.size() || diff[i + 1] != '\n') {
      text.push_back(diff[i]);
    }
  }
  return text;
}

bool header_has_cr(std::string_view diff) {
  auto at = diff.starts_with("diff --git ") ? 0 : diff.find("\ndiff --git ");
  if (at == std::string_view::npos) {
    at = diff.starts_with("--- ") ? 0 : diff.find("\n--- ");
  }
  if (at == std::string_view::npos) {
    return false;
  }
  const auto end = diff.find('\n', at + 1);
  return end != std::string_view::npos && end > 0 && diff[end - 1] == '\r';
}

// How the diff may be meant. Carriage returns belong to the file when the headers have none (git
// am --keep-cr), and else to the mail's transport (git am); in doubt both are tried.
std::vector<std::string> readings(const std::string& diff) {
  if (diff.find("\r\n") == std::string::npos) {
    return {diff};
  }
  if (header_has_cr(diff)) {
    return {without_crs(diff)};
  }
  return {diff, without_crs(diff)};
}

// The state between two patches of a series.
class SeriesApplier {
 public:
  SeriesApplier(Repository& repository, const ApplyOptions& options, const CommitInfo& base)
      : m_repository(repository),
        m_options(options),
        m_base(base.id),
        m_tree(base.tree),
        m_commit(base.id),
        m_seconds(base.committer.seconds),
        m_offset_minutes(base.committer.offset_minutes) {}

  // Either the patch applied, or why not.
  Result<tl::expected<AppliedPatch, Conflict>> apply(const PatchInput& patch);

 private:
  struct Reading {
    std::string diff;
    PatchScan scan;
    EntryMap entries;
  };
  using Verdict = tl::expected<AppliedPatch, Conflict>;

  Result<std::optional<StepOutcome>> try_exact(Reading& reading);
  Result<std::optional<StepOutcome>> try_three_way(Reading& reading);
  Result<bool> reverses(const Reading& reading);
  Result<bool> blobs_known(const PatchScan& scan);
  Result<Verdict> accept(const PatchInput& patch, const Reading& reading, StepOutcome outcome,
                         ApplyMethod method);
  AppliedPatch unchanged(const Reading& reading) const;
  Result<bool> add_paths_git_sees(Reading& reading);
  const std::filesystem::path& scratch();

  Repository& m_repository;
  const ApplyOptions& m_options;
  ObjectId m_base, m_tree, m_commit;
  std::int64_t m_seconds;  // the committer's date of m_commit, and its zone
  int m_offset_minutes;
  std::string m_first_output;
  std::unique_ptr<TempDir> m_scratch;
};

const std::filesystem::path& SeriesApplier::scratch() {
  if (!m_scratch) {
    m_scratch = std::make_unique<TempDir>("patchmill-apply");
  }
  return m_scratch->path();
}

std::vector<std::string> paths_of(const PatchScan& scan) {
  std::set<std::string> paths;
  for (const ScanFile& file : scan.files) {
    if (!file.path().empty()) {
      paths.insert(file.path());
    }
  }
  return {paths.begin(), paths.end()};
}

Result<std::optional<StepOutcome>> SeriesApplier::try_exact(Reading& reading) {
  if (m_options.direct) {
    PM_TRY_ASSIGN(auto outcome, apply_directly(m_repository, reading.entries, reading.scan));
    if (outcome) {
      return outcome;
    }
  }
  for (int attempt = 0; attempt < 2; ++attempt) {
    PM_TRY_ASSIGN(StepOutcome outcome, git_apply(m_repository, scratch(), reading.entries,
                                                 reading.diff, ApplyMode::exact));
    if (outcome.applied) {
      return std::optional<StepOutcome>(std::move(outcome));
    }
    if (m_first_output.empty()) {
      m_first_output = std::move(outcome.output);
    }
    PM_TRY_ASSIGN(const bool more, add_paths_git_sees(reading));
    if (!more) {
      break;
    }
    m_first_output.clear();
  }
  return std::optional<StepOutcome>();
}

// A header that git reads in another way than the scan would leave a file out of the index. True
// when there was one.
Result<bool> SeriesApplier::add_paths_git_sees(Reading& reading) {
  if (reading.scan.plain || m_first_output.find("does not exist in index") == std::string::npos) {
    return false;
  }
  PM_TRY_ASSIGN(const Completed done, m_repository.git({"apply", "--numstat", "-z", "-"},
                                                       reading.diff, std::chrono::minutes(1)));
  const std::size_t known = reading.scan.candidate_paths.size();
  for (std::string_view field : split(done.out, '\0')) {
    // "ADDED\tREMOVED\tPATH", and only the new name of a rename.
    const auto tab = field.find('\t', field.find('\t') + 1);
    if (tab != std::string_view::npos) {
      reading.scan.candidate_paths.emplace(field.substr(tab + 1));
    }
  }
  if (reading.scan.candidate_paths.size() == known) {
    return false;
  }
  PM_TRY_ASSIGN(reading.entries,
                partial_entries(m_repository, m_tree, reading.scan.candidate_paths));
  return true;
}

// git am -3 needs the file each change was made from.
Result<bool> SeriesApplier::blobs_known(const PatchScan& scan) {
  for (const ScanFile& file : scan.files) {
    if (file.created || (file.old_blob.empty() && file.hunks.empty() && !file.binary)) {
      continue;
    }
    const auto blob = m_repository.find_blob(file.old_blob);
    if (!blob && blob.error().kind == ErrorKind::not_found) {
      return false;
    }
    PM_TRY(blob);
  }
  return true;
}

Result<std::optional<StepOutcome>> SeriesApplier::try_three_way(Reading& reading) {
  PM_TRY_ASSIGN(const bool possible, blobs_known(reading.scan));
  if (!possible) {
    return std::optional<StepOutcome>();
  }
  PM_TRY_ASSIGN(StepOutcome outcome, git_apply(m_repository, scratch(), reading.entries,
                                               reading.diff, ApplyMode::three_way));
  if (outcome.applied) {
    return std::optional<StepOutcome>(std::move(outcome));
  }
  if (!m_options.follow_renames) {
    return std::optional<StepOutcome>();
  }
  return merge_renamed(m_repository, scratch(), m_commit, reading.entries, reading.scan,
                       reading.diff);
}

Result<bool> SeriesApplier::reverses(const Reading& reading) {
  PM_TRY_ASSIGN(const StepOutcome outcome, git_apply(m_repository, scratch(), reading.entries,
                                                     reading.diff, ApplyMode::reverse_check));
  return outcome.applied;
}

AppliedPatch SeriesApplier::unchanged(const Reading& reading) const {
  return {m_options.commits ? m_commit : ObjectId(), m_tree, ApplyMethod::already_applied,
          paths_of(reading.scan)};
}

Result<SeriesApplier::Verdict> SeriesApplier::accept(const PatchInput& patch,
                                                     const Reading& reading, StepOutcome outcome,
                                                     ApplyMethod method) {
  if (auto conflict = refusal(reading.entries, outcome.changes)) {
    return Verdict(tl::unexpect, std::move(*conflict));
  }
  PM_TRY_ASSIGN(auto impossible, impossible_link(m_repository, outcome.changes));
  if (impossible) {
    return Verdict(tl::unexpect, std::move(*impossible));
  }
  if (method == ApplyMethod::three_way && outcome.changes.empty()) {
    return Verdict(unchanged(reading));
  }
  if (!outcome.changes.empty()) {
    PM_TRY_ASSIGN(m_tree, m_repository.update_tree(m_tree, outcome.changes));
  }
  if (m_options.commits) {
    // Whoever commits signs off (git am -s does): a committer of our own would be one whose
    // sign-off is missing, to scripts that look.
    const std::vector<ObjectId> parents{m_commit};
    Signature author = patch.author;
    if (patch.undated) {
      author.seconds = m_seconds;
      author.offset_minutes = m_offset_minutes;
    }
    PM_TRY_ASSIGN(m_commit,
                  m_repository.write_commit(m_tree, parents, author, author, patch.message));
    m_seconds = author.seconds;
    m_offset_minutes = author.offset_minutes;
  }
  return Verdict(AppliedPatch{m_options.commits ? m_commit : ObjectId(), m_tree, method,
                              paths_of(reading.scan)});
}

Result<tl::expected<AppliedPatch, Conflict>> SeriesApplier::apply(const PatchInput& patch) {
  m_first_output.clear();
  std::vector<Reading> tried;
  for (std::string& diff : readings(patch.diff)) {
    Reading reading{std::move(diff), {}, {}};
    reading.scan = scan_patch(reading.diff);
    PM_TRY_ASSIGN(reading.entries,
                  partial_entries(m_repository, m_tree, reading.scan.candidate_paths));
    if (auto conflict = refusal(reading.scan, reading.entries, reading.diff)) {
      return Verdict(tl::unexpect, std::move(*conflict));
    }
    PM_TRY_ASSIGN(auto outcome, try_exact(reading));
    if (outcome) {
      return accept(patch, reading, std::move(*outcome), ApplyMethod::exact);
    }
    tried.push_back(std::move(reading));
  }
  for (Reading& reading : tried) {
    if (m_options.three_way && !reading.scan.files.empty()) {
      PM_TRY_ASSIGN(auto outcome, try_three_way(reading));
      if (outcome) {
        return accept(patch, reading, std::move(*outcome), ApplyMethod::three_way);
      }
    }
  }
  for (const Reading& reading : tried) {
    if (!reading.scan.files.empty()) {
      PM_TRY_ASSIGN(const bool there, reverses(reading));
      if (there) {
        return Verdict(unchanged(reading));
      }
    }
  }
  const Reading& first = tried.front();
  const FailedPatch failed{m_base, m_tree, &first.scan, &first.entries, m_first_output};
  PM_TRY_ASSIGN(Conflict conflict, explain_conflict(m_repository, failed, m_options.explain));
  return Verdict(tl::unexpect, std::move(conflict));
}

}  // namespace

Result<ApplyOutcome> apply_series(Repository& repository, std::string_view base,
                                  std::span<const PatchInput> patches,
                                  const ApplyOptions& options) {
  PM_TRY_ASSIGN(const ObjectId base_id, repository.resolve(base));
  PM_TRY_ASSIGN(const CommitInfo commit, repository.commit(base_id));
  SeriesApplier applier(repository, options, commit);
  ApplyOutcome outcome;
  outcome.base = commit.id;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    PM_TRY_ASSIGN(auto verdict, applier.apply(patches[i]));
    if (!verdict) {
      outcome.conflict = std::move(verdict.error());
      outcome.conflict->patch = i;
      outcome.conflict->git_output =
          ellipsize(mend_utf8(outcome.conflict->git_output), kMaxGitOutput);
      break;
    }
    outcome.applied.push_back(std::move(*verdict));
  }
  return outcome;
}

}  // namespace patchmill::git
