#pragma once
// Patchwork's XML-RPC (interface 1.3.0) at /xmlrpc/, for pwclient and scripts of its time. What
// differs from Patchwork on purpose: docs/patchwork-api.md.

#include "api/patchwork/api.hpp"
#include "http/router.hpp"

namespace patchmill::api::xmlrpc {

void add_routes(http::Router& router, patchwork::Options options);

}  // namespace patchmill::api::xmlrpc
