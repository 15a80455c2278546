#pragma once
// The templates of mails: the shipped ones, and a folder whose files stand in for them by name.

#include "util/result.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

struct EmbeddedTemplate {
  std::string_view name, text;
};
// Made by cmake/EmbedTemplates.cmake from src/reports/templates/*.txt; sorted by name.
std::span<const EmbeddedTemplate> embedded_templates();

class TemplateSet {
 public:
  // The shipped templates alone.
  TemplateSet();
  // With NAME.txt of the folder instead of, or beside, the shipped NAME. The error holds every
  // fault, one "FILE:LINE: message" each; other files in the folder are passed over.
  static Result<TemplateSet> load(const std::filesystem::path& folder);

  // With one more (or another) template; errors as for load().
  [[nodiscard]] Result<TemplateSet> with(const std::string& name, std::string text) const;

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  // With the templates it includes put in; "Subject: …" may be its first line. has(name) holds.
  [[nodiscard]] const std::string& text(std::string_view name) const;

 private:
  Result<void> expand();
  struct File {
    std::string path;  // for messages
    std::string source, expanded = {};
    bool checked = false;
  };
  std::map<std::string, File, std::less<>> m_files;
};

}  // namespace patchmill::reports
