// Reading placement.json; see series_model.hpp.
#include "util/text.hpp"
#include "web/series_model.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

namespace json = boost::json;

constexpr std::size_t k_most_candidates = 100;
constexpr std::size_t k_most_reasons = 20;
constexpr std::size_t k_longest_reason = 4096;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string()
             ? ellipsize(std::string_view(value->as_string()), k_longest_reason)
             : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) {
    return 0;
  }
  return value->is_int64() ? value->as_int64() : 0;
}

bool flag_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::string conflict_of(const json::object& parent, std::string_view key, std::string* excerpt) {
  const json::value* value = parent.if_contains(key);
  if (value == nullptr || !value->is_object()) {
    return {};
  }
  const json::object& conflict = value->as_object();
  std::string text = fmt::format("patch {}", number_of(conflict, "patch"));
  if (const std::string file = text_of(conflict, "file"); !file.empty()) {
    text += ", " + file;
  }
  if (const auto hunk = number_of(conflict, "hunk"); hunk > 0) {
    text += fmt::format(", hunk {}", hunk);
  }
  const std::string reason = text_of(conflict, "reason");
  text += ": " + reason;
  const std::string commit = text_of(conflict, "upstream_commit").substr(0, 12);
  if (!commit.empty() && reason.find(commit) == std::string::npos) {
    text += fmt::format("; in conflict with {} {}", commit, text_of(conflict, "upstream_subject"));
  }
  if (excerpt != nullptr) {
    *excerpt = text_of(conflict, "excerpt");
  }
  return text;
}

}  // namespace

std::optional<PlacementRow> parse_placement(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  const json::value value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) {
    return std::nullopt;
  }
  const json::object& root = value.as_object();
  PlacementRow row;
  row.state = text_of(root, "state");
  row.explanation = text_of(root, "explanation");
  row.tip_conflict = conflict_of(root, "tip_conflict", nullptr);
  const json::value* chosen = root.if_contains("chosen");
  const std::int64_t index = chosen != nullptr && chosen->is_int64() ? chosen->as_int64() : -1;
  const json::value* candidates = root.if_contains("candidates");
  if (candidates == nullptr || !candidates->is_array()) {
    return row;
  }
  for (const json::value& entry : candidates->as_array()) {
    if (!entry.is_object() || row.candidates.size() == k_most_candidates) {
      continue;
    }
    const json::object& object = entry.as_object();
    CandidateRow one;
    one.tree = text_of(object, "tree");
    one.commit = text_of(object, "commit");
    one.described = text_of(object, "described");
    one.explanation = text_of(object, "explanation");
    if (const json::value* score = object.if_contains("score");
        score != nullptr && score->is_number()) {
      one.score = score->to_number<double>();
    }
    one.tried = flag_of(object, "tried");
    one.applies = flag_of(object, "applies");
    one.conflict = conflict_of(object, "conflict", &one.excerpt);
    if (const json::value* reasons = object.if_contains("reasons");
        reasons != nullptr && reasons->is_array()) {
      for (const json::value& reason : reasons->as_array()) {
        if (reason.is_string() && one.reasons.size() < k_most_reasons) {
          one.reasons.emplace_back(ellipsize(std::string_view(reason.as_string()), 200));
        }
      }
    }
    one.chosen = index == static_cast<std::int64_t>(row.candidates.size());
    row.candidates.push_back(std::move(one));
  }
  return row;
}

}  // namespace patchmill::web
