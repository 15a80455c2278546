#pragma once
// What every page has around its content.

#include "web/format.hpp"
#include "web/view.hpp"

#include <string>
#include <string_view>

namespace patchmill::web {

// The same on all pages of a site.
struct SiteWords {
  std::string title, contact, version;
  std::string base;    // path in front of every address: "" or "/ci"
  std::string origin;  // "https://ci.example.org", for addresses that leave the site; may be empty
  std::string style_url, script_url, icon_url;
  bool patches = false;  // there are pages of projects and their patches
};

enum class Section { series, patches, queue, health, stats, about, none };

struct Page {
  std::string heading;  // also the title of the window
  Html body;
  Section section = Section::none;
  std::string json;     // address of the JSON twin below `base`; empty: none
  std::string feed;     // of the Atom feed; empty: none
  std::string live;     // of the event stream that says when to look again; empty: none
  unsigned reload = 0;  // seconds after which browsers without JavaScript look again; 0: never
  bool wide = false;    // logs and diffs take the whole window
};
std::string render_page(const SiteWords& words, const Page& page);

// A page for an error; the detail may be hostile.
std::string render_error(const SiteWords& words, int status, std::string_view detail);

// A view with `base` set, which every template of a page needs.
View page_view(const SiteWords& words);
// css, mark and word.
void set_badge(View& view, const Badge& badge);
Html badge_html(const Badge& badge);

}  // namespace patchmill::web
