#include "web/patch_list_page.hpp"

#include "registry/msgid_segment.hpp"
#include "util/text.hpp"
#include "web/project_feed.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::web {
namespace {

namespace json = boost::json;
using registry::CheckState;

std::string list_path(const PatchList& list) {
  return list.todo
             ? fmt::format("/user/{}/todo/", http::percent_encode(list.todo->username))
             : fmt::format("/project/{}/list/", http::percent_encode(list.project->link_name));
}

std::string list_address(const PatchList& list, const PatchListQuery& query,
                         std::string_view more = {}) {
  std::string text = query.query();
  for (const auto& part :
       {query.page > 1 ? fmt::format("page={}", query.page) : std::string(), std::string(more)}) {
    text += (text.empty() || part.empty() ? "" : "&") + part;
  }
  return list_path(list) + (text.empty() ? "" : "?" + text);
}

std::optional<PatchListQuery> neighbour(const PatchList& list, bool next) {
  PatchListQuery other = list.query;
  const std::uint64_t pages = (list.total + other.per_page - 1) / other.per_page;
  if (next ? other.page >= pages : other.page <= 1) {
    return std::nullopt;
  }
  other.page = next ? other.page + 1 : std::max<std::uint64_t>(1, std::min(other.page - 1, pages));
  return other;
}

std::string todo_heading(const PatchList& list) {
  return "To do: " + user_name(*list.todo) + (list.project ? " in " + list.project->name : "");
}

// "?project=netdev".
std::string project_query(const std::optional<registry::Project>& project) {
  return project ? "?project=" + http::percent_encode(project->link_name) : "";
}

View option(std::string_view value, std::string_view name, bool chosen) {
  return View().set("value", value).set("option", name).set("chosen", chosen);
}

void set_form(View& view, const PatchList& list) {
  const PatchListQuery& query = list.query;
  view.set("series", query.series).set("submitter", query.submitter).set("q", query.text);
  view.set("order", query.order == PatchListQuery().order ? "" : query.order);
  const auto named = [&](const registry::State& state) {
    return std::any_of(query.states.begin(), query.states.end(), [&](const std::string& value) {
      return iequals(value, state.slug) || iequals(value, state.name) ||
             value == std::to_string(state.id);
    });
  };
  View::List states;
  states.push_back(option("", query.series.empty() ? "needs action" : "any", query.states.empty()));
  states.push_back(option("*", "any", !query.states.empty() && query.any_state()));
  if (!query.series.empty()) {
    states.pop_back();
  }
  for (const auto& state : list.states) {
    states.push_back(option(state.slug, state.name, named(state)));
  }
  view.set_list("states", std::move(states));
  View::List archives;
  if (query.series.empty()) {
    archives.push_back(option("", "no", query.archived() == Archive::no));
  } else {
    archives.push_back(option("false", "no", query.archived() == Archive::no));
  }
  archives.push_back(option("true", "yes", query.archived() == Archive::yes));
  archives.push_back(
      option(query.series.empty() ? "both" : "", "both", query.archived() == Archive::both));
  view.set_list("archives", std::move(archives));
  View::List delegates;
  bool found = query.delegate.empty() || query.nobody();
  delegates.push_back(option("", "any", query.delegate.empty()));
  delegates.push_back(option("Nobody", "nobody", query.nobody()));
  for (const auto& user : list.delegates) {
    const bool chosen =
        iequals(user.username, query.delegate) || query.delegate == std::to_string(user.id);
    found = found || chosen;
    delegates.push_back(option(user.username, user_name(user), chosen));
  }
  if (!found) {
    delegates.push_back(option(query.delegate, query.delegate, true));
  }
  view.set_list("delegates", std::move(delegates));
}

View row_view(const PatchRow& row, const PatchList& list) {
  const registry::Patch& patch = row.patch;
  View view;
  view.set("address", submission_path(row.project, "patch", patch.self.msgid));
  view.set("name", patch.self.name.empty() ? "(no title)" : patch.self.name);
  view.set("project", list.project ? "" : row.project);
  view.set("series_name", !patch.series || list.series
                              ? ""
                              : ellipsize(patch.series->name.value_or("(no title)"), 120));
  view.set("series_address", patch.series
                                 ? fmt::format("/project/{}/list/?series={}",
                                               http::percent_encode(row.project), patch.series->id)
                                 : "");
  view.set("author", person_name(patch.submitter));
  view.set("author_address", fmt::format("/project/{}/list/?submitter={}&state=*&archive=both",
                                         http::percent_encode(row.project), patch.submitter.id));
  view.set("delegate", patch.delegate ? user_name(*patch.delegate) : "");
  const auto state =
      std::find_if(list.states.begin(), list.states.end(),
                   [&](const registry::State& known) { return known.slug == patch.state; });
  view.set("state", state == list.states.end() ? patch.state : state->name);
  view.set("archived", patch.archived);
  view.set("tags", row.tags == registry::TagCounts{} ? "" : tag_counts(row.tags));
  view.set_list("counts", check_counts(row.checks));
  view.set("day", format_day(patch.self.date)).set_time("date", patch.self.date);
  return view;
}

void set_orders(View& view, const PatchList& list) {
  for (const auto* field : {"name", "date", "submitter", "delegate", "state"}) {
    const std::string key(field);
    const bool rising = list.query.order == key;
    view.set("by_" + key, list_address(list, list.query.ordered_by(key)));
    view.set(key + "_sort", rising                          ? "ascending"
                            : list.query.order == "-" + key ? "descending"
                                                            : "");
  }
}

}  // namespace

