#include "web/submission_page.hpp"

#include "registry/msgid_segment.hpp"
#include "util/text.hpp"
#include "web/diff_html.hpp"
#include "web/inbox_page.hpp"
#include "web/patch_list_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

namespace json = boost::json;

constexpr std::size_t k_longest_text = 256u << 10;
constexpr std::size_t k_longest_headers = 64u << 10;
constexpr std::size_t k_most_patches = 200;

std::string title_of(const registry::SubmissionRef& ref) {
  return ref.name.empty() ? "(no title)" : ref.name;
}

// Hostile, as all that is in a check.
std::string web_address(const std::string& url) {
  return istarts_with(url, "http://") || istarts_with(url, "https://") ? url : "";
}

std::string headers_text(const mail::Message& message) {
  std::string text;
  for (const auto& [name, value] : message.headers) {
    text += fmt::format("{}: {}\n", name, value);
    if (text.size() > k_longest_headers) {
      break;
    }
  }
  return ellipsize(mend_utf8(text), k_longest_headers);
}

void set_mail(View& view, const SubmissionModel& model) {
  view.set("unreadable", model.message ? "" : model.message.error().message);
  if (!model.message) {
    return;
  }
  const mail::Message& message = *model.message;
  view.set("headers", headers_text(message));
  view.set_html("text_html", linkify(ellipsize(mend_utf8(message.text), k_longest_text)));
  view.set("unread", message.unread);
  view.set("has_diff", model.patch.has_value() && !message.diff.empty());
  if (model.patch && !message.diff.empty()) {
    DiffHtml diff = diff_html(message.diff, model.about);
    view.set("files", count_of(diff.files, "file", "files"));
    view.set("added", diff.added).set("removed", diff.removed).set("cut", !diff.whole);
    view.set_html("diff_html", std::move(diff.html));
  }
}

void set_patch(View& view, const SubmissionModel& model) {
  view.set("is_patch", model.patch.has_value());
  if (!model.patch) {
    return;
  }
  const registry::Patch& patch = model.patch->patch;
  view.set("state", model.state).set("archived", patch.archived);
  view.set("delegate", patch.delegate ? user_name(*patch.delegate) : "");
  view.set("delegate_path", patch.delegate ? http::percent_encode(patch.delegate->username) : "");
  view.set("tags", model.patch->tags == registry::TagCounts{} ? "" : tag_counts(model.patch->tags));
  view.set("commit", patch.commit_ref.value_or(""));
  view.set("commit_url",
           patch.commit_ref ? filled_url(model.project.commit_url_format, *patch.commit_ref) : "");
  view.set("pull_url", patch.pull_url.value_or(""));
  View::List related;
  for (std::size_t i = 0; i < patch.related.size() && i < k_most_patches; ++i) {
    // Those of other projects are reached by their number.
    related.push_back(View()
                          .set("name", title_of(patch.related[i]))
                          .set("address", fmt::format("/patch/{}/", patch.related[i].id)));
  }
  view.set_list("related", std::move(related));
  View::List checks;
  for (const auto& check : model.checks) {
    View one;
    set_badge(one, badge_of(check.state));
    one.set("context", check.context).set("by", user_name(check.user));
    one.set("url", web_address(check.target_url.value_or("")));
    one.set("description", ellipsize(check.description.value_or(""), 500));
    checks.push_back(std::move(one.set_time("when", check.date)));
  }
  view.set_list("checks", std::move(checks));
}

void set_series(View& view, const SubmissionModel& model, bool range_diff) {
  view.set("has_series", model.series.has_value());
  if (!model.series) {
    return;
  }
  const registry::Series& series = *model.series;
  const std::string& link = model.project.link_name;
  view.set("series_id", series.self.id).set("series_number", series.number);
  view.set("series_name", series.self.name.value_or("(no title)"));
  view.set("version", fmt::format("v{}", series.self.version));
  view.set("k", model.number ? std::to_string(*model.number) : "");
  View::List patches;
  const auto add = [&](const registry::SubmissionRef& ref, std::string_view what) {
    patches.push_back(View()
                          .set("name", title_of(ref))
                          .set("address", submission_path(link, what, ref.msgid))
                          .set("here", ref.msgid == model.self.msgid));
  };
  std::string before;
  std::string after;
  bool passed = false;
  if (series.cover) {
    add(*series.cover, "cover");
  }
  for (const auto& ref : series.patches) {
    if (ref.id == model.self.id && model.patch) {
      passed = true;
    } else if (model.patch && !passed) {
      before = submission_path(link, "patch", ref.msgid);
    } else if (after.empty()) {
      after = submission_path(link, "patch", ref.msgid);
    }
    if (patches.size() < k_most_patches) {
      add(ref, "patch");
    }
  }
  view.set("before", before).set("after", model.patch && !passed ? "" : after);
  view.set("several_patches", patches.size() > 1);
  view.set_list("patches", std::move(patches));
  View::List revisions;
  for (const InboxRow& row : model.revisions) {
    View one;
    set_badge(one, series_badge(row));
    const bool here = row.number == series.number;
    const auto [older, newer] = std::minmax(row.number, series.number);
    one.set("here", here).set("number", row.number);
    one.set("revision", fmt::format("v{}", row.version)).set_time("posted", row.date);
    one.set("compared", here || !range_diff
                            ? std::string()
                            : fmt::format("/series/{}/range-diff/{}/", newer, older));
    revisions.push_back(std::move(one));
  }
  view.set_list("revisions", std::move(revisions));
}

