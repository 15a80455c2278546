#include "intake/detect.hpp"

#include "intake/inbox_mirror.hpp"
#include "intake/maildir.hpp"
#include "intake/mbox.hpp"
#include "intake/public_inbox.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <system_error>
#include <utility>

namespace patchmill::intake {
namespace fs = std::filesystem;
namespace {

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_bare_repository(const fs::path& path) {
  std::error_code error;
  return is_folder(path / "objects") && is_folder(path / "refs") &&
         fs::exists(path / "HEAD", error);
}

tl::unexpected<Error> unusable(const fs::path& path, std::string_view why) {
  return fail(ErrorKind::invalid, fmt::format("{} {}", escape_terminal(path.string()), why));
}

Result<DetectedSource> detect_folder(const fs::path& path) {
  if (is_folder(path / "cur") && is_folder(path / "new")) {
    return DetectedSource{SourceKind::maildir, path.string()};
  }
  if (is_bare_repository(path)) {
    return DetectedSource{SourceKind::epoch, path.string()};
  }
  if (!epochs_of(path).empty()) {
    return DetectedSource{SourceKind::inbox, path.string()};
  }
  if (is_bare_repository(path / ".git")) {
    return DetectedSource{SourceKind::epoch, (path / ".git").string()};
  }
  return unusable(path,
                  "is a folder, but no maildir (cur/ and new/), no public-inbox (git/0.git) and no "
                  "git repository of one; name the mbox or mail files themselves");
}

Result<DetectedSource> detect_file(const fs::path& path) {
  std::array<char, 512> bytes{};
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), bytes.size());
  if (file.bad() || (!file.is_open())) {
    return fail(ErrorKind::infrastructure, fmt::format("cannot read {}; are its permissions right?",
                                                       escape_terminal(path.string())));
  }
  const std::string_view head(bytes.data(), static_cast<std::size_t>(file.gcount()));
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> compressed = {
      {{"\x1f\x8b", "gunzip"},
       {"\xfd"
        "7zXZ",
        "unxz"},
       {"\x28\xb5\x2f\xfd", "unzstd"},
       {"BZh", "bunzip2"}}};
  for (const auto& [magic, program] : compressed) {
    if (head.starts_with(magic)) {
      return unusable(path, fmt::format("is compressed; unpack it first: {} {}", program,
                                        escape_terminal(path.string())));
    }
  }
  const auto text = head.substr(std::min(head.size(), head.find_first_not_of("\r\n")));
  if (text.empty() || text.starts_with("From ")) {
    return DetectedSource{SourceKind::mbox, path.string()};
  }
  const auto name = text.substr(0, text.find(':'));
  const bool field = name.size() < text.size() && !name.empty() &&
                     name.find_first_of(" \t\r\n") == std::string_view::npos;
  if (field || text.starts_with(">From ")) {
    return DetectedSource{SourceKind::single_mail, path.string()};
  }
  return unusable(
      path, "holds no mail: it begins neither with a \"From \" line (mbox) nor with a header");
}

}  // namespace

std::string_view to_string(SourceKind kind) {
  switch (kind) {
    case SourceKind::mbox:
      return "mbox";
    case SourceKind::single_mail:
      return "mail";
    case SourceKind::maildir:
      return "maildir";
    case SourceKind::inbox:
      return "public-inbox";
    case SourceKind::epoch:
      return "public-inbox repository";
    case SourceKind::url:
      return "public-inbox by URL";
  }
  return "unknown";
}

Result<DetectedSource> detect_source(std::string_view path_or_url) {
  if (path_or_url.find("://") != std::string_view::npos) {
    return DetectedSource{SourceKind::url, std::string(path_or_url)};
  }
  std::error_code error;
  const fs::path path = fs::canonical(fs::path(path_or_url), error);
  if (error) {
    const auto kind = error == std::errc::no_such_file_or_directory ? ErrorKind::not_found
                                                                    : ErrorKind::infrastructure;
    return fail(kind,
                fmt::format("cannot open {}: {}", escape_terminal(path_or_url), error.message()));
  }
  if (is_folder(path)) {
    return detect_folder(path);
  }
  if (!fs::is_regular_file(path, error)) {
    return unusable(path,
                    "is neither a file nor a folder; `patchmill receive` reads one mail from "
                    "standard input");
  }
  return detect_file(path);
}

Result<std::vector<std::unique_ptr<Source>>> open_sources(const DetectedSource& detected,
                                                          const fs::path& mirrors_dir) {
  std::vector<std::unique_ptr<Source>> sources;
  switch (detected.kind) {
    case SourceKind::mbox:
    case SourceKind::single_mail:
      sources.push_back(open_mbox(detected.location));
      break;
    case SourceKind::maildir:
      sources.push_back(open_maildir(detected.location));
      break;
    case SourceKind::epoch:
      sources.push_back(open_inbox_repository(detected.location, "inbox:" + detected.location));
      break;
    case SourceKind::inbox:
      for (const auto& epoch : epochs_of(detected.location)) {
        sources.push_back(open_inbox_repository(epoch, "inbox:" + epoch.string()));
      }
      break;
    case SourceKind::url: {
      PM_TRY_ASSIGN(const auto epochs, mirror_inbox(mirrors_dir, detected.location));
      for (const auto& epoch : epochs) {
        sources.push_back(open_inbox_repository(epoch.git_dir, epoch.key));
      }
      break;
    }
  }
  return sources;
}

}  // namespace patchmill::intake
