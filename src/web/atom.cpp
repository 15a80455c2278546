#include "web/atom.hpp"

#include <algorithm>

namespace patchmill::web {
namespace {

// XML takes no U+FFFE and U+FFFF (XML 1.0, section 2.2); show() has spelled out the controls.
std::string xml_text(std::string_view text) {
  std::string out = show(text);
  for (const std::string_view bad : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (auto at = out.find(bad); at != std::string::npos; at = out.find(bad, at)) {
      out.replace(at, bad.size(), "?");
    }
  }
  return out;
}

}  // namespace

std::string atom_text(const SiteWords& words, const AtomFeed& feed, Timestamp now) {
  const std::string root = words.origin + words.base;
  Timestamp updated = feed.entries.empty() ? now : Timestamp{};
  for (const AtomEntry& entry : feed.entries) {
    updated = std::max(updated, entry.updated);
  }
  Html out;
  out.raw(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
  out.raw("<title>").text(xml_text(feed.title)).raw("</title>\n<id>");
  out.text(root + feed.self).raw("</id>\n");
  out.raw("<link rel=\"self\" type=\"application/atom+xml\" href=\"")
      .text(root + feed.self)
      .raw("\"/>\n");
  out.raw("<link rel=\"alternate\" type=\"text/html\" href=\"")
      .text(root + feed.page)
      .raw("\"/>\n");
  out.raw("<updated>").text(to_iso(updated) + "Z").raw("</updated>\n");
  out.raw("<generator>patchmill</generator>\n");
  for (const AtomEntry& entry : feed.entries) {
    const std::string address = root + entry.address;
    out.raw("<entry>\n<title>").text(xml_text(entry.title)).raw("</title>\n");
    out.raw("<id>").text(address + entry.mark).raw("</id>\n");
    out.raw("<link rel=\"alternate\" type=\"text/html\" href=\"").text(address).raw("\"/>\n");
    out.raw("<updated>").text(to_iso(entry.updated) + "Z").raw("</updated>\n");
    out.raw("<published>").text(to_iso(entry.published) + "Z").raw("</published>\n");
    out.raw("<author><name>").text(xml_text(entry.author)).raw("</name></author>\n");
    if (!entry.category.empty()) {
      out.raw("<category term=\"").text(xml_text(entry.category)).raw("\"/>\n");
    }
    out.raw("<summary type=\"text\">").text(xml_text(entry.summary)).raw("</summary>\n</entry>\n");
  }
  out.raw("</feed>\n");
  return out.take();
}

}  // namespace patchmill::web
