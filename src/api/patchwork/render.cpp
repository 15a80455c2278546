#include "api/patchwork/render.hpp"

#include "api/patchwork/json_text.hpp"

#include <array>

namespace patchmill::api::patchwork {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

}  // namespace

Render::Render(Registry& registry, Version version, std::string_view base)
    : m_registry(registry),
      m_version(version),
      m_base(escaped(base)),
      m_api(m_base + version.prefix()) {}

void Render::index() {
  static constexpr std::array<std::string_view, 8> parts = {
      "projects", "users", "people", "patches", "covers", "series", "events", "bundles"};
  out += '{';
  for (const std::string_view part : parts) {
    if (out.back() != '{') {
      out += ',';
    }
    out += '"';
    out += part;
    out += "\":\"";
    out += m_api;
    out += '/';
    out += part;
    out += "/\"";
  }
  out += '}';
}

void Render::url(std::string_view kind, Id id) {
  out += ",\"url\":\"";
  out += m_api;
  out += '/';
  out += kind;
  out += '/';
  append_number(out, id);
  out += "/\"";
}

void Render::id_and_url(std::string_view kind, Id id) {
  out += "{\"id\":";
  append_number(out, id);
  url(kind, id);
}

void Render::msgid(std::string_view msgid) {
  out += ",\"msgid\":\"<";
  append_escaped(out, msgid);
  out += ">\"";
}

void Render::archive_url(const ProjectText& project, std::string_view coded_msgid) {
  if (!m_version.has(2)) {
    return;
  }
  if (!project.has_archive) {
    out += ",\"list_archive_url\":null";
    return;
  }
  out += ",\"list_archive_url\":\"";
  out += project.archive_before;
  out += coded_msgid;
  out += project.archive_after;
  out += '"';
}

void Render::mbox_url(const std::string& prefix, std::string_view coded_msgid) {
  out += ",\"mbox\":\"";
  out += prefix;
  out += coded_msgid;
  out += "/mbox/\"";
}

void Render::patch_ref(const registry::SubmissionRef& patch) {
  const ProjectText& project = text_of(patch.project);
  std::string coded;
  append_msgid_segment(coded, patch.msgid);
  id_and_url("patches", patch.id);
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += project.patches;
    out += coded;
    out += "/\"";
  }
  msgid(patch.msgid);
  archive_url(project, coded);
  out += ",\"date\":";
  append_date(out, patch.date);
  out += ",\"name\":";
  append_string(out, patch.name);
  mbox_url(project.patches, coded);
  out += '}';
}

void Render::cover_ref(const registry::SubmissionRef& cover) {
  const ProjectText& project = text_of(cover.project);
  std::string coded;
  append_msgid_segment(coded, cover.msgid);
  id_and_url("covers", cover.id);
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += project.covers;
    out += coded;
    out += "/\"";
  }
  msgid(cover.msgid);
  archive_url(project, coded);
  out += ",\"date\":";
  append_date(out, cover.date);
  out += ",\"name\":";
  append_string(out, cover.name);
  if (m_version.has(1)) {
    mbox_url(project.covers, coded);
  }
  out += '}';
}

void Render::patch_refs(const std::vector<registry::SubmissionRef>& patches) {
  out += '[';
  for (const auto& patch : patches) {
    if (out.back() != '[') {
      out += ',';
    }
    patch_ref(patch);
  }
  out += ']';
}

void Render::headers(const MailParts& mail) {
  out += ",\"headers\":{";
  // Patchwork shows every name once, where it comes first, with all its values.
  std::map<std::string, std::vector<std::string_view>> values;
  std::vector<std::string_view> names;
  for (const auto& [name, value] : mail.headers) {
    auto& of_name = values[name];
    if (of_name.empty()) {
      names.push_back(name);
    }
    of_name.push_back(value);
  }
  for (const std::string_view name : names) {
    if (out.back() != '{') {
      out += ',';
    }
    append_string(out, name);
    out += ':';
    const auto& all = values[std::string(name)];
    if (all.size() == 1) {
      append_string(out, all.front());
      continue;
    }
    out += '[';
    for (const std::string_view value : all) {
      if (out.back() != '[') {
        out += ',';
      }
      append_string(out, value);
    }
    out += ']';
  }
  out += '}';
}

}  // namespace patchmill::api::patchwork
