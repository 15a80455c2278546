#include "api/patchwork/json_text.hpp"
#include "api/patchwork/render.hpp"

namespace patchmill::api::patchwork {

std::string_view category_name(registry::Category category) {
  using registry::Category;
  switch (category) {
    case Category::cover_created:
      return "cover-created";
    case Category::patch_created:
      return "patch-created";
    case Category::patch_completed:
      return "patch-completed";
    case Category::patch_state_changed:
      return "patch-state-changed";
    case Category::patch_delegated:
      return "patch-delegated";
    case Category::patch_relation_changed:
      return "patch-relation-changed";
    case Category::check_created:
      return "check-created";
    case Category::series_created:
      return "series-created";
    case Category::series_completed:
      return "series-completed";
    case Category::cover_comment_created:
      return "cover-comment-created";
    case Category::patch_comment_created:
      return "patch-comment-created";
  }
  return "";
}

void Render::event(const registry::Event& event) {
  using registry::Category;
  out += "{\"id\":";
  append_number(out, event.id);
  out += ",\"category\":\"";
  out += category_name(event.category);
  out += "\",\"project\":";
  out += text_of(event.project).embedded;
  out += ",\"date\":";
  append_date(out, event.date);
  out += ",\"actor\":";
  user_ref(event.actor);
  out += ",\"payload\":{";
  const auto key = [this](std::string_view name) {
    if (out.back() != '{') {
      out += ',';
    }
    out += '"';
    out += name;
    out += "\":";
  };
  // What an event is about may be gone from what was imported: then the key is there with null.
  const auto about = [&](std::string_view name, const auto& thing, auto render) {
    key(name);
    if (thing) {
      (this->*render)(*thing);
    } else {
      out += "null";
    }
  };
  const auto patch = [&] { about("patch", event.patch, &Render::patch_ref); };
  const auto series = [&] { about("series", event.series, &Render::series_ref); };
  switch (event.category) {
    case Category::cover_created:
      about("cover", event.cover, &Render::cover_ref);
      break;
    case Category::patch_created:
      patch();
      break;
    case Category::patch_completed:
      patch();
      series();
      break;
    case Category::patch_state_changed:
      patch();
      key("previous_state");
      append_string(out, event.previous_state);
      key("current_state");
      append_string(out, event.current_state);
      break;
    case Category::patch_delegated:
      patch();
      key("previous_delegate");
      user_ref(event.previous_delegate);
      key("current_delegate");
      user_ref(event.current_delegate);
      break;
    case Category::patch_relation_changed:
      patch();
      key("previous_relation");
      out += "null";
      key("current_relation");
      out += "null";
      break;
    case Category::check_created:
      patch();
      about("check", event.check, &Render::check_ref);
      break;
    case Category::series_created:
    case Category::series_completed:
      series();
      break;
    case Category::cover_comment_created:
      about("cover", event.cover, &Render::cover_ref);
      about("comment", event.comment, &Render::comment_ref);
      break;
    case Category::patch_comment_created:
      patch();
      about("comment", event.comment, &Render::comment_ref);
      break;
  }
  out += "}}";
}

}  // namespace patchmill::api::patchwork