std::string submission_path(std::string_view project, std::string_view what,
                            std::string_view msgid) {
  return fmt::format("/project/{}/{}/{}/", http::percent_encode(project), what,
                     http::percent_encode(registry::segment_of_msgid(msgid)));
}

std::string user_name(const registry::User& user) {
  const std::string full(trim(user.first_name + " " + user.last_name));
  return full.empty() ? user.username : full;
}

std::string person_name(const registry::Person& person) {
  return person.name.empty() ? person.email : person.name;
}

std::string_view to_string(CheckState state) {
  constexpr std::array<std::string_view, 4> words = {"pending", "success", "warning", "fail"};
  const auto at = static_cast<std::size_t>(state);
  return at < words.size() ? words.at(at) : "pending";
}

Badge badge_of(CheckState state) {
  switch (state) {
    case CheckState::success:
      return {"pass", "✓", "success"};
    case CheckState::warning:
      return {"warning", "!", "warning"};
    case CheckState::fail:
      return {"fail", "✗", "fail"};
    case CheckState::pending:
      break;
  }
  return {"waiting", "○", "pending"};
}

View::List check_counts(const CheckCounts& counts) {
  View::List list;
  const auto add = [&](int n, CheckState state) {
    if (n > 0) {
      View one;
      set_badge(one, badge_of(state));
      list.push_back(std::move(one.set("n", n)));
    }
  };
  add(counts.success, CheckState::success);
  add(counts.warning, CheckState::warning);
  add(counts.fail, CheckState::fail);
  add(counts.pending, CheckState::pending);
  return list;
}

std::string tag_counts(const registry::TagCounts& tags) {
  std::string text;
  for (const int n : tags) {
    text += (text.empty() ? "" : "/") + (n > 0 ? std::to_string(n) : "-");
  }
  return text;
}

Page patch_list_page(const SiteWords& words, const PatchList& list) {
  View view = page_view(words);
  Page page;
  page.heading = list.todo     ? todo_heading(list)
                 : list.series ? list.series->self.name.value_or("(no title)")
                               : "Patches: " + list.project->name;
  page.section = Section::patches;
  view.set("heading", page.heading).set("action", list_path(list));
  view.set("is_todo", list.todo.has_value());
  view.set("todo_project", list.query.project);
  view.set("list_path", list.project ? http::percent_encode(list.project->link_name) : "");
  view.set("project_name", list.project ? list.project->name : "");
  view.set("list_id", list.project ? http::percent_encode(list.project->list_id) : "");
  if (list.series) {
    view.set("version", fmt::format("v{}", list.series->self.version));
    view.set("series_number", list.series->number).set("series_id", list.series->self.id);
    view.set("cover_address", list.series->cover ? submission_path(list.project->link_name, "cover",
                                                                   list.series->cover->msgid)
                                                 : "");
  }
  set_form(view, list);
  set_orders(view, list);
  View::List rows;
  for (const PatchRow& row : list.rows) {
    rows.push_back(row_view(row, list));
  }
  const std::uint64_t first = (list.query.page - 1) * list.query.per_page;
  view.set("range", rows.empty() ? ""
                                 : fmt::format("{} to {} of {}", first + 1, first + rows.size(),
                                               list.total));
  view.set("total", list.total);
  view.set_list("rows", std::move(rows));
  view.set("narrowed", !list.query.query().empty());
  view.set("beyond", list.rows.empty() && list.total > 0);
  const auto before = neighbour(list, false);
  const auto after = neighbour(list, true);
  view.set("before", before ? list_address(list, *before) : "");
  view.set("after", after ? list_address(list, *after) : "");
  page.body = render_template("patches", view);
  page.json = list_address(list, list.query, "format=json");
  page.feed = list.project && !list.todo ? project_feed_path(*list.project) : "";
  return page;
}

