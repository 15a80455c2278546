#pragma once
// Series as JSON in Patchwork's names (REST API 1.2 to 1.4), with our own fields added.

#include "pipeline/node_store.hpp"
#include "tracker/queries.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace patchmill::cli {

// Patchwork's: name, version, total, received_total, received_all, date, submitter,
// cover_letter.msgid, patches[].msgid/.name. Ours: number, revision_of, superseded, verdict,
// reason, note, base_commit, change_id, dependencies, patches[].number/.carried_over.
boost::json::object series_json(const tracker::Series& series,
                                const std::optional<pipeline::NodeStore::SeriesVerdict>& verdict);

// The same with `nodes`, each with its findings, and with patches[].notes: what was mended in the
// mail (tracker::Queries::notes).
boost::json::object series_with_nodes_json(
    const tracker::Series& series, const std::optional<pipeline::NodeStore::SeriesVerdict>& verdict,
    const std::vector<pipeline::Node>& nodes, pipeline::NodeStore& store,
    tracker::Queries& queries);

// Sentences as they are.
boost::json::array notes_json(const std::vector<std::string>& notes);

}  // namespace patchmill::cli
