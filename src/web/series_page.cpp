#include "web/series_page.hpp"

#include "pipeline/node_json.hpp"
#include "registry/msgid_segment.hpp"
#include "util/text.hpp"
#include "web/inbox_page.hpp"
#include "web/timeline.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::web {
namespace {

namespace json = boost::json;
using findings::Verdict;

View::List count_views(const NodeCounts& counts) {
  View::List list;
  const auto add = [&](int n, const Badge& badge) {
    if (n > 0) {
      View one;
      set_badge(one, badge);
      list.push_back(one.set("n", n));
    }
  };
  add(counts.fail, badge_of(Verdict::fail));
  add(counts.warning, badge_of(Verdict::warning));
  add(counts.incomplete, badge_of(Verdict::incomplete));
  add(counts.pass, badge_of(Verdict::pass));
  add(counts.skip, badge_of(Verdict::skip));
  add(counts.open, {"waiting", "○", "to do"});
  return list;
}

// Another series in one line.
View link_view(const InboxRow& row) {
  View view;
  set_badge(view, series_badge(row));
  view.set("number", row.number);
  view.set("name", row.name.empty() ? "(no title)" : row.name);
  view.set("version", fmt::format("v{}", row.version));
  view.set("superseded", row.superseded);
  view.set("author", person_name(row.submitter));
  view.set_time("date", row.date);
  view.set("reason", ellipsize(row.reason, 200));
  return view;
}

std::string mbox_path(const RegistryPlace& place) {
  return fmt::format("/series/{}/mbox/", place.series);
}

void set_head(View& view, const SeriesModel& model) {
  const tracker::Series& series = model.series;
  view.set("number", series.number);
  view.set("name", series.name.empty() ? "(no title)" : series.name);
  view.set("version", fmt::format("v{}", series.version));
  view.set("author", person_name(series.submitter));
  view.set("author_email", series.submitter.email);
  view.set("author_query", http::percent_encode(series.submitter.email));
  view.set_time("date", series.date);
  View::List lists;
  for (const auto& list : series.list_ids) {
    lists.push_back(View().set("list", list).set("list_query", http::percent_encode(list)));
  }
  view.set_list("lists", std::move(lists));
  view.set("superseded", series.superseded);
  view.set("missing", series.received_all() ? std::string()
                                            : fmt::format("{} of {} patches have arrived",
                                                          series.received_total(), series.total));
  view.set("note", series.note);
  view.set("skip_requested", series.skip_requested);
  InboxRow self;  // when there are too many revisions to be among them
  self.running = model.running;
  for (const InboxRow& row : model.revisions) {
    if (row.number == series.number) {
      self = row;
    }
  }
  set_badge(view, series_badge(self));
  view.set("judged", model.verdict.has_value());
  view.set("verdict_reason", model.verdict ? model.verdict->reason : "");
  view.set_time("verdict_time", model.verdict ? std::optional(model.verdict->time) : std::nullopt);
  // What waits for a mail or a commit is due at the moment it was judged.
  const bool retried = model.verdict && model.verdict->retry_at;
  const bool for_news = retried && *model.verdict->retry_at <= model.verdict->time;
  view.set("waits_for_news", for_news);
  view.set_time("retry_at", retried && !for_news ? model.verdict->retry_at : std::nullopt);
  view.set("running", model.running);
  view.set("cover_msgid",
           series.cover_msgid.empty()
               ? ""
               : http::percent_encode(registry::segment_of_msgid(series.cover_msgid)));
  view.set("base_commit", model.base_commit.substr(0, 12));
  view.set("base_full", model.base_commit);
  view.set("base_described", model.base_described);
  View::List places;
  for (const RegistryPlace& place : model.places) {
    places.push_back(
        View()
            .set("project", place.project)
            .set("mbox", mbox_path(place))
            .set("other_id", place.series == series.number ? "" : std::to_string(place.series))
            .set("address", fmt::format("/project/{}/list/?series={}",
                                        http::percent_encode(place.project), place.series)));
  }
  view.set_list("places", std::move(places));
  view.set("namesake", model.namesake ? std::to_string(*model.namesake) : "");
}

void set_revisions(View& view, const SeriesModel& model, bool range_diff) {
  View::List revisions;
  std::int64_t before = 0;
  const auto here =
      std::find_if(model.revisions.begin(), model.revisions.end(),
                   [&](const InboxRow& row) { return row.number == model.series.number; }) -
      model.revisions.begin();
  for (const InboxRow& row : model.revisions) {
    View one = link_view(row);
    one.set("here", row.number == model.series.number);
    one.set("patches", count_of(static_cast<std::uint64_t>(row.received), "patch", "patches"));
    one.set("compared", range_diff && before != 0
                            ? fmt::format("/series/{}/range-diff/{}/", row.number, before)
                            : std::string());
    // Neighbours have that link already.
    const auto at = &row - model.revisions.data();
    one.set("against", range_diff && (at > here + 1 || at + 1 < here)
                           ? fmt::format("/series/{}/range-diff/{}/",
                                         std::max(row.number, model.series.number),
                                         std::min(row.number, model.series.number))
                           : std::string());
    before = row.number;
    revisions.push_back(std::move(one));
  }
  view.set("several_revisions", revisions.size() > 1);
  view.set("compared_patches", !model.changes.empty());
  view.set("newest", model.series.superseded && !model.revisions.empty()
                         ? std::to_string(model.revisions.back().number)
                         : std::string());
  view.set_list("revisions", std::move(revisions));
  View::List dropped;
  for (const auto& title : model.dropped) {
    dropped.push_back(View().set("title", title));
  }
  view.set_list("dropped", std::move(dropped));
  View::List dependencies;
  for (const auto& dependency : model.series.dependencies) {
    dependencies.push_back(
        View()
            .set("target", dependency.dependency.target)
            .set("series", dependency.series ? std::to_string(*dependency.series) : std::string())
            .set("why", dependency.reason));
  }
  view.set_list("dependencies", std::move(dependencies));
  View::List dependents;
  for (const InboxRow& row : model.dependents) {
    dependents.push_back(link_view(row));
  }
  view.set_list("dependents", std::move(dependents));
  view.set("more_dependents", model.more_dependents);
}

void set_patches(View& view, const SeriesModel& model) {
  View::List patches;
  for (const auto& patch : model.series.patches) {
    View one;
    one.set("k", patch.number).set("title", patch.title.empty() ? "(no title)" : patch.title);
    one.set("patch_author", patch.author.email == model.series.submitter.email
                                ? std::string()
                                : person_name(patch.author));
    one.set("carried_over", patch.carried_over);
    const auto change = model.changes.find(patch.number);
    one.set("change", change == model.changes.end() ? "" : to_string(change->second));
    const auto counts = model.by_patch.find(patch.number);
    one.set_list("counts",
                 counts == model.by_patch.end() ? View::List{} : count_views(counts->second));
    patches.push_back(std::move(one));
  }
  view.set_list("patches", std::move(patches));
}

View row_view(const NodeRow& row, Timestamp now) {
  View view = node_view(row.node, now);
  view.set("depth", std::min<std::size_t>(row.depth, 6));
  view.set("waits", row.waits);
  view.set("has_log", row.has_log);
  View::List findings;
  for (const auto& finding : row.findings) {
    findings.push_back(finding_view(finding));
  }
  view.set_list("findings", std::move(findings));
  view.set("more_findings", row.more_findings == 0 ? "" : std::to_string(row.more_findings));
  return view;
}

void set_nodes(View& view, const SeriesModel& model, Timestamp now) {
  View::List nodes;
  View::List troubles;
  std::vector<pipeline::Node> ran;
  for (const NodeRow& row : model.nodes) {
    ran.push_back(row.node);
    View one = row_view(row, now);
    if (row.node.result == Verdict::fail || row.node.result == Verdict::warning) {
      troubles.push_back(one);
    }
    nodes.push_back(std::move(one));
  }
  // What failed before what only warns.
  std::size_t failed = 0;
  for (const NodeRow& row : model.nodes) {
    failed += static_cast<std::size_t>(row.node.result == Verdict::fail);
  }
  std::stable_partition(troubles.begin(), troubles.end(), [](const View& trouble) {
    for (const auto& [key, value] : trouble.values()) {
      if (key == "css") {
        return std::get<std::string>(value) == "fail";
      }
    }
    return false;
  });
  view.set("failed", failed);
  view.set_list("troubles", std::move(troubles));
  view.set_list("nodes", std::move(nodes));
  view.set("more_nodes", model.more_nodes == 0 ? "" : std::to_string(model.more_nodes));
  View::List earlier;
  for (const NodeRow& row : model.earlier) {
    View one = row_view(row, now);
    one.set("attempt_number", row.node.attempt);
    earlier.push_back(std::move(one));
  }
  view.set_list("earlier", std::move(earlier));
  view.set_html("timeline_html", timeline_svg(ran, now));
}

void set_placement(View& view, const SeriesModel& model) {
  view.set("placed", model.placement.has_value());
  if (!model.placement) {
    return;
  }
  view.set("placement", model.placement->explanation);
  view.set("tip_conflict", model.placement->tip_conflict);
  View::List candidates;
  for (const auto& candidate : model.placement->candidates) {
    View one;
    one.set("tree", candidate.tree);
    one.set("described",
            candidate.described.empty() ? candidate.commit.substr(0, 12) : candidate.described);
    one.set("commit", candidate.commit);
    one.set("why", candidate.explanation);
    one.set("reasons", join(candidate.reasons, ", "));
    one.set("score", fmt::format("{:.4g}", candidate.score));
    one.set("chosen", candidate.chosen).set("tried", candidate.tried);
    one.set("applies", candidate.applies);
    one.set("conflict", candidate.conflict).set("excerpt", candidate.excerpt);
    candidates.push_back(std::move(one));
  }
  view.set_list("candidates", std::move(candidates));
}

void set_mails(View& view, const SeriesModel& model) {
  View::List mails;
  for (const MailRow& mail : model.mails) {
    View one;
    one.set("subject", mail.subject).set("state", mail.state).set("why", mail.reason);
    one.set("to", join(mail.recipients, ", "));
    one.set_time("sent", mail.finished ? mail.finished : std::optional(mail.created));
    mails.push_back(std::move(one));
  }
  view.set_list("mails", std::move(mails));
  View::List decision;
  for (const auto& reason : model.decision) {
    decision.push_back(View().set("why", reason));
  }
  view.set_list("decision", std::move(decision));
}

}  // namespace

