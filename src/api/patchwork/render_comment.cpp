#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {

// From "id" to "list_archive_url".
void Render::comment_urls(const registry::Comment& comment) {
  const ProjectText& project = text_of(comment.project);
  out += "{\"id\":";
  append_number(out, comment.id);
  if (m_version.has(3)) {
    out += ",\"url\":\"";
    out += m_api;
    out += comment.cover ? "/covers/" : "/patches/";
    append_number(out, comment.cover ? *comment.cover : comment.patch.value_or(0));
    out += "/comments/";
    append_number(out, comment.id);
    out += "/\"";
  }
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += m_base;
    out += "/comment/";
    append_number(out, comment.id);
    out += "/\"";
  }
  msgid(comment.msgid);
  std::string coded;
  append_msgid_segment(coded, comment.msgid);
  archive_url(project, coded);
  out += ",\"date\":";
  append_date(out, comment.date);
}

void Render::comment_ref(const registry::Comment& comment) {
  comment_urls(comment);
  out += '}';
}

void Render::comment(const registry::Comment& comment, const MailParts& mail) {
  comment_urls(comment);
  out += ",\"subject\":";
  append_string(out, comment.subject);
  submitter(comment.submitter);
  out += ",\"content\":";
  append_string(out, mail.content);
  headers(mail);
  if (m_version.has(3)) {
    out += ",\"addressed\":";
    if (comment.addressed) {
      append_bool(out, *comment.addressed);
    } else {
      out += "null";
    }
  }
  out += '}';
}

}  // namespace patchmill::api::patchwork
