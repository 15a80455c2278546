#pragma once
// Projects, users and states as an operator wants them, brought into the registry.

#include "registry/mail_marks.hpp"
#include "registry/model.hpp"
#include "store/database.hpp"
#include "util/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::registry {

// Without a value: as it was; empty for a new one.
struct UserSetup {
  std::string username;
  std::optional<std::string> first_name = {}, last_name = {}, email = {};
};

// Who gets patches all of whose files are of one of his paths.
struct DelegationSetup {
  std::string path;  // a shell pattern; '*' crosses '/'
  std::string user;
  int priority = 0;  // the highest that fits counts
};

struct ProjectSetup {
  // Without a value: as it was, as maintainers may have changed it; for a new one empty, and the
  // link name for `name`.
  struct Fields {
    std::string link_name, list_id, subject_match;
    std::optional<std::string> name = {}, list_email = {}, web_url = {}, scm_url = {},
                               webscm_url = {}, list_archive_url = {}, list_archive_url_format = {},
                               commit_url_format = {};
    std::optional<bool> show_dependencies = {};
  };
  Fields project;
  std::vector<std::string> maintainers;  // usernames
  std::vector<DelegationSetup> delegation;
};

struct StateSetup {
  std::string name, slug;
  std::optional<Id> id;
  std::optional<bool> action_required;  // nothing: as it was; false for a new one
};

struct Setup {
  std::vector<UserSetup> users;
  std::vector<ProjectSetup> projects;
  std::vector<StateSetup> states;
  std::vector<TagWord> tags;  // none: the registry's stay
};

// "Under Review" -> "under-review".
std::string slug_of(std::string_view name);

// One transaction, idempotent. Projects are known by link name, users by username (both in any
// case), states by id where one is given, else by slug. What is not mentioned stays as it is; of a
// project that is, subject match, maintainers and delegation become those given. Nothing is changed
// when an error comes back (invalid: what contradicts what is there, or names nobody; one address
// of two users, in any case).
Result<void> set_up(store::Database& database, const Setup& setup);

}  // namespace patchmill::registry
