#include "app/placement_json.hpp"

#include "util/text.hpp"

#include <boost/json.hpp>

namespace patchmill::app {
namespace {

namespace json = boost::json;

std::string_view state_word(placement::PlacementState state) {
  switch (state) {
    case placement::PlacementState::placed:
      return "placed";
    case placement::PlacementState::already_applied:
      return "already-applied";
    case placement::PlacementState::conflict:
      return "conflict";
    case placement::PlacementState::no_candidate:
      return "no-candidate";
    case placement::PlacementState::waiting:
      return "waiting";
    case placement::PlacementState::not_code:
      return "not-code";
  }
  return "?";
}

json::value conflict_json(const git::Conflict& conflict) {
  return {{"patch", conflict.patch + 1},
          {"file", conflict.file},
          {"hunk", conflict.hunk},
          {"line", conflict.line},
          {"reason", conflict.reason},
          {"excerpt", mend_utf8(conflict.excerpt)},
          {"upstream_commit",
           conflict.upstream_commit ? json::value(*conflict.upstream_commit) : json::value()},
          {"upstream_subject", mend_utf8(conflict.upstream_subject)}};
}

}  // namespace

json::object placement_json(const placement::Placement& placement) {
  json::object out;
  out["state"] = state_word(placement.state);
  out["explanation"] = placement.explanation;
  out["chosen"] = placement.chosen ? json::value(*placement.chosen) : json::value();
  out["waiting_for"] = placement.waiting_for ? json::value(*placement.waiting_for) : json::value();
  json::array upstream;
  for (const auto& commit : placement.upstream) {
    upstream.emplace_back(commit);
  }
  out["upstream"] = std::move(upstream);
  out["tip_conflict"] =
      placement.tip_conflict ? conflict_json(*placement.tip_conflict) : json::value();
  json::array candidates;
  for (const auto& candidate : placement.candidates) {
    json::array reasons;
    for (const auto reason : candidate.reasons) {
      reasons.emplace_back(placement::to_string(reason));
    }
    json::object one{{"tree", candidate.tree},
                     {"commit", candidate.commit},
                     {"described", mend_utf8(candidate.described)},
                     {"reasons", std::move(reasons)},
                     {"score", candidate.score},
                     {"explanation", candidate.explanation},
                     {"tried", candidate.tried}};
    if (candidate.outcome) {
      one["applies"] = candidate.outcome->ok();
      one["conflict"] =
          candidate.outcome->conflict ? conflict_json(*candidate.outcome->conflict) : json::value();
    }
    candidates.push_back(std::move(one));
  }
  out["candidates"] = std::move(candidates);
  return out;
}

}  // namespace patchmill::app
