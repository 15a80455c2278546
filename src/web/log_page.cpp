#include "web/log_page.hpp"

#include "util/text.hpp"
#include "web/log_html.hpp"
#include "web/series_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::web {
namespace {

constexpr std::uint64_t k_before_target = 50;  // lines shown above the one looked at
constexpr std::size_t k_most_matches = 200;

Result<std::uint64_t> number(std::string_view name, std::string_view text) {
  const auto value = parse_uint(text);
  if (!value || *value == 0 || *value > INT64_MAX) {
    return fail(ErrorKind::invalid, fmt::format("{} is the number of a line, not '{}'", name,
                                                ellipsize(mend_utf8(text), 50)));
  }
  return *value;
}

std::string link_to(std::int64_t node, std::uint64_t line) {
  return line == 0 ? std::string() : fmt::format("/nodes/{}/log?line={}#L{}", node, line, line);
}

std::string from_link(std::int64_t node, std::uint64_t from) {
  return from == 0 ? std::string() : fmt::format("/nodes/{}/log?from={}", node, from);
}

}  // namespace

Result<LogRequest> log_request(const http::Params& query) {
  LogRequest request;
  const auto line = query.get_or("line", "");
  if (line == "error") {
    request.error = true;
  } else if (line == "end") {
    request.line = INT64_MAX;
  } else if (!line.empty()) {
    PM_TRY_ASSIGN(request.line, number("line", line));
  }
  if (const auto from = query.get_or("from", ""); !from.empty()) {
    PM_TRY_ASSIGN(request.from, number("from", from));
  }
  request.search = std::string(query.get_or("q", "").substr(0, 200));
  return request;
}

Result<LogView> read_log(const LogPlace& place, const LogFile& file, const LogIndex& index,
                         const LogRequest& request) {
  LogView view;
  view.place = place;
  view.request = request;
  view.size = index.size();
  view.lines = index.lines();
  const auto& errors = index.errors();
  view.first_error = errors.empty() ? 0 : errors.front();
  // A live log is shown up to its last whole line: the rest comes with what follows.
  const std::uint64_t shown = place.live ? index.ended_lines() : index.lines();
  view.target = std::min(request.error ? view.first_error : request.line, shown);
  if (!request.search.empty()) {
    PM_TRY_ASSIGN(view.matches, search_log(file, index, request.search, 1, k_most_matches));
  }
  const std::uint64_t last_window =
      shown > LogRequest::k_lines ? shown - LogRequest::k_lines + 1 : 1;
  std::uint64_t first = request.from;
  if (first == 0 && view.target != 0) {
    first = view.target > k_before_target ? view.target - k_before_target : 1;
    if (request.line == INT64_MAX) {
      first = last_window;
    }
  } else if (first == 0) {
    first = place.live ? last_window : 1;
  }
  PM_TRY_ASSIGN(view.window, read_window(file, index, first, LogRequest::k_lines));
  if (place.live && !view.window.lines.empty() && view.window.lines.back().number > shown) {
    view.window.lines.pop_back();
    view.window.end = index.line_start();
  }
  // Long lines may have ended the window before the one looked at.
  if (view.target != 0 && request.from == 0 && !view.window.lines.empty() &&
      view.window.lines.back().number < view.target) {
    PM_TRY_ASSIGN(view.window, read_window(file, index, view.target, LogRequest::k_lines));
  }
  const std::uint64_t last = view.window.lines.empty() ? 0 : view.window.lines.back().number;
  const auto next =
      std::upper_bound(errors.begin(), errors.end(), view.target != 0 ? view.target : last);
  view.next_error = next == errors.end() ? 0 : *next;
  const auto before =
      std::lower_bound(errors.begin(), errors.end(),
                       view.target != 0            ? view.target
                       : view.window.lines.empty() ? 0
                                                   : view.window.lines.front().number);
  view.previous_error = before == errors.begin() ? 0 : *(before - 1);
  view.at_end = last >= shown;
  view.tail = {index.line_start(), index.ended_lines()};
  return view;
}

