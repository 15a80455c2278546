#include "reports/patchwork_checks.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

namespace patchmill::reports {
namespace {

using findings::Verdict;

constexpr std::size_t longest_slug = 255;         // of Patchwork's field
constexpr std::size_t longest_url = 200;          // of Patchwork's field
constexpr std::size_t longest_description = 200;  // its pages show it in a column

std::string described(std::string_view text) {
  return std::string(
      trim(ellipsize(escape_terminal(collapse_whitespace(mend_utf8(text))), longest_description)));
}

std::string filled(std::string text, std::string_view key, std::int64_t number) {
  if (const auto at = text.find(key); at != std::string::npos) {
    text.replace(at, key.size(), std::to_string(number));
  }
  return text.size() <= longest_url ? text : std::string();
}

std::string_view state_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "success";
    case Verdict::fail:
      return "fail";
    default:
      return "warning";
  }
}

std::string word_of(Verdict verdict, std::string_view summary) {
  const std::string_view prefix = verdict == Verdict::incomplete ? "could not be tested: "
                                  : verdict == Verdict::skip     ? "not tested: "
                                                                 : "";
  return fmt::format("{}{}", prefix, summary);
}

// The worst is the last.
std::ptrdiff_t weight(std::string_view state) {
  static constexpr std::array<std::string_view, 4> by_weight = {"success", "warning", "fail",
                                                                "pending"};
  return std::ranges::find(by_weight, state) - by_weight.begin();
}

}  // namespace

std::string context_slug(std::string_view name) {
  std::string slug;
  for (const char c : name.substr(0, longest_slug)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    slug += plain ? c : '-';
  }
  return slug;
}

std::vector<CheckLine> check_lines(const CheckInput& input) {
  std::vector<CheckLine> lines;
  const std::string page = filled(input.links.series, "{series}", input.series);
  const bool tried_again = input.under_way || (input.verdict && input.verdict->retry_at);
  for (const auto& node : input.nodes) {
    if (node.kind == pipeline::NodeKind::checkout || node.result == Verdict::skip) {
      continue;
    }
    CheckLine line{
        node.patch, context_slug(fmt::format("{}-{}", input.prefix, node.name)), {}, page, {}};
    if (!node.result || (node.result == Verdict::incomplete && tried_again)) {
      line.state = "pending";
      line.description = node.result ? described("waits to be tried again: " + node.summary)
                                     : std::string("waits or runs");
    } else {
      line.state = state_of(*node.result);
      line.description = described(word_of(*node.result, node.summary));
      if (node.kind != pipeline::NodeKind::check) {
        const auto log = filled(input.links.log, "{node}", node.id);
        line.target_url = log.empty() ? page : log;
      }
    }
    lines.push_back(std::move(line));
  }
  CheckLine whole{
      {}, context_slug(fmt::format("{}-{}", input.prefix, k_series_context)), {}, page, {}};
  if (input.under_way) {
    whole.state = "pending";
    whole.description = "waits or runs";
  } else if (input.verdict && input.verdict->verdict == Verdict::incomplete &&
             input.verdict->retry_at) {
    whole.state = "pending";
    whole.description = described("waits to be tried again: " + input.verdict->reason);
  } else if (input.verdict && input.verdict->verdict != Verdict::skip) {
    whole.state = state_of(input.verdict->verdict);
    whole.description = described(word_of(input.verdict->verdict, input.verdict->reason));
  }
  if (!whole.state.empty()) {
    lines.push_back(std::move(whole));
  }
  if (input.superseded) {
    std::erase_if(lines, [](const CheckLine& line) { return line.state == "pending"; });
  }
  return lines;
}

std::vector<CheckLine> of_revision(const std::vector<CheckLine>& lines) {
  std::vector<CheckLine> whole;
  for (const auto& line : lines) {
    auto found = std::ranges::find(whole, line.context, &CheckLine::context);
    if (found == whole.end()) {
      found = whole.insert(whole.end(), line);
    } else if (weight(line.state) > weight(found->state)) {
      *found = line;
    }
  }
  for (auto& line : whole) {
    if (line.patch && (line.state == "fail" || line.state == "warning")) {
      line.description = described(fmt::format("patch {}: {}", *line.patch, line.description));
    }
    line.patch.reset();
  }
  return whole;
}

void keep_worst(std::vector<patchwork::CheckWish>& wishes) {
  std::map<std::tuple<std::int64_t, int, std::string>, std::size_t> places;
  std::vector<patchwork::CheckWish> kept;
  for (auto& wish : wishes) {
    const auto [place, is_new] =
        places.try_emplace({wish.patch, wish.version, wish.context}, kept.size());
    if (is_new) {
      kept.push_back(std::move(wish));
    } else if (weight(wish.state) > weight(kept[place->second].state)) {
      kept[place->second] = std::move(wish);
    }
  }
  wishes = std::move(kept);
}

std::string wanted_state(const CheckInput& input, bool taken, const std::set<std::string>& states) {
  const auto ended = [&](Verdict verdict) {
    return !input.under_way && input.verdict && input.verdict->verdict == verdict;
  };
  const bool begun =
      input.under_way || ended(Verdict::pass) || ended(Verdict::warning) || ended(Verdict::fail);
  for (const auto& [state, is_so] :
       {std::pair("accepted", taken), std::pair("superseded", input.superseded),
        std::pair("changes-requested", ended(Verdict::fail)),
        std::pair("under-review", begun && !input.superseded)}) {
    if (is_so && states.contains(state)) {
      return state;
    }
  }
  return {};
}

void retire(patchwork::CheckWish& pending, bool superseded) {
  pending.state = "warning";
  pending.description =
      superseded ? "a newer revision came before this was done" : "this is not run any more";
}

}  // namespace patchmill::reports
