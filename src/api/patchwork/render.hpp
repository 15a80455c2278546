#pragma once
// Objects of the registry as JSON of one version of Patchwork's API. Keys come in Patchwork's
// order.
//
// render_*.cpp: one file for each kind of object.

#include "api/patchwork/registry.hpp"
#include "api/patchwork/version.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::api::patchwork {

// The parts of a mail that Patchwork shows.
struct MailParts {
  std::vector<std::pair<std::string, std::string>> headers;  // as sent, folded and coded
  std::string content;                                       // UTF-8, without the diff
  std::string diff;                                          // bytes; empty: none
};

// Puts JSON into `out`. Belongs to one request: what repeats in a page (projects and their links)
// is rendered once and copied.
class Render {
 public:
  // `base`: "https://host[/path]" that links begin with. The registry outlives it.
  Render(Registry& registry, Version version, std::string_view base);

  std::string out;

  void index();
  void project(const registry::Project& project);
  void series(const registry::Series& series);
  void patch(const registry::Patch& patch);
  void patch(const registry::Patch& patch, const MailParts& mail);  // in detail
  void cover(const registry::Cover& cover);
  void cover(const registry::Cover& cover, const MailParts& mail);
  void comment(const registry::Comment& comment, const MailParts& mail);
  void check(const registry::Check& check);
  void event(const registry::Event& event);
  void bundle(const registry::Bundle& bundle);
  void user(const registry::User& user, bool with_settings);
  void person(const registry::Person& person);

  // Links, not escaped for JSON.
  [[nodiscard]] std::string check_url(Id patch, Id check) const;
  [[nodiscard]] std::string bundle_url(Id bundle) const;

  [[nodiscard]] const Version& version() const { return m_version; }

 private:
  // What every object of a project needs, escaped for JSON.
  struct ProjectText {
    std::string embedded;         // the object
    std::string patches, covers;  // "…/project/LINK/patch/"
    std::string series;           // "…/project/LINK/list/?series="
    bool has_archive = false;
    std::string archive_before, archive_after;  // around the Message-ID
    bool show_dependencies = false;
  };
  const ProjectText& text_of(Id project);
  void project_fields(const registry::Project& project, bool embedded);

  // ,"url":"BASE/KIND/ID/" with the kind as "patches".
  void url(std::string_view kind, Id id);
  void id_and_url(std::string_view kind, Id id);  // {"id":…,"url":…
  void archive_url(const ProjectText& project, std::string_view coded_msgid);
  void mbox_url(const std::string& prefix, std::string_view coded_msgid);
  void msgid(std::string_view msgid);
  void headers(const MailParts& mail);

  void patch_ref(const registry::SubmissionRef& patch);
  void cover_ref(const registry::SubmissionRef& cover);
  void patch_refs(const std::vector<registry::SubmissionRef>& patches);
  void series_ref(const registry::SeriesRef& series);
  void series_of(const std::optional<registry::SeriesRef>& series);  // as a list
  void user_ref(const registry::User& user);
  void user_ref(const std::optional<registry::User>& user);
  void submitter(const registry::Person& person);
  void check_ref(const registry::Check& check);
  void comment_ref(const registry::Comment& comment);
  void comment_urls(const registry::Comment& comment);
  void series_urls(const std::vector<Id>& series);
  void patch_fields(const registry::Patch& patch);
  void cover_fields(const registry::Cover& cover);

  Registry& m_registry;
  const Version m_version;
  const std::string m_base;  // escaped for JSON, as the two below
  const std::string m_api;   // of this version
  std::map<Id, ProjectText> m_projects;
};

std::string_view check_state_name(registry::CheckState state);
// "patch-created".
std::string_view category_name(registry::Category category);

}  // namespace patchmill::api::patchwork
