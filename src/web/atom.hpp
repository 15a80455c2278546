#pragma once
// Atom feeds (RFC 4287).

#include "util/clock.hpp"
#include "web/page.hpp"

#include <string>
#include <vector>

namespace patchmill::web {

// Text may be hostile; addresses are below the site.
struct AtomEntry {
  std::string title, address;
  std::string mark;  // makes the id differ from that of others with this address; may be empty
  std::string author, category, summary;  // a category may be empty
  Timestamp updated{}, published{};
};
struct AtomFeed {
  std::string title;
  std::string self, page;  // addresses of the feed and of what it is the feed of
  std::vector<AtomEntry> entries;
};
// now: when a feed without entries was changed.
std::string atom_text(const SiteWords& words, const AtomFeed& feed, Timestamp now);

}  // namespace patchmill::web
