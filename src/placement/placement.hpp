#pragma once
// Where a series belongs: which tree, which base commit, and why.

#include "git/apply.hpp"
#include "git/repository.hpp"
#include "store/database.hpp"
#include "tracker/model.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::placement {

// One git branch patches are tested against, and what points to it.
struct TreeSpec {
  std::string name;
  std::string url;
  std::string branch;                     // empty: the remote's HEAD
  std::vector<std::string> lists;         // List-Ids whose series belong here
  std::vector<std::string> subject_tags;  // "[PATCH net-next]"
  std::vector<std::string> paths;         // globs of files it is about
};

enum class Reason {
  base_commit,  // the mail says so
  dependency,   // on top of another series
  subject_tag,
  list,
  maintainers,
  paths,      // why the tree
  blobs,      // the commit whose files the patch was made from
  last_good,  // the newest commit known to build
  tip,        // the branch as of now (or as of the date asked for)
};
std::string_view to_string(Reason reason);

struct Candidate {
  std::string tree;
  git::ObjectId commit;  // with dependencies: the tip of those, applied
  // With dependencies, once those are applied: the tree's own commit below them, and their mails
  // in order. Else empty.
  git::ObjectId tree_commit;
  std::vector<tracker::PatchRef> below;
  std::string described;  // "mainline v6.1-rc3-12-gabc…" or subject and date
  std::vector<Reason> reasons;
  double score = 0;         // candidates are tried from the highest
  std::string explanation;  // one sentence for people
  bool tried = false;
  std::optional<git::ApplyOutcome> outcome;
};

enum class PlacementState { placed, already_applied, conflict, no_candidate, waiting, not_code };
std::string_view to_string(PlacementState state);

struct Placement {
  PlacementState state = PlacementState::no_candidate;
  // placed: the candidate it applies on; conflict: the one on which most of its patches did.
  std::optional<std::size_t> chosen;        // index into candidates
  std::vector<Candidate> candidates;        // ranked
  std::string explanation;                  // why this one, or why none
  std::vector<git::ObjectId> upstream;      // already_applied: the commits
  std::optional<std::int64_t> waiting_for;  // the series a dependency is not there from yet
  // placed, but on an older commit: what is in its way on the newest one of the branch.
  std::optional<git::Conflict> tip_conflict;
};

// What is applied: the diffs of a series with their texts, in order.
struct SeriesPatches {
  std::vector<git::PatchInput> inputs;
  std::vector<std::vector<std::string>> paths;  // touched, per patch
};
Result<SeriesPatches> load_patches(tracker::Queries& queries, const tracker::Series& series);
// For people: which mails have no usable date, and which one their commits have (git/apply.hpp)
// instead. Empty: all have one.
std::string note_of_dates(const SeriesPatches& patches);
// By rows of mails; kept between calls, so that mails are not read again.
using PathsOfMails = std::unordered_map<std::int64_t, std::vector<std::string>>;

struct PlaceOptions {
  std::optional<Timestamp> as_of;  // only commits that existed then (plan --as-of)
  std::string only_tree;           // consider this tree alone
  std::string only_commit;         // apply here, whatever the mail says
  bool explain = true;             // conflicts in full
};

// Owns the mirrors of all trees (under data_dir/trees) and the blob index over their histories.
// Used by one thread at a time; several processes may share a data directory.
class Placer {
 public:
  Placer(store::Database& database, const std::filesystem::path& data_dir,
         std::vector<TreeSpec> trees, const Clock& clock);
  ~Placer();

  // Fetches mirrors (data_dir/trees/NAME; what is applied goes to NAME.work.git) and brings the
  // blob index up to date; one tree's failure is reported in the result of that tree alone and
  // leaves what was there in use. Messages begin with "tree NAME: ".
  std::vector<std::pair<std::string, Result<void>>> refresh();
  // The same for one tree. Other threads and processes may use the tree meanwhile.
  Result<void> refresh(std::string_view tree);
  // The newest commit of a tree as it was fetched last; error infrastructure before that.
  Result<git::ObjectId> tip(std::string_view tree);

  // Notes which open patches the tree has taken (taken.hpp); how many that are.
  Result<std::size_t> look_for_taken(std::string_view tree, tracker::Queries& queries,
                                     PathsOfMails& paths);

  Result<Placement> place(const tracker::Series& series, const SeriesPatches& patches,
                          tracker::Queries& queries, const PlaceOptions& options = {});
  // For each patch the commit of the tree's branch that carries it, as place() recognises what is
  // in a tree already: not older than 60 days before the series (empty: there is none). Errors:
  // infrastructure.
  Result<std::vector<std::optional<git::ObjectId>>> commits_of(std::string_view tree,
                                                               const tracker::Series& series,
                                                               const SeriesPatches& patches);
  // Notes which files the series makes, so that a series on top of it is recognised without being
  // told. place() does so itself; call it for series that are not placed (incomplete ones).
  void remember(const tracker::Series& series, const SeriesPatches& patches);
  // The repository that holds a tree's objects and every commit applied so far.
  Result<git::Repository*> repository(std::string_view tree);
  // Remembers that this commit of the tree built.
  void record_good(std::string_view tree, const git::ObjectId& commit);
  // Keeps what applying the series made (refs/patchmill/series/N) from git's garbage collection.
  Result<void> keep(std::string_view tree, std::int64_t series, const git::ObjectId& tip);

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace patchmill::placement
