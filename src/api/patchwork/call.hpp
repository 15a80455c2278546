#pragma once
// One request to the API on its way, and the functions that answer it.

#include "api/patchwork/answers.hpp"
#include "api/patchwork/place.hpp"
#include "api/patchwork/registry.hpp"
#include "api/patchwork/render.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

struct Call {
  const http::Request& request;
  Place place;
  Registry& registry;
  std::optional<registry::User> who;  // none: anonymous, or the owner of the token is no user
  std::string url;                    // of what is asked for, without the query
  Render render;
};

// The answer to who may not write at all; nothing when `call.who` is there and the token allows it.
std::optional<http::Response> refuse_write(const Call& call, std::string_view scope);

// 200 with what was rendered.
http::Response rendered(Call& call, int status = 200);
http::Response not_found();

// Each for the kinds of its file; the method is one that the place allows.
http::Response answer_list(Call& call);
http::Response answer_detail(Call& call);
http::Response add_check(Call& call);
http::Response change_patch(Call& call);
http::Response change_comment(Call& call);
http::Response add_bundle(Call& call);
http::Response change_bundle(Call& call);
http::Response remove_bundle(Call& call);
http::Response change_project(Call& call);

void render_detail(Call& call, const registry::Patch& patch);
void render_detail(Call& call, const registry::Comment& comment);

}  // namespace patchmill::api::patchwork
