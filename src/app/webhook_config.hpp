#pragma once
// Who is told of what happens to the patches of a project.

#include "intake/secret.hpp"
#include "registry/model.hpp"

#include <set>
#include <string>

namespace patchmill::app {

struct WebhookConfig {
  std::string project;  // its link name
  std::string url;      // may hold secrets: only its origin is shown
  std::set<registry::Category> events;
  intake::Secret secret;         // of the signature; empty: there is none
  bool private_address = false;  // may be of this machine or of a private network
  bool operator==(const WebhookConfig&) const = default;
};

}  // namespace patchmill::app
