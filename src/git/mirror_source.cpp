#include "git/mirror_source.hpp"

#include "git/path_rules.hpp"
#include "git/repository.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::git {

namespace fs = std::filesystem;

namespace {

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// "host:path" and "user@host:path", the form of scp(1).
bool is_scp_like(std::string_view url) {
  const auto colon = url.find(':');
  const auto slash = url.find('/');
  if (colon == std::string_view::npos || colon == 0 || slash < colon) {
    return false;
  }
  const std::string_view host = url.substr(0, colon);
  return host.front() != '-' && host.find("@-") == std::string_view::npos &&
         !url.substr(colon + 1).starts_with(':') && url.size() > colon + 1;
}

bool host_is_option(std::string_view after_scheme) {
  const std::string_view authority = after_scheme.substr(0, after_scheme.find('/'));
  const auto at = authority.rfind('@');
  const std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  return authority.starts_with('-') || host.starts_with('-');
}

tl::unexpected<Error> refused(std::string_view url, std::string_view why) {
  return fail(ErrorKind::invalid, fmt::format("nothing is fetched from \"{}\": {}",
                                              without_credentials(ellipsize(url, 300), url), why));
}

}  // namespace

Result<MirrorSource> parse_source(std::string_view url) {
  if (url.empty() || url.size() > 4096 || has_control(url)) {
    return refused(url, "it is empty, too long or has control characters");
  }
  if (url.front() == '-') {
    return refused(url, "it would be taken for an option");
  }
  std::error_code error;
  if (url.front() == '/' || url.starts_with("./") || url.starts_with("../")) {
    return MirrorSource{std::string(url), fs::absolute(fs::path(url), error).lexically_normal()};
  }
  if (url.find("::") != std::string_view::npos && url.find("::") < url.find('/')) {
    return refused(url, "transport helpers (\"name::address\") may run programs");
  }
  constexpr std::array<std::string_view, 5> kSchemes = {"file", "git", "ssh", "http", "https"};
  const auto scheme_end = url.find("://");
  if (scheme_end != std::string_view::npos) {
    const std::string_view scheme = url.substr(0, scheme_end);
    if (std::ranges::find(kSchemes, scheme) == kSchemes.end()) {
      return refused(url, "only paths, file, git, ssh, http and https are fetched from");
    }
    const std::string_view rest = url.substr(scheme_end + 3);
    if (rest.empty() || host_is_option(rest)) {
      return refused(url, "its host is missing or would be taken for an option");
    }
    return MirrorSource{std::string(url), {}};
  }
  if (is_scp_like(url)) {
    return MirrorSource{std::string(url), {}};
  }
  if (fs::is_directory(fs::path(url), error)) {
    return MirrorSource{std::string(url), fs::absolute(fs::path(url), error).lexically_normal()};
  }
  return refused(url, "it is neither a URL nor an existing folder");
}

std::string without_credentials(std::string_view text, std::string_view url) {
  std::string out(text);
  const auto start = url.find("://");
  if (start != std::string_view::npos) {
    const std::string_view rest = url.substr(start + 3);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const auto at = authority.rfind('@');
    // ssh takes no secret by its URL, and needs the user.
    const bool plain_user =
        url.starts_with("ssh://") && authority.substr(0, at).find(':') == std::string_view::npos;
    if (at != std::string_view::npos && at > 0 && !plain_user) {
      const std::string secret(authority.substr(0, at + 1));
      for (auto found = out.find(secret); found != std::string::npos; found = out.find(secret)) {
        out.erase(found, secret.size());
      }
    }
  }
  return escape_terminal(out);
}

namespace {

void read_head(std::string_view line, SourceRefs& refs) {
  const auto tab = line.find('\t');
  if (line.starts_with("ref: ") && tab != std::string_view::npos && line.substr(tab) == "\tHEAD" &&
      is_valid_ref(line.substr(5, tab - 5))) {
    refs.head = line.substr(5, tab - 5);
  } else if (tab != std::string_view::npos && line.substr(tab) == "\tHEAD" && refs.head.empty() &&
             is_object_id(line.substr(0, tab))) {
    refs.detached = line.substr(0, tab);
  }
}

void read_ref(std::string_view line, SourceRefs& refs) {
  const auto tab = line.find('\t');
  if (tab == std::string_view::npos || !is_object_id(line.substr(0, tab))) {
    return;
  }
  const std::string_view name = line.substr(tab + 1);
  refs.id_bytes = tab / 2;
  // Peeled tags ("^{}") and names that are no valid refs fall out here.
  if (is_valid_ref(name) && (name.starts_with("refs/heads/") || name.starts_with("refs/tags/"))) {
    refs.refs.emplace(name, line.substr(0, tab));
  }
}

}  // namespace

Result<SourceRefs> list_refs(const MirrorSource& source) {
  Command command;
  command.argv = {"git", "ls-remote", "--symref", "--quiet",
                  // An upload-pack on this machine gets none of our settings by the environment.
                  "--upload-pack=git -c safe.directory=* upload-pack", "--end-of-options",
                  source.local.empty() ? source.url : source.local.string()};
  if (!source.url.starts_with("file://") && source.local.empty()) {
    command.argv.erase(command.argv.begin() + 4);
  }
  command.env = git_environment();
  command.inherit_env = false;
  command.cwd = "/";
  command.timeout = std::chrono::minutes(5);
  PM_TRY_ASSIGN(const Completed done, SystemProcessRunner().run(command));
  if (!done.ok()) {
    return fail(
        ErrorKind::infrastructure,
        fmt::format(
            "cannot list the branches of {}: {}", without_credentials(source.url, source.url),
            done.timed_out
                ? "no answer within five minutes"
                : without_credentials(ellipsize(joined_lines(done.err), 2000), source.url)));
  }
  SourceRefs refs;
  for (std::string_view line : split_lines(done.out)) {
    read_head(line, refs);
    read_ref(line, refs);
  }
  return refs;
}

}  // namespace patchmill::git
