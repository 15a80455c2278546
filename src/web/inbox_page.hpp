#pragma once
// The list of series as HTML, JSON and Atom.

#include "web/inbox_model.hpp"
#include "web/page.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <vector>

namespace patchmill::web {

// What the filter form offers.
struct FilterChoices {
  std::vector<std::string> trees, lists;
};
// "queued" for one whose tests all wait for a worker.
Badge series_badge(const InboxRow& row);
Page inbox_page(const SiteWords& words, const Inbox& inbox, const FilterChoices& choices);
boost::json::object inbox_json(const SiteWords& words, const Inbox& inbox);
// One series of a list, in Patchwork's names where it has them.
boost::json::object row_json(const SiteWords& words, const InboxRow& row);

// RFC 4287. self: address of the feed below the site. Entries are verdicts: a new one of the same
// series is a new entry.
std::string atom_feed(const SiteWords& words, const std::string& title, const std::string& self,
                      const std::vector<InboxRow>& rows, Timestamp now);

}  // namespace patchmill::web
