#include "reports/template_set.hpp"

#include "reports/template_check.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>

namespace patchmill::reports {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t k_deepest_include = 4;
constexpr std::size_t k_most_files = 200;

bool is_template_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

using Sources = std::function<const std::string*(std::string_view name)>;

// Textual, so that values can never be taken for templates.
Result<std::string> include_all(std::string_view path, std::string_view text,
                                const Sources& source_of, std::size_t depth) {
  if (depth > k_deepest_include) {
    return fail(ErrorKind::limit, fmt::format("{}: templates include each other more than {} deep",
                                              path, k_deepest_include));
  }
  std::string out;
  while (true) {
    const std::size_t open = text.find("{{");
    if (open == std::string_view::npos) {
      out += text;
      break;
    }
    const std::string_view closing = text.substr(open).starts_with("{{{") ? "}}}" : "}}";
    const std::size_t end = text.find(closing, open);
    const std::string_view content =
        end == std::string_view::npos ? "" : trim(text.substr(open + 2, end - open - 2));
    out += text.substr(0, open);
    if (content.starts_with('>')) {
      const std::string* included = source_of(trim(content.substr(1)));
      PM_TRY_ASSIGN(std::string inner,
                    include_all(path, included != nullptr ? *included : "", source_of, depth + 1));
      // The file's last line end is the one behind the tag.
      if (inner.ends_with('\n')) {
        inner.pop_back();
      }
      out += inner;
    } else if (end != std::string_view::npos) {
      out += text.substr(open, end + closing.size() - open);
    }
    if (out.size() > k_largest_template) {
      return fail(ErrorKind::limit,
                  fmt::format("{}: with what it includes it has more than {} bytes", path,
                              k_largest_template));
    }
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + closing.size());
  }
  return out;
}

}  // namespace

TemplateSet::TemplateSet() {
  for (const EmbeddedTemplate& shipped : embedded_templates()) {
    m_files[std::string(shipped.name)] = {fmt::format("{}.txt", shipped.name),
                                          std::string(shipped.text)};
  }
  if (const auto expanded = expand(); !expanded) {
    throw std::logic_error("a shipped template is broken: " + expanded.error().message);
  }
}

Result<TemplateSet> TemplateSet::load(const fs::path& folder) {
  TemplateSet set;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) {
    return fail(ErrorKind::not_found, fmt::format("cannot read the folder of mail templates {}: {}",
                                                  folder.string(), error.message()));
  }
  std::size_t count = 0;
  for (const auto& entry : entries) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".txt" || !is_template_name(name)) {
      continue;
    }
    if (++count > k_most_files) {
      return fail(ErrorKind::limit,
                  fmt::format("{} holds more than {} templates", folder.string(), k_most_files));
    }
    auto text = read_file(entry.path(), k_largest_template);
    if (!text) {
      return fail_with("the mail template", text.error());
    }
    set.m_files[name] = {entry.path().string(), *std::move(text)};
  }
  PM_TRY(set.expand());
  return set;
}

Result<TemplateSet> TemplateSet::with(const std::string& name, std::string text) const {
  TemplateSet set = *this;
  set.m_files[name] = {name + ".txt", std::move(text)};
  PM_TRY(set.expand());
  return set;
}

Result<void> TemplateSet::expand() {
  std::string faults;
  for (auto& [name, file] : m_files) {
    if (file.checked) {
      continue;
    }
    file.checked = true;
    for (const auto& fault : check_template(
             file.path, file.source, [this](std::string_view other) { return has(other); })) {
      faults += (faults.empty() ? "" : "\n") + fault;
    }
  }
  if (!faults.empty()) {
    return fail(ErrorKind::invalid, std::move(faults));
  }
  const Sources source_of = [this](std::string_view name) -> const std::string* {
    const auto it = m_files.find(name);
    return it != m_files.end() ? &it->second.source : nullptr;
  };
  for (auto& [name, file] : m_files) {
    PM_TRY_ASSIGN(std::string expanded, include_all(file.path, file.source, source_of, 0));
    if (expanded == file.expanded) {
      continue;
    }
    file.expanded = std::move(expanded);
    // What is fine in a file of its own may not be where it is included (a list inside a list).
    const auto inside = check_template(file.path + " (with what it includes)", file.expanded,
                                       [](std::string_view) { return false; });
    if (!inside.empty()) {
      return fail(ErrorKind::invalid, inside.front());
    }
  }
  return {};
}

bool TemplateSet::has(std::string_view name) const {
  return m_files.find(name) != m_files.end();
}

std::vector<std::string> TemplateSet::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : m_files) {
    names.push_back(name);
  }
  return names;
}

const std::string& TemplateSet::text(std::string_view name) const {
  return m_files.find(name)->second.expanded;
}

}  // namespace patchmill::reports
