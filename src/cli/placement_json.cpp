#include "cli/placement_json.hpp"

#include "util/text.hpp"

#include <boost/json.hpp>

#include <chrono>

namespace patchmill::cli {
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

std::optional<Timestamp> parse_date(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t length) -> std::optional<int> {
    if (at + length > text.size()) {
      return std::nullopt;
    }
    const auto value = parse_uint(text.substr(at, length));
    return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
  };
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
  }
  if ((text.size() != 10 && text.size() != 19) || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  if (!year || !month || !day) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return std::nullopt;
  }
  Timestamp time{std::chrono::sys_days(date)};
  if (text.size() == 19) {
    const auto hour = number(11, 2);
    const auto minute = number(14, 2);
    const auto second = number(17, 2);
    if (text[10] != 'T' || text[13] != ':' || text[16] != ':' || !hour || !minute || !second ||
        *hour > 23 || *minute > 59 || *second > 60) {
      return std::nullopt;
    }
    time +=
        std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  }
  return time;
}

}  // namespace patchmill::cli
