#include "service/holder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>

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

bool is_in_data_folder(const app::Config& config, const store::Database& database) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto folder = fs::canonical(config.data, error);
  return database.engine() == store::Engine::sqlite && !folder.empty() &&
         fs::canonical(config.store_url, error).parent_path() == folder;
}

std::string holder_name() {
  return fmt::format("{}:{}", host(), ::getpid());
}

bool is_of_this_machine(std::string_view holder) {
  return holder.starts_with(host() + ":");
}

std::function<bool(std::string_view)> gone_holders(const app::Config& config,
                                                   const store::Database& database) {
  return [everybody = is_in_data_folder(config, database)](std::string_view holder) {
    return !holder.empty() && (everybody || is_of_this_machine(holder));
  };
}

}  // namespace patchmill::service
