#include "api/patchwork/call.hpp"
#include "api/patchwork/mails.hpp"
#include "util/log.hpp"

namespace patchmill::api::patchwork {
namespace {

// Without the mail there is less to show, but what there is does not wait for it.
std::string raw_mail(Call& call, std::int64_t message) {
  auto raw = call.registry.mail(message);
  if (!raw) {
    log::warning("the mail of {} is not shown: {}", call.request.path, raw.error().message);
    return {};
  }
  return std::move(*raw);
}

template <class T, class Show>
http::Response show(Call& call, const std::optional<T>& thing, Show show_it) {
  if (!thing) {
    return not_found();
  }
  show_it(*thing);
  return rendered(call);
}

}  // namespace

void render_detail(Call& call, const registry::Patch& patch) {
  call.render.patch(patch, parts_of_submission(raw_mail(call, patch.message)));
}

void render_detail(Call& call, const registry::Comment& comment) {
  call.render.comment(comment, parts_of_comment(raw_mail(call, comment.message)));
}

http::Response answer_detail(Call& call) {
  Registry& known = call.registry;
  Render& render = call.render;
  const Id id = call.place.id;
  const Id part = call.place.part;
  switch (call.place.kind) {
    case Kind::index:
      render.index();
      return rendered(call);
    case Kind::project:
      return show(call, known.project(call.place.name),
                  [&](const auto& project) { render.project(project); });
    case Kind::series:
      return show(call, known.series(id), [&](const auto& series) { render.series(series); });
    case Kind::patch:
      return show(call, known.patch(id), [&](const auto& patch) { render_detail(call, patch); });
    case Kind::patch_comment:
      return show(call, known.patch_comment(id, part),
                  [&](const auto& comment) { render_detail(call, comment); });
    case Kind::check:
      return show(call, known.check(id, part), [&](const auto& check) { render.check(check); });
    case Kind::cover:
      return show(call, known.cover(id), [&](const auto& cover) {
        render.cover(cover, parts_of_submission(raw_mail(call, cover.message)));
      });
    case Kind::cover_comment:
      return show(call, known.cover_comment(id, part),
                  [&](const auto& comment) { render_detail(call, comment); });
    case Kind::bundle: {
      auto bundle = known.bundle(id);
      if (bundle && !bundle->is_public && (!call.who || call.who->id != bundle->owner.id)) {
        bundle.reset();  // that it is there is nobody else's business
      }
      return show(call, bundle, [&](const auto& shown) { render.bundle(shown); });
    }
    case Kind::user:
      return show(call, known.user(id), [&](const auto& user) {
        render.user(user, call.who && call.who->id == user.id);
      });
    case Kind::person:
      return show(call, known.person(id), [&](const auto& person) { render.person(person); });
    default:
      return not_found();
  }
}

}  // namespace patchmill::api::patchwork
