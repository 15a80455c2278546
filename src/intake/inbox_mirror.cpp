#include "intake/inbox_mirror.hpp"

#include "git/mirror.hpp"
#include "git/mirror_source.hpp"
#include "intake/inbox_manifest.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

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

std::string mirror_name(int epoch) {
  return epoch == InboxMirror::whole ? "only.git" : fmt::format("{}.git", epoch);
}

}  // namespace

InboxMirror::InboxMirror(std::string url, fs::path folder, std::string key)
    : m_url(std::move(url)), m_folder(std::move(folder)), m_key(std::move(key)) {}

Result<InboxMirror> InboxMirror::open(const fs::path& mirrors_dir, std::string_view given) {
  std::string url(given);
  while (url.ends_with('/')) {
    url.pop_back();
  }
  PM_TRY(git::parse_source(url));
  auto folder = mirrors_dir / folder_name(url);
  auto key = "inbox:" + git::without_credentials(url, url);
  return InboxMirror(std::move(url), std::move(folder), std::move(key));
}

// public-inbox serves both forms of addresses (PublicInbox::WWW); a folder on disk has the first.
Result<void> InboxMirror::find_form() {
  m_pattern.reset();
  for (const auto* pattern : {"/git/{}.git", "/{}"}) {
    if (is_repository(m_url + fmt::format(fmt::runtime(pattern), 0))) {
      m_pattern = pattern;
      return {};
    }
  }
  if (fs::exists(m_folder / mirror_name(0))) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format("{} does not answer as it did before; what was fetched then is in {}",
                    git::without_credentials(m_url, m_url), escape_terminal(m_folder.string())));
  }
  return {};
}

std::string InboxMirror::epoch_url(int epoch) const {
  return epoch == whole || !m_pattern ? m_url
                                      : m_url + fmt::format(fmt::runtime(*m_pattern), epoch);
}

bool InboxMirror::is_there(int epoch) const {
  return is_repository(epoch_url(epoch));
}

MirroredEpoch InboxMirror::here(int epoch) const {
  return {git::mirror_path(m_folder, mirror_name(epoch)),
          epoch == whole ? m_key : fmt::format("{}/{}", m_key, epoch)};
}

std::vector<int> InboxMirror::present() const {
  std::vector<int> found;
  std::error_code error;
  if (fs::exists(m_folder / mirror_name(whole), error)) {
    found.push_back(whole);
  }
  for (int n = 0; n < most_epochs && fs::exists(m_folder / mirror_name(n), error); ++n) {
    found.push_back(n);
  }
  return found;
}

Result<MirroredEpoch> InboxMirror::fetch(int epoch) const {
  git::MirrorSpec spec;
  spec.name = mirror_name(epoch);
  spec.url = epoch_url(epoch);
  PM_TRY(git::fetch_mirror(m_folder, spec));
  return here(epoch);
}

Result<std::vector<MirroredEpoch>> mirror_inbox(const fs::path& mirrors_dir, std::string_view url) {
  PM_TRY_ASSIGN(auto mirror, InboxMirror::open(mirrors_dir, url));
  PM_TRY(mirror.find_form());
  std::vector<MirroredEpoch> epochs;
  if (!mirror.has_epochs()) {
    PM_TRY_ASSIGN(auto only, mirror.fetch(InboxMirror::whole));
    epochs.push_back(std::move(only));
    return epochs;
  }
  for (int n = 0; n < most_epochs; ++n) {
    // An epoch we have must be there; one we do not have may be the end.
    if (n > 0 && !fs::exists(mirror.here(n).git_dir) && !mirror.is_there(n)) {
      break;
    }
    PM_TRY_ASSIGN(auto epoch, mirror.fetch(n));
    epochs.push_back(std::move(epoch));
  }
  return epochs;
}

}  // namespace patchmill::intake
