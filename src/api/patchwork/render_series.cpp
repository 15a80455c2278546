#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {

void Render::series_ref(const registry::SeriesRef& series) {
  id_and_url("series", series.id);
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += text_of(series.project).series;
    append_number(out, series.id);
    out += '"';
  }
  out += ",\"date\":";
  append_date(out, series.date);
  out += ",\"name\":";
  append_string_or_null(out, series.name);
  out += ",\"version\":";
  append_number(out, series.version);
  out += ",\"mbox\":\"";
  out += m_base;
  out += "/series/";
  append_number(out, series.id);
  out += "/mbox/\"}";
}

void Render::series_of(const std::optional<registry::SeriesRef>& series) {
  out += ",\"series\":[";
  if (series) {
    series_ref(*series);
  }
  out += ']';
}

void Render::series_urls(const std::vector<Id>& series) {
  out += '[';
  for (const Id id : series) {
    if (out.back() != '[') {
      out += ',';
    }
    out += '"';
    out += m_api;
    out += "/series/";
    append_number(out, id);
    out += "/\"";
  }
  out += ']';
}

void Render::series(const registry::Series& series) {
  const ProjectText& project = text_of(series.self.project);
  id_and_url("series", series.self.id);
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += project.series;
    append_number(out, series.self.id);
    out += '"';
  }
  out += ",\"project\":";
  out += project.embedded;
  out += ",\"name\":";
  append_string_or_null(out, series.self.name);
  out += ",\"date\":";
  append_date(out, series.self.date);
  submitter(series.submitter);
  out += ",\"version\":";
  append_number(out, series.self.version);
  out += ",\"total\":";
  append_number(out, series.total);
  out += ",\"received_total\":";
  append_number(out, series.received_total());
  out += ",\"received_all\":";
  append_bool(out, series.received_all());
  out += ",\"mbox\":\"";
  out += m_base;
  out += "/series/";
  append_number(out, series.self.id);
  out += "/mbox/\",\"cover_letter\":";
  if (series.cover) {
    cover_ref(*series.cover);
  } else {
    out += "null";
  }
  out += ",\"patches\":";
  patch_refs(series.patches);
  if (m_version.has(4) && project.show_dependencies) {
    out += ",\"dependencies\":";
    series_urls(series.dependencies);
    out += ",\"dependents\":";
    series_urls(series.dependents);
  }
  out += '}';
}

}  // namespace patchmill::api::patchwork