json::object patch_row_json(const SiteWords& words, const PatchRow& row) {
  const registry::Patch& patch = row.patch;
  return {
      {"id", patch.self.id},
      {"web_url",
       words.origin + words.base + submission_path(row.project, "patch", patch.self.msgid)},
      {"project", row.project},
      {"msgid", "<" + patch.self.msgid + ">"},
      {"date", to_iso(patch.self.date)},
      {"name", patch.self.name},
      {"state", patch.state},
      {"archived", patch.archived},
      {"submitter",
       {{"id", patch.submitter.id},
        {"name", patch.submitter.name},
        {"email", patch.submitter.email}}},
      {"delegate", patch.delegate ? json::value(patch.delegate->username) : json::value(nullptr)},
      {"series", patch.series ? json::value(patch.series->id) : json::value(nullptr)},
      {"check", to_string(patch.check)},
      {"checks",
       {{"success", row.checks.success},
        {"warning", row.checks.warning},
        {"fail", row.checks.fail},
        {"pending", row.checks.pending}}},
      {"tags", {{"acked", row.tags[0]}, {"reviewed", row.tags[1]}, {"tested", row.tags[2]}}}};
}

json::object patch_list_json(const SiteWords& words, const PatchList& list) {
  json::array rows;
  for (const PatchRow& row : list.rows) {
    rows.push_back(patch_row_json(words, row));
  }
  const auto next = neighbour(list, true);
  return {{"patches", std::move(rows)},
          {"total", list.total},
          {"next",
           next ? json::value(words.origin + words.base + list_address(list, *next, "format=json"))
                : json::value(nullptr)}};
}

Page todo_page(const SiteWords& words, const std::vector<TodoRow>& rows,
               const std::optional<registry::Project>& project) {
  View view = page_view(words);
  view.set("project_name", project ? project->name : "");
  view.set("project_query", project_query(project));
  View::List list;
  for (const TodoRow& row : rows) {
    list.push_back(View()
                       .set("user", user_name(row.user))
                       .set("username", row.user.username)
                       .set("path", http::percent_encode(row.user.username))
                       .set("patches", row.patches));
  }
  view.set_list("rows", std::move(list));
  Page page;
  page.heading = "To do";
  page.section = Section::patches;
  page.body = render_template("todo", view);
  const std::string query = project_query(project);
  page.json = "/user/todo/" + query + (query.empty() ? "?" : "&") + "format=json";
  return page;
}

json::object todo_json(const SiteWords& words, const std::vector<TodoRow>& rows,
                       const std::optional<registry::Project>& project) {
  json::array users;
  for (const TodoRow& row : rows) {
    users.push_back({{"username", row.user.username},
                     {"patches", row.patches},
                     {"web_url", fmt::format("{}{}/user/{}/todo/{}", words.origin, words.base,
                                             http::percent_encode(row.user.username),
                                             project_query(project))}});
  }
  json::object out;
  out["users"] = std::move(users);
  return out;
}

Page projects_page(const SiteWords& words, const std::vector<ProjectRow>& rows) {
  View view = page_view(words);
  View::List list;
  for (const ProjectRow& row : rows) {
    View one;
    one.set("name", row.project.name.empty() ? row.project.link_name : row.project.name);
    one.set("path", http::percent_encode(row.project.link_name));
    one.set("link_name", row.project.link_name).set("email", row.project.list_email);
    one.set("patches", row.patches);
    std::string maintainers;
    for (std::size_t i = 0; i < row.project.maintainers.size() && i < 10; ++i) {
      maintainers += (i == 0 ? "" : ", ") + user_name(row.project.maintainers[i]);
    }
    list.push_back(std::move(one.set("maintainers", maintainers)));
  }
  view.set_list("rows", std::move(list));
  Page page;
  page.heading = "Projects";
  page.section = Section::patches;
  page.body = render_template("projects", view);
  page.json = "/project/?format=json";
  return page;
}

json::object projects_json(const SiteWords& words, const std::vector<ProjectRow>& rows) {
  json::array projects;
  for (const ProjectRow& row : rows) {
    projects.push_back({{"id", row.project.id},
                        {"name", row.project.name},
                        {"link_name", row.project.link_name},
                        {"list_id", row.project.list_id},
                        {"list_email", row.project.list_email},
                        {"patches", row.patches},
                        {"web_url", fmt::format("{}{}/project/{}/list/", words.origin, words.base,
                                                http::percent_encode(row.project.link_name))}});
  }
  json::object out;
  out["projects"] = std::move(projects);
  return out;
}

}  // namespace patchmill::web