Page log_page(const SiteWords& words, const LogView& view) {
  const pipeline::Node& node = view.place.node;
  View out = page_view(words);
  out.set("id", node.id).set("series", node.series);
  out.set("series_name", view.series_name.empty() ? "(no title)" : view.series_name);
  out.set("name", node.patch ? fmt::format("{} (patch {})", node.name, *node.patch) : node.name);
  const bool running =
      node.state == pipeline::NodeState::running || node.state == pipeline::NodeState::closing;
  set_badge(out, badge_of(node.result, running, true));
  out.set("summary", node.summary);
  out.set("live", view.place.live);
  out.set("lines", count_of(view.lines, "line", "lines")).set("size", format_size(view.size));
  out.set("q", view.request.search);
  out.set("searched", !view.request.search.empty());
  View::List matches;
  for (const LogLine& line : view.matches.lines) {
    matches.push_back(View()
                          .set("n", line.number)
                          .set("address", link_to(node.id, line.number))
                          .set("text", ellipsize(AnsiRenderer::plain(line.text), 300)));
  }
  out.set("more_matches", view.matches.more);
  out.set_list("matches", std::move(matches));
  const std::uint64_t first = view.window.lines.empty() ? 0 : view.window.lines.front().number;
  const std::uint64_t last = view.window.lines.empty() ? 0 : view.window.lines.back().number;
  out.set("empty", view.window.lines.empty());
  out.set("first", first).set("last", last);
  out.set("first_error", link_to(node.id, view.first_error));
  out.set("next_error", link_to(node.id, view.next_error));
  out.set("previous_error", link_to(node.id, view.previous_error));
  out.set("has_errors", view.first_error != 0);
  out.set("beginning", first > 1 ? from_link(node.id, 1) : "");
  out.set("before",
          first > 1
              ? from_link(node.id, first > LogRequest::k_lines ? first - LogRequest::k_lines : 1)
              : "");
  out.set("after", view.at_end ? "" : from_link(node.id, last + 1));
  out.set("end", view.at_end ? "" : fmt::format("/nodes/{}/log?line=end", node.id));
  out.set("target", view.target == 0 ? "" : std::to_string(view.target));
  const bool follows = view.place.live && view.at_end;
  out.set("follow", follows ? fmt::format("/nodes/{}/log/live?from={}", node.id,
                                          http::percent_encode(view.tail.text()))
                            : std::string());
  AnsiRenderer renderer;
  out.set_html("lines_html", log_lines_html(view.window.lines, renderer, !follows));
  Page page;
  page.heading = fmt::format("Log of {}", node.name);
  page.section = Section::series;
  page.wide = true;
  page.body = render_template("log", out);
  page.json =
      fmt::format("/nodes/{}/log?from={}&format=json", node.id, std::max<std::uint64_t>(first, 1));
  page.reload = follows ? 10 : 0;
  return page;
}

boost::json::object log_json(const SiteWords& words, const LogView& view) {
  namespace json = boost::json;
  json::object out;
  out["node"] = node_json(words, view.place.node);
  out["live"] = view.place.live;
  out["size"] = view.size;
  out["lines_total"] = view.lines;
  const auto or_null = [](std::uint64_t value) {
    return value == 0 ? json::value(nullptr) : json::value(value);
  };
  out["first_error"] = or_null(view.first_error);
  const auto list = [](const std::vector<LogLine>& lines) {
    json::array all;
    for (const LogLine& line : lines) {
      all.push_back({{"number", line.number},
                     {"text", mend_utf8(AnsiRenderer::plain(line.text))},
                     {"length", line.length}});
    }
    return all;
  };
  out["lines"] = list(view.window.lines);
  const std::uint64_t last = view.window.lines.empty() ? 0 : view.window.lines.back().number;
  out["next"] = view.at_end
                    ? json::value(nullptr)
                    : json::value(fmt::format("{}{}/nodes/{}/log?from={}&format=json", words.origin,
                                              words.base, view.place.node.id, last + 1));
  if (!view.request.search.empty()) {
    out["matches"] = list(view.matches.lines);
    out["more_matches"] = view.matches.more;
  }
  return out;
}

}  // namespace patchmill::web
