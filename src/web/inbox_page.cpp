#include "web/inbox_page.hpp"

#include "util/text.hpp"
#include "web/atom.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

using findings::Verdict;

constexpr Verdict k_verdicts[] = {Verdict::fail, Verdict::warning, Verdict::pass,
                                  Verdict::incomplete, Verdict::skip};
constexpr SeriesState k_shown_states[] = {SeriesState::current, SeriesState::running,
                                          SeriesState::waiting, SeriesState::superseded,
                                          SeriesState::all};

View::List options(const std::vector<std::string>& names, const std::string& chosen) {
  View::List list;
  bool found = chosen.empty();
  for (const auto& name : names) {
    View option;
    option.set("value", name).set("chosen", name == chosen);
    found = found || name == chosen;
    list.push_back(std::move(option));
  }
  if (!found) {
    list.push_back(View().set("value", chosen).set("chosen", true));
  }
  return list;
}

void set_count(View::List& list, int n, Verdict verdict) {
  if (n > 0) {
    const Badge badge = badge_of(verdict);
    View one;
    set_badge(one, badge);
    list.push_back(std::move(one.set("n", n)));
  }
}

View row_view(const InboxRow& row) {
  View view;
  set_badge(view, series_badge(row));
  view.set("number", row.number);
  view.set("name", row.name.empty() ? "(no title)" : row.name);
  view.set("version", row.version > 1 ? fmt::format("v{}", row.version) : "");
  view.set("rfc", row.is_rfc).set("superseded", row.superseded);
  view.set("patches", row.received < row.total
                          ? fmt::format("{} of {} patches", row.received, row.total)
                          : count_of(static_cast<std::uint64_t>(row.received), "patch", "patches"));
  view.set("author", person_name(row.submitter));
  view.set("author_query", http::percent_encode(row.submitter.email));
  view.set("list", join(row.lists, ", "));
  view.set_time("date", row.date);
  view.set("reason", ellipsize(row.reason, 200));
  view.set("tree", row.tree);
  View::List counts;
  set_count(counts, row.counts.fail, Verdict::fail);
  set_count(counts, row.counts.warning, Verdict::warning);
  set_count(counts, row.counts.incomplete, Verdict::incomplete);
  set_count(counts, row.counts.pass, Verdict::pass);
  set_count(counts, row.counts.skip, Verdict::skip);
  if (row.counts.open > 0) {
    View one;
    set_badge(one, {"waiting", "○", "to do"});
    counts.push_back(one.set("n", row.counts.open));
  }
  view.set_list("counts", std::move(counts));
  return view;
}

struct KnownView {
  const char *name, *query;
};
constexpr KnownView k_views[] = {{"Current", ""},
                                 {"Failing", "verdict=fail"},
                                 {"Warnings", "verdict=warning"},
                                 {"Running", "state=running"},
                                 {"Waiting", "state=waiting"},
                                 {"Incomplete", "verdict=incomplete"},
                                 {"All revisions", "state=all"}};

std::string with_query(std::string_view path, const std::string& query) {
  return query.empty() ? std::string(path) : std::string(path) + "?" + query;
}

std::string joined_query(const std::string& query, const std::string& more) {
  return query.empty() ? more : query + "&" + more;
}

}  // namespace

Badge series_badge(const InboxRow& row) {
  if (row.running && row.counts.open > 0 && row.counts.active == 0) {
    return {"waiting", "○", "queued"};
  }
  return badge_of(row.verdict, row.running, false);
}

