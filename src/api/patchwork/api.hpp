#pragma once
// Patchwork's REST API (1.0 to 1.4 and without a version), its downloads and its old links, over
// the registry. What differs from Patchwork on purpose: docs/patchwork-api.md.

#include "api/patchwork/registry.hpp"
#include "http/auth.hpp"
#include "http/router.hpp"

#include <string>

namespace patchmill::api::patchwork {

struct Options {
  OpenRegistry open;
  http::Authenticator* authenticator = nullptr;  // outlives the routes
  std::string public_url;                        // links begin with it; empty: the Host asked for
  bool is_private = false;                       // reading needs a token, too
};

// /api/…, downloads below /project/… (its pages are web::Site's), /series/N/mbox/, /patch/N/…,
// /cover/N/…, /comment/N/, /bundle/…/mbox/
void add_routes(http::Router& router, Options options);

}  // namespace patchmill::api::patchwork
