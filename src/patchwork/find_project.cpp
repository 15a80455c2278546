#include "patchwork/instance.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::patchwork {
namespace {

constexpr int most_project_pages = 50;
constexpr std::size_t most_named = 20;

bool is_slug(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

}  // namespace

Result<Project> Instance::project(const std::string& wanted) {
  if (is_slug(wanted)) {
    const auto found = read(fmt::format("projects/{}/", wanted));
    if (found) {
      return read_project(*found);
    }
    if (found.error().kind != ErrorKind::not_found) {
      return tl::unexpected(found.error());
    }
  }
  std::string names;
  std::size_t count = 0;
  std::string page = "projects/?per_page=250&perpage=100";
  for (int i = 0; i < most_project_pages && !page.empty(); ++i) {
    PM_TRY_ASSIGN(auto answer, get(page).wait());
    const auto* list = answer.list();
    if (list == nullptr) {
      return fail(ErrorKind::infrastructure, m_name + " answers with no list of projects");
    }
    for (const auto& one : *list) {
      auto project = read_project(one);
      if (project && iequals(project->name, wanted)) {
        return project;
      }
      if (project && ++count <= most_named) {
        names += (names.empty() ? "" : ", ") + project->link_name;
      }
    }
    page = std::move(answer.next);
  }
  return fail(ErrorKind::not_found,
              fmt::format("{} has no project \"{}\"; it has {}{}", m_name, escape_terminal(wanted),
                          names.empty() ? "none" : escape_terminal(ellipsize(names, 500)),
                          count > most_named ? ", …" : ""));
}

}  // namespace patchmill::patchwork
