#pragma once
// What people and machines know about patches besides the mails: projects, people, users, states,
// delegates, checks, comments, bundles, relations and their events, as Patchwork has them.
//
// Ids are Patchwork's: small numbers of their own for each kind, never given twice, kept when a
// Patchwork is imported.

#include "util/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::registry {

using Id = std::int64_t;

struct User {
  Id id = 0;
  std::string username, first_name, last_name, email;
  bool send_email = false;
  int items_per_page = 100;
  bool show_ids = false;
};

struct Person {
  Id id = 0;
  std::string name, email;   // the name may be empty
  std::optional<User> user;  // whose address it is
};

// A project is one list, or the part of it that subject_match takes.
struct Project {
  Id id = 0;
  std::string name, link_name, list_id, list_email;
  std::string web_url, scm_url, webscm_url;
  std::string list_archive_url;
  std::string list_archive_url_format;  // {} stands for the Message-ID
  std::string commit_url_format;        // {} stands for the commit
  std::string subject_match;            // a regular expression; empty: every subject
  bool show_dependencies = false;
  std::vector<User> maintainers;  // by id
};

struct State {
  Id id = 0;
  std::string name;  // "Under Review"
  std::string slug;  // "under-review"
  int ordering = 0;
  bool action_required = false;
};

// A patch or a cover as others name it.
struct SubmissionRef {
  Id id = 0;
  Id project = 0;
  std::string msgid;  // without angle brackets
  Timestamp date{};
  std::string name;
};

// A series as its patches name it.
struct SeriesRef {
  Id id = 0;
  Id project = 0;
  Timestamp date{};
  std::optional<std::string> name;
  int version = 1;
};

enum class CheckState { pending = 0, success = 1, warning = 2, fail = 3 };  // Patchwork's numbers

struct Check {
  Id id = 0;
  Id patch = 0;
  User user;
  Timestamp date{};
  CheckState state = CheckState::pending;
  std::optional<std::string> target_url;
  std::string context = "default";
  std::optional<std::string> description;
};

struct Patch {
  SubmissionRef self;
  std::optional<std::string> commit_ref, pull_url, hash;
  std::string state;  // slug
  bool archived = false;
  Person submitter;
  std::optional<User> delegate;
  std::optional<SeriesRef> series;
  std::optional<int> number;               // within the series
  CheckState check = CheckState::pending;  // of the newest checks of every context the worst
  std::vector<SubmissionRef> related;      // by id, without itself
  std::int64_t message = 0;                // tracker's row of the mail
};

struct Cover {
  SubmissionRef self;
  Person submitter;
  std::optional<SeriesRef> series;
  std::int64_t message = 0;
};

struct Series {
  SeriesRef self;
  Person submitter;
  int total = 0;
  std::optional<SubmissionRef> cover;
  std::vector<SubmissionRef> patches;  // by number, with those it carries over from an earlier one
  std::vector<Id> dependencies, dependents;  // series, ascending
  std::int64_t number = 0;                   // tracker's series

  [[nodiscard]] int received_total() const { return static_cast<int>(patches.size()); }
  [[nodiscard]] bool received_all() const { return total <= received_total(); }
};

struct Comment {
  Id id = 0;
  std::optional<Id> patch, cover;  // what it is about: one of them
  Id project = 0;
  std::string msgid;  // without angle brackets
  Timestamp date{};
  std::string subject;
  Person submitter;
  std::optional<bool> addressed;  // nothing: nobody asked for action
  std::int64_t message = 0;
};

struct Bundle {
  Id id = 0;
  Id project = 0;
  std::string name;
  User owner;
  bool is_public = false;
  std::vector<SubmissionRef> patches;  // in the order they were put in
};

enum class Category {
  cover_created,
  patch_created,
  patch_completed,
  patch_state_changed,
  patch_delegated,
  patch_relation_changed,
  check_created,
  series_created,
  series_completed,
  cover_comment_created,
  patch_comment_created,
};

struct Event {
  Id id = 0;  // grows in the order of commits
  Category category{};
  Id project = 0;
  Timestamp date{};
  std::optional<User> actor;
  std::optional<SubmissionRef> patch, cover;
  std::optional<SeriesRef> series;
  std::optional<Check> check;
  std::optional<Comment> comment;
  std::string previous_state, current_state;  // slugs
  std::optional<User> previous_delegate, current_delegate;
};

}  // namespace patchmill::registry
