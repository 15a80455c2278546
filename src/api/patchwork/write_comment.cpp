#include "api/patchwork/call.hpp"
#include "api/patchwork/fields.hpp"
#include "api/scopes.hpp"

namespace patchmill::api::patchwork {

http::Response change_comment(Call& call) {
  if (auto refused = refuse_write(call, scope::patches)) {
    return std::move(*refused);
  }
  const bool of_patch = call.place.kind == Kind::patch_comment;
  const Id about = call.place.id;
  const Id id = call.place.part;
  const auto comment =
      of_patch ? call.registry.patch_comment(about, id) : call.registry.cover_comment(about, id);
  if (!comment) {
    return not_found();
  }
  auto fields = Fields::read(call.request);
  if (!fields) {
    return std::move(fields.error());
  }
  const auto addressed = fields->nullable_boolean("addressed");
  if (!fields->errors().empty()) {
    return fields->errors().answer();
  }
  // Who may not is told so, also when nothing would change.
  const auto to = addressed.given ? addressed.value : comment->addressed;
  const auto changed = of_patch ? call.registry.address_patch_comment(*call.who, about, id, to)
                                : call.registry.address_cover_comment(*call.who, about, id, to);
  if (!changed) {
    return problem(changed.error());
  }
  render_detail(call, *changed);
  return rendered(call);
}

}  // namespace patchmill::api::patchwork
