#pragma once
// What get_maintainer.pl --roles prints.

#include "mail/address.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::checks {

struct Expected {
  mail::Address address;
  std::string role;     // "maintainer:NETWORKING [GENERAL]", "open list:..."
  bool blamed = false;  // by a Fixes: tag, not by MAINTAINERS
};

// Lines "Name <mail> (role)" and "list@x (open list:…)"; lines without an address are passed over.
std::vector<Expected> parse_maintainers(std::string_view output);

}  // namespace patchmill::checks