void set_comments(View& view, const SubmissionModel& model) {
  View::List comments;
  for (const CommentRow& row : model.comments) {
    const registry::Comment& comment = row.comment;
    View one;
    one.set("id", comment.id).set("comment_depth", row.depth);
    one.set("comment_author", person_name(comment.submitter));
    one.set("subject", ellipsize(comment.subject, 300));
    one.set("comment_path", http::percent_encode(registry::segment_of_msgid(comment.msgid)));
    one.set_time("written", comment.date);
    one.set("addressed", comment.addressed == true);
    one.set("unaddressed", comment.addressed == false);
    one.set("part", !row.whole);
    one.set_html("comment_html", comment_html(row.text));
    comments.push_back(std::move(one));
  }
  view.set_list("comments", std::move(comments));
  view.set("more_comments", model.more_comments == 0 ? "" : std::to_string(model.more_comments));
}

std::string path_of(const SubmissionModel& model) {
  return submission_path(model.project.link_name, model.patch ? "patch" : "cover",
                         model.self.msgid);
}

}  // namespace

std::string filled_url(std::string_view format, std::string_view value) {
  const auto at = format.find("{}");
  if (at == std::string_view::npos) {
    return "";
  }
  return web_address(std::string(format.substr(0, at)) + http::percent_encode(value) +
                     std::string(format.substr(at + 2)));
}

Html comment_html(std::string_view text) {
  Html html;
  for (std::size_t at = 0; at < text.size();) {
    const bool quoted = text[at] == '>';
    std::size_t end = at;
    while (end < text.size() && (text[end] == '>') == quoted) {
      const auto newline = text.find('\n', end);
      end = newline == std::string_view::npos ? text.size() : newline + 1;
    }
    if (quoted) {
      html.raw("<span class=\"quote\">");
    }
    html.add(linkify(text.substr(at, end - at)));
    if (quoted) {
      html.raw("</span>");
    }
    at = end;
  }
  return html;
}

Page submission_page(const SiteWords& words, const SubmissionModel& model, bool range_diff) {
  View view = page_view(words);
  view.set("title", title_of(model.self)).set("path", path_of(model));
  view.set("project_name", model.project.name);
  view.set("project_path", http::percent_encode(model.project.link_name));
  view.set("author", person_name(model.submitter));
  view.set("author_id", model.submitter.id);
  view.set_time("date", model.self.date);
  view.set("msgid", model.self.msgid)
      .set("msgid_path", http::percent_encode(registry::segment_of_msgid(model.self.msgid)));
  view.set("archive_url", filled_url(model.project.list_archive_url_format,
                                     registry::segment_of_msgid(model.self.msgid)));
  set_patch(view, model);
  set_series(view, model, range_diff);
  set_mail(view, model);
  set_comments(view, model);
  Page page;
  page.heading = title_of(model.self);
  page.section = Section::patches;
  page.wide = true;
  page.body = render_template("submission", view);
  page.json = path_of(model) + "?format=json";
  return page;
}

json::object submission_json(const SiteWords& words, const SubmissionModel& model) {
  json::object out;
  if (model.patch) {
    out = patch_row_json(words, *model.patch);
    json::array checks;
    for (const auto& check : model.checks) {
      checks.push_back(
          {{"id", check.id},
           {"user", check.user.username},
           {"date", to_iso(check.date)},
           {"state", to_string(check.state)},
           {"context", check.context},
           {"target_url", check.target_url ? json::value(*check.target_url) : json::value(nullptr)},
           {"description",
            check.description ? json::value(*check.description) : json::value(nullptr)}});
    }
    out["newest_checks"] = std::move(checks);
  } else {
    out = {{"id", model.self.id},
           {"web_url", words.origin + words.base + path_of(model)},
           {"project", model.project.link_name},
           {"msgid", "<" + model.self.msgid + ">"},
           {"date", to_iso(model.self.date)},
           {"name", model.self.name},
           {"submitter",
            {{"id", model.submitter.id},
             {"name", model.submitter.name},
             {"email", model.submitter.email}}},
           {"series", model.series ? json::value(model.series->self.id) : json::value(nullptr)}};
  }
  out["content"] = model.message ? json::value(model.message->text) : json::value(nullptr);
  out["diff"] = model.message && model.patch && !model.message->diff.empty()
                    ? json::value(mend_utf8(model.message->diff))
                    : json::value(nullptr);
  json::array comments;
  for (const CommentRow& row : model.comments) {
    const registry::Comment& comment = row.comment;
    comments.push_back(
        {{"id", comment.id},
         {"depth", row.depth},
         {"msgid", "<" + comment.msgid + ">"},
         {"date", to_iso(comment.date)},
         {"subject", comment.subject},
         {"submitter", {{"name", comment.submitter.name}, {"email", comment.submitter.email}}},
         {"addressed", comment.addressed ? json::value(*comment.addressed) : json::value(nullptr)},
         {"content", row.text},
         {"whole", row.whole}});
  }
  out["comments"] = std::move(comments);
  out["more_comments"] = model.more_comments;
  json::array revisions;
  for (const InboxRow& row : model.revisions) {
    revisions.push_back(row_json(words, row));
  }
  out["revisions"] = std::move(revisions);
  return out;
}

}  // namespace patchmill::web
