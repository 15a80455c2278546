#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {
namespace {

void text(std::string& out, std::string_view key, std::string_view value) {
  out += ",\"";
  out += key;
  out += "\":";
  append_string(out, value);
}

}  // namespace

void Render::project_fields(const registry::Project& project, bool embedded) {
  id_and_url("projects", project.id);
  text(out, "name", project.name);
  text(out, "link_name", project.link_name);
  text(out, "list_id", project.list_id);
  text(out, "list_email", project.list_email);
  text(out, "web_url", project.web_url);
  text(out, "scm_url", project.scm_url);
  text(out, "webscm_url", project.webscm_url);
  if (!embedded) {
    out += ",\"maintainers\":[";
    for (const auto& maintainer : project.maintainers) {
      if (out.back() != '[') {
        out += ',';
      }
      user_ref(maintainer);
    }
    out += ']';
    if (m_version.has(1)) {
      text(out, "subject_match", project.subject_match);
    }
  }
  if (m_version.has(2)) {
    text(out, "list_archive_url", project.list_archive_url);
    text(out, "list_archive_url_format", project.list_archive_url_format);
    text(out, "commit_url_format", project.commit_url_format);
  }
  if (!embedded && m_version.has(4)) {
    out += ",\"show_dependencies\":";
    append_bool(out, project.show_dependencies);
  }
  out += '}';
}

void Render::project(const registry::Project& project) {
  project_fields(project, false);
}

const Render::ProjectText& Render::text_of(Id id) {
  const auto known = m_projects.find(id);
  if (known != m_projects.end()) {
    return known->second;
  }
  registry::Project project;
  project.id = id;
  if (auto found = m_registry.project(id)) {
    project = std::move(*found);
  }
  ProjectText made;
  std::string kept = std::move(out);
  out.clear();
  project_fields(project, true);
  made.embedded = std::move(out);
  out = std::move(kept);

  std::string place = m_base + "/project/";
  std::string link;
  append_path_segment(link, project.link_name);
  place += link;
  made.patches = place + "/patch/";
  made.covers = place + "/cover/";
  made.series = place + "/list/?series=";
  const std::string& format = project.list_archive_url_format;
  if (!format.empty()) {
    const auto hole = format.find("{}");
    made.has_archive = true;
    append_escaped(made.archive_before, std::string_view(format).substr(0, hole));
    if (hole != std::string::npos) {
      append_escaped(made.archive_after, std::string_view(format).substr(hole + 2));
    }
  }
  made.show_dependencies = project.show_dependencies;
  return m_projects.emplace(id, std::move(made)).first->second;
}

}  // namespace patchmill::api::patchwork
