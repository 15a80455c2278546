#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {

std::string Render::bundle_url(Id bundle) const {
  return m_api + "/bundles/" + std::to_string(bundle) + "/";
}

void Render::bundle(const registry::Bundle& bundle) {
  std::string place = m_base + "/bundle/";
  append_path_segment(place, bundle.owner.username);
  place += '/';
  append_path_segment(place, bundle.name);
  place += '/';
  id_and_url("bundles", bundle.id);
  if (m_version.has(1)) {
    out += ",\"web_url\":\"";
    out += place;
    out += '"';
  }
  out += ",\"project\":";
  out += text_of(bundle.project).embedded;
  out += ",\"name\":";
  append_string(out, bundle.name);
  out += ",\"owner\":";
  user_ref(bundle.owner);
  out += ",\"patches\":";
  patch_refs(bundle.patches);
  out += ",\"public\":";
  append_bool(out, bundle.is_public);
  out += ",\"mbox\":\"";
  out += place;
  out += "mbox/\"}";
}

}  // namespace patchmill::api::patchwork
