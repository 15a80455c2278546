#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {

void Render::cover_fields(const registry::Cover& cover) {
  const ProjectText& project = text_of(cover.self.project);
  std::string coded;
  append_msgid_segment(coded, cover.self.msgid);
  id_and_url("covers", cover.self.id);
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += project.covers;
    out += coded;
    out += "/\"";
  }
  out += ",\"project\":";
  out += project.embedded;
  msgid(cover.self.msgid);
  archive_url(project, coded);
  out += ",\"date\":";
  append_date(out, cover.self.date);
  out += ",\"name\":";
  append_string(out, cover.self.name);
  submitter(cover.submitter);
  if (m_version.has(1)) {
    mbox_url(project.covers, coded);
  }
  series_of(cover.series);
  if (m_version.has(1)) {
    out += ",\"comments\":\"";
    out += m_base;
    out += "/api/covers/";
    append_number(out, cover.self.id);
    out += "/comments/\"";
  }
}

void Render::cover(const registry::Cover& cover) {
  cover_fields(cover);
  out += '}';
}

void Render::cover(const registry::Cover& cover, const MailParts& mail) {
  cover_fields(cover);
  headers(mail);
  out += ",\"content\":";
  append_string(out, mail.content);
  out += '}';
}

}  // namespace patchmill::api::patchwork
