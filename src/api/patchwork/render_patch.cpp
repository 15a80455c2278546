#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"
#include "mail/subject.hpp"

namespace patchmill::api::patchwork {

void Render::patch_fields(const registry::Patch& patch) {
  const ProjectText& project = text_of(patch.self.project);
  std::string coded;
  append_msgid_segment(coded, patch.self.msgid);
  id_and_url("patches", patch.self.id);
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += project.patches;
    out += coded;
    out += "/\"";
  }
  out += ",\"project\":";
  out += project.embedded;
  msgid(patch.self.msgid);
  archive_url(project, coded);
  out += ",\"date\":";
  append_date(out, patch.self.date);
  out += ",\"name\":";
  append_string(out, patch.self.name);
  out += ",\"commit_ref\":";
  append_string_or_null(out, patch.commit_ref);
  out += ",\"pull_url\":";
  append_string_or_null(out, patch.pull_url);
  out += ",\"state\":";
  append_string(out, patch.state);
  out += ",\"archived\":";
  append_bool(out, patch.archived);
  out += ",\"hash\":";
  append_string_or_null(out, patch.hash);
  submitter(patch.submitter);
  out += ",\"delegate\":";
  user_ref(patch.delegate);
  mbox_url(project.patches, coded);
  series_of(patch.series);
  // Patchwork leaves the version out of these two, and clients follow what they are given.
  if (m_version.has(1)) {
    out += ",\"comments\":\"";
    out += m_base;
    out += "/api/patches/";
    append_number(out, patch.self.id);
    out += "/comments/\"";
  }
  out += ",\"check\":\"";
  out += check_state_name(patch.check);
  out += "\",\"checks\":\"";
  out += m_base;
  out += "/api/patches/";
  append_number(out, patch.self.id);
  out += "/checks/\",\"tags\":{}";
  if (m_version.has(2)) {
    out += ",\"related\":";
    patch_refs(patch.related);
  }
}

void Render::patch(const registry::Patch& patch) {
  patch_fields(patch);
  out += '}';
}

void Render::patch(const registry::Patch& patch, const MailParts& mail) {
  patch_fields(patch);
  headers(mail);
  out += ",\"content\":";
  append_string(out, mail.content);
  out += ",\"diff\":";
  if (mail.diff.empty()) {
    out += "null";
  } else {
    append_string(out, mail.diff);
  }
  out += ",\"prefixes\":[";
  for (const std::string& prefix : mail::parse_subject(patch.self.name).tokens) {
    if (out.back() != '[') {
      out += ',';
    }
    append_string(out, prefix);
  }
  out += "]}";
}

}  // namespace patchmill::api::patchwork
