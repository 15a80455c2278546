#pragma once
// What another Patchwork knows, taken over with its ids.
//
// A row is put in before follow() sees its mail, so that follow() finds it and keeps its id. What
// is there already, from an earlier run or because follow() was first, stays as it is; an id that
// somebody else has is replaced by the next free one. No events are told, but for those the other
// kept and gives: nobody wants to hear of the past as if it happened now.

#include "registry/model.hpp"
#include "registry/writing.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::registry {

// A patch or a cover.
struct AdoptedMail {
  SubmissionRef self;
  Person submitter;                 // with the other's id
  std::optional<SeriesRef> series;  // with the other's id
  std::int64_t message = 0;         // tracker's row of the mail
  // Of patches:
  std::string state;  // slug
  bool archived = false;
  std::optional<User> delegate;
  std::optional<std::string> commit_ref, pull_url;
  std::vector<Id> related;
};

struct AdoptedComment {
  Id id = 0;
  std::string msgid, subject;
  Timestamp date{};
  Person submitter;
  std::optional<bool> addressed;
  std::int64_t message = 0;
};

struct AdoptedCounts {
  std::uint64_t projects = 0, series = 0, patches = 0, covers = 0, comments = 0, checks = 0,
                bundles = 0, events = 0;
  std::uint64_t known = 0;       // were there already
  std::uint64_t renumbered = 0;  // could not keep their id
};

// The largest id the other has given in this table ("registry_patches", …): until it is adopted,
// nobody here gets one up to there. In a transaction.
void keep_free(store::Database& database, std::string_view table, Id up_to);
// Everything is adopted: the next one is the one after the largest there is.
void release_kept(store::Database& database, std::string_view table);

// For one transaction, which it takes a turn in. Each returns the id here.
class Adopter {
 public:
  Adopter(store::Database& database, AdoptedCounts& counts);

  Id project(const Project& project);  // with its maintainers
  Id user(const User& user);
  Id person(const Person& person);
  // Names and order become the other's; ids, too, as long as there are no patches here.
  void states(const std::vector<State>& states);
  // By priority; nothing where the project has rules already.
  void delegation(Id project, const std::vector<std::pair<std::string, User>>& rules);
  // `project` and ids within are those here, but for ids of the mail, its series and its people.
  Id patch(const AdoptedMail& patch);
  Id cover(const AdoptedMail& cover);
  void patch_comment(Id patch, const AdoptedComment& comment);
  void cover_comment(Id cover, const AdoptedComment& comment);
  void check(Id patch, const Check& check);
  void bundle(const Bundle& bundle);  // patches are those here
  // One that names what is not here is left out.
  void event(Id id, Timestamp date, const NewEvent& event);
  Id state(const std::string& slug);  // made if need be
  void finish();

 private:
  std::optional<Id> series(const AdoptedMail& mail, Id submitter);
  Id id_for(std::string_view table, Id wanted);
  void comment(std::string_view what, Id about, const AdoptedComment& comment);

  store::Database& m_database;
  const std::int64_t m_change;
  AdoptedCounts& m_counts;
  std::set<Id> m_series, m_checked;
  Id m_newest_event = 0;
};

}  // namespace patchmill::registry
