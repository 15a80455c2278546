#include "web/patch_page.hpp"

#include "pipeline/node_json.hpp"
#include "registry/msgid_segment.hpp"
#include "util/text.hpp"
#include "web/diff_html.hpp"
#include "web/patch_list_page.hpp"
#include "web/series_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

namespace json = boost::json;

constexpr std::size_t k_longest_message = 256u << 10;
constexpr std::size_t k_most_recipients = 50;

std::string people(const std::vector<mail::Address>& list) {
  std::string text;
  for (std::size_t i = 0; i < list.size() && i < k_most_recipients; ++i) {
    text += (text.empty() ? "" : ", ") + person_name(list[i]);
  }
  if (list.size() > k_most_recipients) {
    text += fmt::format(" and {} more", list.size() - k_most_recipients);
  }
  return text;
}

void set_message(View& view, const PatchModel& model) {
  view.set("unreadable", model.message ? "" : model.message.error().message);
  if (!model.message) {
    return;
  }
  const mail::Message& message = *model.message;
  view.set("to", people(message.to)).set("cc", people(message.cc));
  const std::string text = ellipsize(mend_utf8(message.text), k_longest_message);
  view.set_html("text_html", linkify(text));
  view.set("pull_url", message.pull_url.starts_with("http") ? "" : message.pull_url);
  View::List mended;
  for (const auto& what : message.mended) {
    mended.push_back(View().set("what", what));
  }
  view.set_list("mended", std::move(mended));
  view.set("has_diff", !message.diff.empty());
  view.set("unread", message.unread);
  if (!message.diff.empty()) {
    DiffHtml diff = diff_html(message.diff, model.about);
    view.set("files", count_of(diff.files, "file", "files"));
    view.set("several_files", diff.files > 1);
    view.set("added", diff.added).set("removed", diff.removed);
    view.set("cut", !diff.whole);
    view.set_html("diff_html", std::move(diff.html));
  }
}

}  // namespace

Page patch_page(const SiteWords& words, const PatchModel& model, Timestamp now, bool range_diff) {
  View view = page_view(words);
  view.set("number", model.series.number).set("k", model.patch.number);
  view.set("total", model.series.total);
  view.set("series_name", model.series.name.empty() ? "(no title)" : model.series.name);
  view.set("version", fmt::format("v{}", model.series.version));
  view.set("title", model.patch.title.empty() ? "(no title)" : model.patch.title);
  view.set("author", person_name(model.patch.author));
  view.set("author_query", http::percent_encode(model.patch.author.email));
  view.set_time("date", model.patch.date);
  view.set("msgid", model.patch.msgid);
  view.set("msgid_path", http::percent_encode(registry::segment_of_msgid(model.patch.msgid)));
  view.set("carried_over", model.patch.carried_over);
  std::string before;
  std::string after;
  for (const auto& patch : model.series.patches) {
    if (patch.number < model.patch.number) {
      before = std::to_string(patch.number);
    } else if (patch.number > model.patch.number && after.empty()) {
      after = std::to_string(patch.number);
    }
  }
  view.set("before", before).set("after", after);
  view.set("compared", range_diff && model.series.revision_of
                           ? fmt::format("/series/{}/range-diff/{}/", model.series.number,
                                         *model.series.revision_of)
                           : "");
  View::List places;
  for (const RegistryPlace& place : model.places) {
    places.push_back(View()
                         .set("project", place.project)
                         .set("address", submission_path(place.project, "patch", place.msgid)));
  }
  view.set_list("places", std::move(places));
  View::List nodes;
  for (const NodeRow& row : model.nodes) {
    View one = node_view(row.node, now);
    View::List findings;
    for (std::size_t i = 0; i < row.findings.size() && i < 20; ++i) {
      findings.push_back(finding_view(row.findings[i]));
    }
    one.set("more_findings",
            row.findings.size() > 20 ? std::to_string(row.findings.size() - 20) : std::string());
    one.set_list("findings", std::move(findings));
    nodes.push_back(std::move(one));
  }
  view.set_list("nodes", std::move(nodes));
  set_message(view, model);
  Page page;
  page.heading =
      model.patch.title.empty() ? fmt::format("Patch {}", model.patch.number) : model.patch.title;
  page.section = Section::series;
  page.wide = true;
  page.body = render_template("patch", view);
  page.json =
      fmt::format("/series/{}/patches/{}/?format=json", model.series.number, model.patch.number);
  page.live = fmt::format("/events/?series={}", model.series.number);
  return page;
}

json::object patch_json(const SiteWords& words, const PatchModel& model) {
  json::object out;
  out["series"] = model.series.number;
  out["number"] = model.patch.number;
  out["web_url"] = fmt::format("{}{}/series/{}/patches/{}/", words.origin, words.base,
                               model.series.number, model.patch.number);
  out["msgid"] = "<" + model.patch.msgid + ">";
  out["name"] = model.patch.name;
  out["date"] = to_iso(model.patch.date);
  out["submitter"] = {{"name", model.patch.author.name}, {"email", model.patch.author.email}};
  out["carried_over"] = model.patch.carried_over;
  out["content"] = model.message ? json::value(model.message->text) : json::value(nullptr);
  out["diff"] = model.message && !model.message->diff.empty()
                    ? json::value(mend_utf8(model.message->diff))
                    : json::value(nullptr);
  json::array nodes;
  for (const NodeRow& row : model.nodes) {
    json::object one = node_json(words, row.node);
    one["findings"] = pipeline::findings_json(row.findings);
    nodes.push_back(std::move(one));
  }
  out["nodes"] = std::move(nodes);
  return out;
}

Page range_diff_page(const SiteWords& words, const tracker::Series& older,
                     const tracker::Series& newer, const Result<RangeDiff>& made) {
  View view = page_view(words);
  const auto set = [&](const std::string& key, const tracker::Series& series) {
    view.set(key, series.number).set(key + "_version", fmt::format("v{}", series.version));
  };
  set("older", older);
  set("newer", newer);
  view.set("name", newer.name.empty() ? "(no title)" : newer.name);
  view.set("why", made ? "" : made.error().message);
  if (made) {
    view.set("same", made->text.empty());
    view.set("of_mails", made->of_mails);
    view.set_html("diff_html", range_diff_html(made->text));
  }
  Page page;
  page.heading =
      fmt::format("Range-diff of v{} and v{}: {}", older.version, newer.version, newer.name);
  page.section = Section::series;
  page.wide = true;
  page.body = render_template("range_diff", view);
  page.json = fmt::format("/series/{}/range-diff/{}/?format=json", newer.number, older.number);
  return page;
}

}  // namespace patchmill::web
