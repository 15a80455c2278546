#include "service/scopes.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace patchmill::service {
namespace {

constexpr std::array k_scopes = {
    ScopeSpec{scope::read,
              "See series, nodes, logs, mails and the queue, where pages are not open to all."},
    ScopeSpec{scope::metrics, "Read `/metrics`, where it is not open to all."},
    ScopeSpec{scope::retry, "Have a series or a node tested again."},
    ScopeSpec{scope::cancel, "Cancel the work on a series or a node."},
    ScopeSpec{scope::pause, "Pause and resume work: all of it, of a project, or on a tree."},
    ScopeSpec{scope::mail, "Release, drop and resend mails; opt people out and in."},
    ScopeSpec{scope::checks, "Post checks of patches by Patchwork's API, as the token's owner."},
    ScopeSpec{scope::patches,
              "Change patches, comments, bundles and projects by Patchwork's API, as far as the "
              "token's owner may."},
    ScopeSpec{scope::admin, "Everything, also what later versions add."},
};

constexpr std::string_view k_every = "*";
constexpr std::string_view k_write = "write";

bool is_scope(std::string_view word) {
  return std::any_of(k_scopes.begin(), k_scopes.end(),
                     [&](const ScopeSpec& spec) { return spec.name == word; });
}

}  // namespace

std::span<const ScopeSpec> scopes() {
  return k_scopes;
}

Result<std::vector<std::string>> read_scopes(const std::vector<std::string>& words) {
  std::vector<std::string> names{std::string(k_write)};
  for (const ScopeSpec& spec : k_scopes) {
    names.emplace_back(spec.name);
  }
  std::set<std::string> wanted;
  for (const std::string& word : words) {
    for (const std::string_view part : split(word, ',')) {
      const std::string name(trim(part));
      if (name == scope::admin) {
        wanted.insert(std::string(k_every));
      } else if (name == k_write) {
        for (const ScopeSpec& spec : k_scopes) {
          if (spec.name.starts_with("write:")) {
            wanted.insert(std::string(spec.name));
          }
        }
      } else if (is_scope(name)) {
        wanted.insert(name);
      } else {
        const auto near = nearest_name(name, names);
        return fail(ErrorKind::invalid,
                    fmt::format("there is no scope '{}'; {}", ellipsize(escape_terminal(name), 80),
                                near ? fmt::format("did you mean '{}'?", *near)
                                     : "there are: " + join(names, ", ")));
      }
    }
  }
  if (wanted.empty()) {
    return fail(
        ErrorKind::invalid,
        "a token needs a scope that says what it may do: --scope with " + join(names, ", "));
  }
  if (wanted.contains(std::string(k_every))) {
    return std::vector<std::string>{std::string(k_every)};
  }
  return std::vector<std::string>(wanted.begin(), wanted.end());
}

std::vector<std::string> shown_scopes(const std::vector<std::string>& stored) {
  std::vector<std::string> shown;
  for (const std::string& name : stored) {
    shown.push_back(name == k_every ? std::string(scope::admin) : name);
  }
  return shown;
}

std::string scopes_markdown() {
  std::string out = "| scope | what it allows |\n|---|---|\n";
  for (const ScopeSpec& spec : k_scopes) {
    out += fmt::format("| `{}` | {} |\n", spec.name, spec.help);
  }
  return out + fmt::format("| `{}` | Short for every `write:…`. |\n", k_write);
}

}  // namespace patchmill::service