Page inbox_page(const SiteWords& words, const Inbox& inbox, const FilterChoices& choices) {
  const InboxFilter& filter = inbox.filter;
  const std::string query = filter.query();
  View view = page_view(words);
  view.set("heading", filter.name.empty() ? "Series" : filter.name);
  view.set("q", filter.text).set("author", filter.author).set("name", filter.name);
  view.set_list("trees", options(choices.trees, filter.tree));
  view.set_list("lists", options(choices.lists, filter.list));
  View::List verdicts;
  for (const Verdict verdict : k_verdicts) {
    verdicts.push_back(
        View().set("value", findings::to_string(verdict)).set("chosen", filter.verdict == verdict));
  }
  view.set_list("verdicts", std::move(verdicts));
  View::List states;
  for (const SeriesState state : k_shown_states) {
    states.push_back(View().set("value", to_string(state)).set("chosen", filter.state == state));
  }
  view.set_list("states", std::move(states));
  View::List views;
  for (const KnownView& known : k_views) {
    views.push_back(View()
                        .set("name", known.name)
                        .set("address", with_query("/", known.query))
                        .set("current", query == known.query));
  }
  view.set_list("views", std::move(views));
  View::List rows;
  for (const InboxRow& row : inbox.rows) {
    rows.push_back(row_view(row));
  }
  view.set_list("rows", std::move(rows));
  view.set("filtered", !query.empty());
  view.set("query", query);
  view.set("paged", filter.before.has_value());
  view.set("newest", with_query("/", query));
  view.set("next",
           inbox.next ? "/?" + joined_query(query, fmt::format("before={}", *inbox.next)) : "");

  Page page;
  page.heading = filter.name.empty() ? "Series" : filter.name;
  page.section = Section::series;
  page.body = render_template("inbox", view);
  std::string address = query;
  if (filter.before) {
    address = joined_query(address, fmt::format("before={}", *filter.before));
  }
  page.json = "/?" + joined_query(address, "format=json");
  page.feed = with_query("/feed.atom", query);
  page.live = filter.before ? "" : "/events/?topic=series";
  return page;
}

boost::json::object row_json(const SiteWords& words, const InboxRow& row) {
  namespace json = boost::json;
  json::array lists;
  for (const auto& list : row.lists) {
    lists.emplace_back(list);
  }
  return {{"number", row.number},
          {"web_url", fmt::format("{}{}/series/{}/", words.origin, words.base, row.number)},
          {"name", row.name},
          {"version", row.version},
          {"total", row.total},
          {"received_total", row.received},
          {"received_all", row.received >= row.total},
          {"date", to_iso(row.date)},
          {"submitter", {{"name", row.submitter.name}, {"email", row.submitter.email}}},
          {"list_ids", std::move(lists)},
          {"superseded", row.superseded},
          {"running", row.running},
          {"verdict",
           row.verdict ? json::value(findings::to_string(*row.verdict)) : json::value(nullptr)},
          {"reason", row.verdict ? json::value(row.reason) : json::value(nullptr)},
          {"judged", row.judged ? json::value(to_iso(*row.judged)) : json::value(nullptr)},
          {"tree", row.tree.empty() ? json::value(nullptr) : json::value(row.tree)},
          {"nodes",
           {{"pass", row.counts.pass},
            {"warning", row.counts.warning},
            {"fail", row.counts.fail},
            {"skip", row.counts.skip},
            {"incomplete", row.counts.incomplete},
            {"open", row.counts.open},
            {"active", row.counts.active}}}};
}

boost::json::object inbox_json(const SiteWords& words, const Inbox& inbox) {
  namespace json = boost::json;
  json::array rows;
  for (const InboxRow& row : inbox.rows) {
    rows.push_back(row_json(words, row));
  }
  json::object out;
  out["series"] = std::move(rows);
  out["next"] = inbox.next ? json::value(fmt::format(
                                 "{}{}/?{}", words.origin, words.base,
                                 joined_query(inbox.filter.query(),
                                              fmt::format("before={}&format=json", *inbox.next))))
                           : json::value(nullptr);
  return out;
}

std::string atom_feed(const SiteWords& words, const std::string& title, const std::string& self,
                      const std::vector<InboxRow>& rows, Timestamp now) {
  AtomFeed feed{title, self, "/", {}};
  for (const InboxRow& row : rows) {
    const Badge badge = badge_of(row.verdict, false, false);
    AtomEntry entry;
    entry.title = fmt::format("{}: {}", badge.word, row.name);
    entry.address = fmt::format("/series/{}/", row.number);
    entry.updated = row.judged.value_or(row.date);
    entry.published = row.date;
    entry.mark = fmt::format("#{}", to_micros(entry.updated));
    entry.author = person_name(row.submitter);
    entry.category = row.tree;
    entry.summary = row.reason.empty() ? std::string(badge.word) : row.reason;
    feed.entries.push_back(std::move(entry));
  }
  return atom_text(words, feed, now);
}

}  // namespace patchmill::web
