#include "app/patchwork_bundles.hpp"

#include "app/patchwork_lists.hpp"
#include "app/patchwork_objects.hpp"
#include "patchwork/answer.hpp"
#include "registry/get.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace patchmill::app {

Result<void> import_bundles(store::Database& database, patchwork::Instance& instance,
                            PatchworkStore& store, const PatchworkPlace& place,
                            PatchworkImportReport& report) {
  int status = 0;
  auto list = read_list(instance,
                        instance.get(fmt::format("bundles/?project={}&per_page=100", place.there)),
                        &status);
  if (!list && list.error().kind == ErrorKind::not_found) {
    return {};
  }
  // Each run asks for all of them.
  if (!list && only_this(list.error(), status)) {
    report.left_out.push_back(
        {list.error().kind,
         fmt::format("bundles of {}: {}", escape_terminal(place.project.link_name),
                     list.error().message)});
    return {};
  }
  PM_TRY(list);
  std::vector<registry::Bundle> bundles;
  for (const auto& one : *list) {
    const auto* object = one.if_object();
    const auto* owner = object != nullptr ? patchwork::object_of(*object, "owner") : nullptr;
    if (owner == nullptr) {
      continue;
    }
    registry::Bundle bundle;
    bundle.id = patchwork::id_of(*object, "id").value_or(0);
    bundle.project = place.project.id;
    bundle.name = patchwork::text_of(*object, "name").substr(0, 255);
    bundle.owner = adopted_user(*owner);
    const auto* is_public = object->if_contains("public");
    bundle.is_public = is_public != nullptr && is_public->is_bool() && is_public->get_bool();
    bool is_whole = true;
    if (const auto* patches = patchwork::array_of(*object, "patches")) {
      for (const auto& value : *patches) {
        const auto ref =
            value.is_object() ? adopted_mail(value.get_object()).self : registry::SubmissionRef{};
        if (const auto patch = registry::patch(database, place.project.id, ref.msgid)) {
          bundle.patches.push_back(patch->self);
        } else {
          is_whole = false;
        }
      }
    }
    // One that is here is not changed any more.
    if (!is_whole && report.missed > 0) {
      report.left_out.push_back(
          {ErrorKind::infrastructure,
           fmt::format("bundle {} of {}: it comes when all its patches are here", bundle.id,
                       escape_terminal(place.project.link_name))});
      continue;
    }
    if (!bundle.name.empty() && !bundle.owner.username.empty()) {
      bundles.push_back(std::move(bundle));
    }
  }
  store.adopt([&](registry::Adopter& adopter) {
    for (const auto& bundle : bundles) {
      adopter.bundle(bundle);
    }
  });
  return {};
}

}  // namespace patchmill::app
