#include "web/page.hpp"

#include "http/message.hpp"

#include <fmt/format.h>

namespace patchmill::web {

View page_view(const SiteWords& words) {
  View view;
  view.set("base", words.base);
  return view;
}

void set_badge(View& view, const Badge& badge) {
  view.set("css", badge.css).set("mark", badge.mark).set("word", badge.word);
}

Html badge_html(const Badge& badge) {
  Html html;
  html.raw("<span class=\"badge ").text(badge.css).raw("\"><span aria-hidden=\"true\">");
  html.text(badge.mark).raw("</span> ").text(badge.word).raw("</span>");
  return html;
}

std::string render_page(const SiteWords& words, const Page& page) {
  View view = page_view(words);
  view.set("site", words.title);
  view.set("version", words.version);
  view.set("heading", page.heading);
  view.set("style_url", words.style_url);
  view.set("script_url", words.script_url);
  view.set("icon_url", words.icon_url);
  view.set("json", page.json);
  view.set("feed", page.feed);
  view.set("live", page.live);
  view.set("reload", page.reload == 0 ? std::string() : std::to_string(page.reload));
  view.set("wide", page.wide);
  struct Entry {
    Section section;
    const char *address, *name;
  };
  constexpr Entry entries[] = {
      {Section::series, "/", "Series"},          {Section::patches, "/project/", "Patches"},
      {Section::queue, "/queue/", "Queue"},      {Section::health, "/health/", "Health"},
      {Section::stats, "/stats/", "Statistics"}, {Section::about, "/about/", "About"}};
  View::List nav;
  for (const Entry& entry : entries) {
    if (entry.section == Section::patches && !words.patches) {
      continue;
    }
    View item;
    item.set("address", entry.address).set("name", entry.name);
    item.set("current", entry.section == page.section);
    nav.push_back(std::move(item));
  }
  view.set_list("nav", std::move(nav));
  view.set_html("body_html", page.body);
  return render_template("layout", view).take();
}

std::string render_error(const SiteWords& words, int status, std::string_view detail) {
  View view = page_view(words);
  const std::string phrase(http::reason_phrase(status));
  view.set("status", status).set("phrase", phrase).set("detail", detail);
  view.set("not_found", status == 404).set("ours", status >= 500);
  view.set("contact", words.contact);
  Page page;
  page.heading = fmt::format("{} {}", status, phrase);
  page.body = render_template("error", view);
  return render_page(words, page);
}

}  // namespace patchmill::web
