#include "api/patchwork/patch_mbox.hpp"

#include "api/patchwork/mails.hpp"
#include "api/patchwork/mbox.hpp"

namespace patchmill::api::patchwork {

std::string list_email(Registry& registry, Id project) {
  const auto known = registry.project(project);
  return known ? known->list_email : "";
}

std::string responses_to(Registry& registry, const std::vector<registry::Comment>& comments) {
  std::string found;
  for (const auto& comment : comments) {
    if (const auto raw = registry.mail(comment.message)) {
      found += responses_in(parts_of_comment(*raw).content);
    }
  }
  return found;
}

Result<std::string> mbox_of_patch(Registry& registry, const registry::Patch& patch) {
  PM_TRY_ASSIGN(const auto raw, registry.mail(patch.message));
  Submission submission{patch.self.id, patch.self.date, patch.submitter,
                        patch.delegate ? patch.delegate->email : "",
                        list_email(registry, patch.self.project)};
  return mbox_of(submission, parts_of_submission(raw),
                 responses_to(registry, registry.comments_of(patch.self.id)));
}

}  // namespace patchmill::api::patchwork
