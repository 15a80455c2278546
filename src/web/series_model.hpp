#pragma once
// Everything about one series, for its page.

#include "pipeline/node_store.hpp"
#include "reports/mail_store.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"
#include "web/inbox_model.hpp"
#include "web/places_model.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::web {

// How a patch differs from the previous revision's.
enum class PatchChange { unchanged, changed, added };
std::string_view to_string(PatchChange change);

// A commit the series was tried on, as placement wrote it down.
struct CandidateRow {
  std::string tree, commit, described, explanation;
  std::vector<std::string> reasons;
  double score = 0;
  bool chosen = false, tried = false, applies = false;
  std::string conflict;  // the first hunk that does not fit, in a sentence
  std::string excerpt;   // of the file there
};
struct PlacementRow {
  std::string state, explanation;
  std::vector<CandidateRow> candidates;
  std::string tip_conflict;
};
// Reads what `patchmill explain --json` writes; nothing of it is trusted. Empty: not that.
std::optional<PlacementRow> parse_placement(std::string_view text);

struct MailRow {
  std::string subject, state, reason, verdict, msgid;
  std::vector<std::string> recipients;  // "address: accepted"
  Timestamp created{};
  std::optional<Timestamp> finished;
};

struct NodeRow {
  pipeline::Node node;
  std::size_t depth = 0;  // below the checkout
  std::vector<findings::Finding> findings;
  std::size_t more_findings = 0;
  std::string waits;     // of queued ones: why, for people
  bool has_log = false;  // of ended ones
};

struct SeriesModel {
  tracker::Series series;
  std::vector<InboxRow> revisions;       // oldest first, this one among them
  std::optional<std::int64_t> previous;  // the revision it is compared with
  std::map<int, PatchChange> changes;    // by number of the patch; empty: nothing to compare with
  std::vector<std::string> dropped;      // titles of the previous revision's that are gone
  std::vector<InboxRow> dependents;      // the newest 100
  bool more_dependents = false;
  std::optional<pipeline::NodeStore::SeriesVerdict> verdict;
  bool running = false;
  std::string base_commit, base_described;
  std::vector<NodeRow> nodes;    // of the newest attempt, children after their parent
  std::size_t more_nodes = 0;    // left out
  std::vector<NodeRow> earlier;  // of earlier attempts, without findings
  std::map<int, NodeCounts> by_patch;
  std::optional<PlacementRow> placement;
  std::vector<MailRow> mails;
  std::vector<std::string> decision;  // what was decided about mail, and why
  std::vector<RegistryPlace> places;  // in projects; filled where these have pages
  // Another series that has this one's number as its id in a project; with places.
  std::optional<std::int64_t> namesake;
};

// Bounded: at most 2000 nodes, 20 findings a node and 1000 in all. Empty: no such series.
std::optional<SeriesModel> read_series(store::Database& database, const store::BlobStore& blobs,
                                       const Clock& clock, std::int64_t number);

// Nodes below their parents, in the order of the plan.
std::vector<NodeRow> as_tree(std::vector<pipeline::Node> nodes);

}  // namespace patchmill::web
