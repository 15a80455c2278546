#include "runtimes/checkout_state.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace patchmill::runtimes {
namespace {

constexpr std::string_view layout = "patchmill-checkout-1";

// After more crashes in a row than this the folder is filled again.
constexpr std::size_t max_towards = 8;

std::string boot_id() {
  const Fd fd(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  char buffer[64];
  const auto n = fd.valid() ? ::read(fd.get(), buffer, sizeof buffer) : 0;
  return n > 0 ? std::string(trim(std::string_view(buffer, static_cast<std::size_t>(n))))
               : std::string("unknown");
}

}  // namespace

bool CheckoutState::same_boot() const {
  return boot == boot_id();
}

std::optional<CheckoutState> read_state(const std::filesystem::path& file) {
  const auto text = read_file(file, 4096);
  if (!text) {
    return std::nullopt;
  }
  const auto words = split(trim(*text), ' ');
  if (words.size() < 3 || words.size() > 3 + max_towards || words[0] != layout) {
    return std::nullopt;
  }
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (!git::is_object_id(words[i])) {
      return std::nullopt;
    }
  }
  CheckoutState state;
  state.boot = words[1];
  state.holds = words[2];
  state.towards.assign(words.begin() + 3, words.end());
  return state;
}

Result<void> write_state(const std::filesystem::path& file, const git::ObjectId& holds,
                         const std::vector<git::ObjectId>& towards) {
  std::string text = std::string(layout) + " " + boot_id() + " " + holds;
  for (const git::ObjectId& commit : towards) {
    text += " " + commit;
  }
  return write_file_atomic(file, text + "\n");
}

}  // namespace patchmill::runtimes