Page series_page(const SiteWords& words, const SeriesModel& model, Timestamp now, bool range_diff) {
  View view = page_view(words);
  set_head(view, model);
  set_revisions(view, model, range_diff);
  set_patches(view, model);
  set_nodes(view, model, now);
  set_placement(view, model);
  set_mails(view, model);
  Page page;
  page.heading =
      model.series.name.empty() ? fmt::format("Series {}", model.series.number) : model.series.name;
  page.section = Section::series;
  page.body = render_template("series", view);
  page.json = fmt::format("/series/{}/?format=json", model.series.number);
  page.feed = fmt::format("/series/{}/feed.atom", model.series.number);
  page.live = fmt::format("/events/?series={}", model.series.number);
  page.reload = model.running ? 20 : 0;
  return page;
}

json::object series_json(const SiteWords& words, const SeriesModel& model) {
  const tracker::Series& series = model.series;
  json::object out;
  for (const InboxRow& row : model.revisions) {
    if (row.number == series.number) {
      out = row_json(words, row);
    }
  }
  const auto bracketed = [](const std::string& msgid) { return "<" + msgid + ">"; };
  out["cover_letter"] =
      series.cover_msgid.empty()
          ? json::value(nullptr)
          : json::value{{"msgid", bracketed(series.cover_msgid)}, {"name", series.cover_name}};
  json::array patches;
  for (const auto& patch : series.patches) {
    const auto change = model.changes.find(patch.number);
    patches.push_back(
        {{"number", patch.number},
         {"msgid", bracketed(patch.msgid)},
         {"name", patch.name},
         {"date", to_iso(patch.date)},
         {"carried_over", patch.carried_over},
         {"change", change == model.changes.end() ? json::value(nullptr)
                                                  : json::value(to_string(change->second))}});
  }
  out["patches"] = std::move(patches);
  json::array revisions;
  for (const InboxRow& row : model.revisions) {
    revisions.push_back(row_json(words, row));
  }
  out["revisions"] = std::move(revisions);
  out["revision_of"] = series.revision_of ? json::value(*series.revision_of) : json::value(nullptr);
  out["base_commit"] =
      model.base_commit.empty() ? json::value(nullptr) : json::value(model.base_commit);
  out["base_described"] =
      model.base_described.empty() ? json::value(nullptr) : json::value(model.base_described);
  out["note"] = series.note.empty() ? json::value(nullptr) : json::value(series.note);
  json::array dependencies;
  for (const auto& dependency : series.dependencies) {
    dependencies.push_back(
        {{"target", dependency.dependency.target},
         {"series", dependency.series ? json::value(*dependency.series) : json::value(nullptr)},
         {"reason", dependency.reason}});
  }
  out["dependencies"] = std::move(dependencies);
  json::array dependents;
  for (const InboxRow& row : model.dependents) {
    dependents.push_back(row_json(words, row));
  }
  out["dependents"] = std::move(dependents);
  out["more_dependents"] = model.more_dependents;
  json::array places;
  for (const RegistryPlace& place : model.places) {
    places.push_back({{"project", place.project},
                      {"series", place.series},
                      {"mbox", words.origin + words.base + mbox_path(place)}});
  }
  out["projects"] = std::move(places);
  json::array tree;
  for (const NodeRow& row : model.nodes) {
    json::object one = node_json(words, row.node);
    one["findings"] = pipeline::findings_json(row.findings);
    one["more_findings"] = row.more_findings;
    if (!row.waits.empty()) {
      one["waits"] = row.waits;
    }
    tree.push_back(std::move(one));
  }
  out["node_tree"] = std::move(tree);
  json::array candidates;
  if (model.placement) {
    for (const auto& candidate : model.placement->candidates) {
      json::array reasons;
      for (const auto& reason : candidate.reasons) {
        reasons.emplace_back(reason);
      }
      candidates.push_back({{"tree", candidate.tree},
                            {"commit", candidate.commit},
                            {"described", candidate.described},
                            {"explanation", candidate.explanation},
                            {"reasons", std::move(reasons)},
                            {"score", candidate.score},
                            {"chosen", candidate.chosen},
                            {"tried", candidate.tried},
                            {"applies", candidate.applies},
                            {"conflict", candidate.conflict}});
    }
    out["placement"] = {{"state", model.placement->state},
                        {"explanation", model.placement->explanation},
                        {"candidates", std::move(candidates)}};
  } else {
    out["placement"] = nullptr;
  }
  json::array mails;
  for (const MailRow& mail : model.mails) {
    mails.push_back({{"subject", mail.subject},
                     {"msgid", bracketed(mail.msgid)},
                     {"state", mail.state},
                     {"reason", mail.reason},
                     {"created", to_iso(mail.created)}});
  }
  out["mails"] = std::move(mails);
  return out;
}

}  // namespace patchmill::web
