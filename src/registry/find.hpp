#pragma once
// Lists of the registry: filtered, ordered, a page at a time, with the number of all that fit.
//
// Filters are as they come from outside. Values of one filter are alternatives. A value that names
// nothing there is (a project, a state, a user nobody knows) makes the list empty, as Patchwork's
// does; what a filter means for each kind is in field order below.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::registry {

using Values = std::vector<std::string>;

struct Span {
  std::vector<std::optional<Timestamp>> since =
      {};  // at or after; nothing: not a date, the list is empty
  std::vector<std::optional<Timestamp>> before = {};  // earlier than
};

struct Order {
  std::string field =
      {};  // one of the fields the list can be ordered by; empty or unknown: the default
  bool descending = false;
  // By what those are ordered that are equal so far; what is equal in all, by id in the direction
  // of the last one. Lists that an index answers are ordered by nothing after a name.
  std::vector<Order> then = {};
};

struct PageAsked {
  std::uint64_t page = 1;       // 1-based
  std::uint64_t per_page = 30;  // 1 to 250
};

template <class T>
struct Page {
  std::vector<T> items;
  std::uint64_t total = 0;  // of all pages
};

struct PatchFilter {
  Values id = {};
  Values project = {};       // id or link name, in any case
  Values series = {};        // id
  Values submitter = {};     // id or address, in any case
  Values delegate = {};      // id or username
  bool undelegated = false;  // nobody's; with `delegate`: these too
  Values state = {};         // id, slug or name, in any case
  std::optional<bool> archived = {};
  Values hash = {};   // SHA-1 in any case
  Values msgid = {};  // without angle brackets
  Span date = {};
  std::string q = {};  // in the name, in any case
  std::string submitter_text =
      {};  // instead of `submitter`: words of the name or address, in any case
  // id name project date state archived submitter, and submitter_name and delegate_name (nobody
  // first); default id
  Order order = {};
};

struct SeriesFilter {
  Values project = {}, submitter = {};
  Span date = {};
  std::string q = {};
  Order order = {};  // id name date submitter; default id
};

struct CoverFilter {
  Values project = {}, submitter = {}, series = {}, msgid = {};
  Span date = {};
  std::string q = {};
  Order order = {};  // id name date submitter; default id
};

struct EventFilter {
  Values project = {}, category = {}, series = {}, patch = {}, cover = {}, actor = {};
  Span date = {};
  bool comments = true;  // comment events too (API 1.3 and later)
  Order order{.field = "date", .descending = true};
};

struct CheckFilter {
  Values id = {};
  Values project = {};  // id or link name, in any case
  Values user = {};     // id or username
  Values state = {};    // numbers
  Values context = {};  // exact
  Span date = {};
  Order order = {};  // any field of a check; default id
};

struct BundleFilter {
  Values project = {}, owner = {};
  std::optional<bool> is_public = {};
  std::string q = {};
  std::optional<Id> viewer = {};  // whose private bundles are seen, too
  Order order = {};               // id name owner; default id
};

struct NameFilter {
  std::string q = {};
  Order order = {};  // id name; default id
};

// An index makes long lists cheap; without one the store counts and orders them itself.
class ListIndex;

Page<Project> find_projects(store::Database& database, const NameFilter& filter, PageAsked page);
Page<Patch> find_patches(store::Database& database, const PatchFilter& filter, PageAsked page,
                         ListIndex* index = nullptr);
// Everybody whom patches like these are delegated to, by username; the order asked for is ignored.
std::vector<User> find_delegates(store::Database& database, const PatchFilter& filter,
                                 ListIndex* index = nullptr);
Page<Series> find_series(store::Database& database, const SeriesFilter& filter, PageAsked page,
                         ListIndex* index = nullptr);
Page<Cover> find_covers(store::Database& database, const CoverFilter& filter, PageAsked page,
                        ListIndex* index = nullptr);
Page<Event> find_events(store::Database& database, const EventFilter& filter, PageAsked page,
                        ListIndex* index = nullptr);
// No patch: of all of them.
Page<Check> find_checks(store::Database& database, std::optional<Id> patch,
                        const CheckFilter& filter, PageAsked page);
Page<Comment> find_patch_comments(store::Database& database, Id patch, const Order& order,
                                  PageAsked page);
Page<Comment> find_cover_comments(store::Database& database, Id cover, const Order& order,
                                  PageAsked page);
Page<Bundle> find_bundles(store::Database& database, const BundleFilter& filter, PageAsked page);
Page<User> find_users(store::Database& database, const NameFilter& filter, PageAsked page);
Page<Person> find_people(store::Database& database, const NameFilter& filter, PageAsked page);

}  // namespace patchmill::registry
