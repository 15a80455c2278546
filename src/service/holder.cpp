#include "service/holder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace patchmill::service {
namespace {

std::string host() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) {
    return "localhost";
  }
  return name.data();
}

}  // namespace

std::string holder_name() {
  return fmt::format("{}:{}", host(), ::getpid());
}

bool is_of_this_machine(std::string_view holder) {
  return holder.starts_with(host() + ":");
}

}  // namespace patchmill::service
