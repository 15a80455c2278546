#pragma once
// What the setup of the registry decides about a mail that comes in.

#include "registry/mail_marks.hpp"
#include "registry/model.hpp"
#include "registry/subject_pattern.hpp"
#include "store/database.hpp"
#include "tracker/mail_rows.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::registry {

// As it stands in the store when the object is made.
class FollowRules {
 public:
  explicit FollowRules(store::Database& database);

  [[nodiscard]] bool any_project() const { return !m_projects.empty(); }
  // The projects of the lists a mail came by, ascending: of each list the first project whose
  // pattern is found in the subject, else the one that takes every subject.
  [[nodiscard]] std::vector<Id> projects_of(const tracker::MailRow& mail) const;
  [[nodiscard]] bool delegates_by_path() const { return !m_delegation.empty(); }
  // A state by its name, in any case; the first state for any other.
  [[nodiscard]] Id state_of(std::string_view name) const;
  // Who is named by the mail and maintains the project: anybody writes mails, and a delegate may
  // change the patch. Else who every file of the patch belongs to.
  [[nodiscard]] std::optional<Id> delegate_of(Id project, const MailMarks& marks) const;
  // Whether the mail names somebody who cannot be the delegate.
  [[nodiscard]] bool ignores_delegate(Id project, const MailMarks& marks) const;
  // The user with this address, in lower case.
  [[nodiscard]] std::optional<Id> user_with(const std::string& email_key) const;
  [[nodiscard]] const std::vector<TagWord>& tags() const { return m_tags; }
  // Equal as long as the same mails belong to the same projects.
  [[nodiscard]] const std::string& fingerprint() const { return m_fingerprint; }

 private:
  struct Listed {
    Id id = 0;
    std::string list;                       // in lower case
    std::optional<SubjectPattern> pattern;  // nothing: every subject
  };
  struct Delegation {
    std::string path;
    Id user = 0;
  };
  void read_projects(store::Database& database);
  [[nodiscard]] std::optional<Id> maintainer_named(Id project, const MailMarks& marks) const;

  std::vector<Listed> m_projects;  // by id
  std::map<Id, std::vector<Delegation>> m_delegation;
  std::map<std::string, Id> m_states;  // by name in lower case
  Id m_first_state = 0;
  std::map<std::string, Id> m_users;          // by address in lower case
  std::set<std::pair<Id, Id>> m_maintainers;  // project and user
  std::vector<TagWord> m_tags;
  std::string m_fingerprint;
};

}  // namespace patchmill::registry
