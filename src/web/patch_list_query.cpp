#include "web/patch_list_query.hpp"

#include "util/text.hpp"
#include "web/query_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::web {
namespace {

constexpr std::size_t k_most_states = 50;
constexpr std::uint64_t k_most_rows = 250;
constexpr std::uint64_t k_last_page = 1'000'000'000;
constexpr std::array<std::string_view, 6> k_orders = {"date",      "name",     "state",
                                                      "submitter", "delegate", "id"};
constexpr std::string_view k_any = "*";

// Patchwork takes "*" as "any" wherever it takes a value.
std::string value_of(const http::Params& query, std::string_view name) {
  std::string value = bounded_value(query.get_or(name, ""));
  return value == k_any ? std::string() : value;
}

Result<std::uint64_t> number_of(const http::Params& query, std::string_view name,
                                std::uint64_t otherwise, std::uint64_t most) {
  const auto text = query.get(name);
  if (!text || text->empty()) {
    return otherwise;
  }
  const auto number = parse_uint(*text);
  if (!number || *number == 0 || *number > most) {
    return fail(ErrorKind::invalid, fmt::format("{} is a number from 1 to {}", name, most));
  }
  return *number;
}

}  // namespace

bool PatchListQuery::any_state() const {
  return (states.empty() && !series.empty()) ||
         std::find(states.begin(), states.end(), k_any) != states.end();
}

Archive PatchListQuery::archived() const {
  if (archive == "true") {
    return Archive::yes;
  }
  return archive == "both" || (archive.empty() && !series.empty()) ? Archive::both : Archive::no;
}

bool PatchListQuery::nobody() const {
  return iequals(delegate, "Nobody");
}

std::string PatchListQuery::query() const {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, http::percent_encode(value));
    }
  };
  add("project", project);
  add("series", series);
  for (const auto& state : states) {
    add("state", state);
  }
  add("submitter", submitter);
  add("delegate", delegate);
  add("q", text);
  add("archive", archive);
  add("order", order == PatchListQuery().order ? "" : order);
  add("per_page", per_page == PatchListQuery().per_page ? "" : std::to_string(per_page));
  return out;
}

PatchListQuery PatchListQuery::ordered_by(std::string_view field) const {
  PatchListQuery other = *this;
  other.page = 1;
  if (order == field) {
    other.order = fmt::format("-{}", field);
  } else if (order == fmt::format("-{}", field)) {
    other.order = field;
  } else {  // dates are most of use from their end
    other.order = fmt::format("{}{}", field == "date" || field == "id" ? "-" : "", field);
  }
  return other;
}

Result<PatchListQuery> patch_list_query(const http::Params& query) {
  PatchListQuery result;
  for (const auto state : query.all("state")) {
    if (std::string value = bounded_value(state); !value.empty()) {
      result.states.push_back(std::move(value));
    }
  }
  if (result.states.size() > k_most_states) {
    return fail(ErrorKind::invalid, fmt::format("state can be named {} times", k_most_states));
  }
  result.project = value_of(query, "project");
  result.series = value_of(query, "series");
  if (!result.series.empty() && !parse_uint(result.series)) {
    return fail(ErrorKind::invalid, "series is the number of a series, or *");
  }
  result.submitter = value_of(query, "submitter");
  result.delegate = value_of(query, "delegate");
  result.text = bounded_value(query.get_or("q", ""));
  result.archive = to_lower(bounded_value(query.get_or("archive", "")));
  if (result.archive == "false") {
    result.archive = result.series.empty() ? "" : "false";
  } else if (!result.archive.empty() && result.archive != "true" && result.archive != "both") {
    return fail(ErrorKind::invalid, "archive is true, both or false");
  }
  if (const std::string order = bounded_value(query.get_or("order", "")); !order.empty()) {
    const std::string_view field = std::string_view(order).substr(order.starts_with('-') ? 1 : 0);
    if (std::find(k_orders.begin(), k_orders.end(), field) == k_orders.end()) {
      return fail(
          ErrorKind::invalid,
          "order is date, name, state, submitter, delegate or id, with - in front the other "
          "way round");
    }
    result.order = order;
  }
  PM_TRY_ASSIGN(result.page, number_of(query, "page", 1, k_last_page));
  PM_TRY_ASSIGN(result.per_page, number_of(query, "per_page", result.per_page, k_most_rows));
  return result;
}

}  // namespace patchmill::web
