#include "intake/inbox_mirror.hpp"

#include "git/mirror.hpp"
#include "git/mirror_source.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

constexpr int most_epochs = 1000;

// A folder name that a person recognises and that no URL can choose.
std::string folder_name(std::string_view url) {
  std::string readable;
  const auto scheme = url.find("://");
  const auto place = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  for (const char c : to_lower(place.substr(place.find('@') + 1))) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    readable += plain ? c : '-';
  }
  return fmt::format("i-{}-{}", readable.substr(0, 80), sha256_hex(url).substr(0, 12));
}

bool is_repository(const std::string& url) {
  const auto source = git::parse_source(url);
  const auto refs = source ? git::list_refs(*source) : tl::unexpected(source.error());
  return refs && !refs->refs.empty();
}

Result<MirroredEpoch> fetch(const fs::path& folder, std::string name, const std::string& url,
                            std::string key) {
  git::MirrorSpec spec;
  spec.name = std::move(name);
  spec.url = url;
  PM_TRY(git::fetch_mirror(folder, spec));
  return MirroredEpoch{git::mirror_path(folder, spec.name), std::move(key)};
}

// How the epochs of an inbox are addressed, or nothing when the URL has none. public-inbox serves
// both forms (PublicInbox::WWW); a folder on disk has the first.
std::optional<std::string> find_pattern(const std::string& url) {
  for (const auto* pattern : {"/git/{}.git", "/{}"}) {
    if (is_repository(url + fmt::format(fmt::runtime(pattern), 0))) {
      return pattern;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<MirroredEpoch>> mirror_inbox(const fs::path& mirrors_dir,
                                                std::string_view given) {
  std::string url(given);
  while (url.ends_with('/')) {
    url.pop_back();
  }
  PM_TRY(git::parse_source(url));
  const auto folder = mirrors_dir / folder_name(url);
  const std::string key = "inbox:" + git::without_credentials(url, url);
  std::vector<MirroredEpoch> epochs;
  const auto pattern = find_pattern(url);
  if (!pattern) {
    if (fs::exists(folder / "0.git")) {
      return fail(
          ErrorKind::infrastructure,
          fmt::format("{} does not answer as it did before; what was fetched then is in {}",
                      git::without_credentials(url, url), escape_terminal(folder.string())));
    }
    PM_TRY_ASSIGN(auto only, fetch(folder, "only.git", url, key));
    epochs.push_back(std::move(only));
    return epochs;
  }
  for (int n = 0; n < most_epochs; ++n) {
    const std::string epoch_url = url + fmt::format(fmt::runtime(*pattern), n);
    const std::string name = fmt::format("{}.git", n);
    // An epoch we have must be there; one we do not have may be the end.
    if (n > 0 && !fs::exists(folder / name) && !is_repository(epoch_url)) {
      break;
    }
    PM_TRY_ASSIGN(auto epoch, fetch(folder, name, epoch_url, fmt::format("{}/{}", key, n)));
    epochs.push_back(std::move(epoch));
  }
  return epochs;
}

}  // namespace patchmill::intake
