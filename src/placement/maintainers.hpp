#pragma once
// Reading a MAINTAINERS file: which git trees the maintainers of a path name.
//
// The format is that of scripts/get_maintainer.pl: sections of "X: value" lines; F: and X: are
// wildcards, N: a regular expression.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::placement {

struct MaintainersTree {
  std::string url;
  std::string branch;  // often empty
};

struct MaintainersSection {
  std::string title;
  std::vector<MaintainersTree> trees;      // T: git …
  std::vector<std::string> files;          // F:
  std::vector<std::string> excluded;       // X:
  std::vector<std::string> name_patterns;  // N:
  std::vector<std::string> maintainers;    // M:, as written
};

enum class Keep {
  with_tree,  // sections that name a tree
  all,        // all but "THE REST", whose maintainer is not asked about every file
};

class Maintainers {
 public:
  // Never fails: lines that are not understood are passed over.
  explicit Maintainers(std::string_view text, Keep keep = Keep::with_tree);
  ~Maintainers();
  Maintainers(const Maintainers&) = delete;
  Maintainers& operator=(const Maintainers&) = delete;

  // The sections kept that claim a path.
  [[nodiscard]] std::vector<const MaintainersSection*> claims(std::string_view path) const;

 private:
  struct Compiled;
  std::vector<MaintainersSection> m_sections;  // those kept
  std::vector<Compiled> m_compiled;            // one a section
};

// "F:" semantics: "dir/" is everything below, '*' and '?' stay within a path component, and a
// pattern without wildcards that names a folder without '/' at its end means the folder as well.
bool matches_file_pattern(std::string_view pattern, std::string_view path);

// True when two git URLs name the same repository: scheme, user, port, "git." hosts' http twins,
// ".git" and trailing slashes do not matter.
bool same_repository(std::string_view a, std::string_view b);

}  // namespace patchmill::placement
