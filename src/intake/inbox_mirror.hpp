#pragma once
// Public-inbox archives by URL: cloned, then fetched, into a folder of ours.

#include "util/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

struct MirroredEpoch {
  std::filesystem::path git_dir;
  std::string key;  // names the epoch independently of where it lies
};

// `url` names an inbox ("https://lore.kernel.org/ltp": all its epochs) or one repository of it.
// Errors: invalid for URLs that git may not use, infrastructure with git's words.
Result<std::vector<MirroredEpoch>> mirror_inbox(const std::filesystem::path& mirrors_dir,
                                                std::string_view url);

// The same step by step, for an inbox that is followed. Nothing is asked before it is needed.
class InboxMirror {
 public:
  static constexpr int whole = -1;  // an inbox that is one repository

  // Errors: invalid.
  static Result<InboxMirror> open(const std::filesystem::path& mirrors_dir, std::string_view given);
  // Asks the server whether the inbox has epochs or is one repository (unless told by has_epochs).
  Result<void> find_form();
  [[nodiscard]] bool has_epochs() const { return m_pattern.has_value(); }
  void assume_whole() { m_pattern.reset(); }
  // Whether that epoch can be fetched.
  [[nodiscard]] bool is_there(int epoch) const;
  // Clones or fetches. Errors: infrastructure with git's words.
  Result<MirroredEpoch> fetch(int epoch) const;
  // What is here already, without asking anybody.
  [[nodiscard]] std::vector<int> present() const;
  [[nodiscard]] MirroredEpoch here(int epoch) const;
  [[nodiscard]] const std::string& url() const { return m_url; }
  [[nodiscard]] const std::filesystem::path& folder() const { return m_folder; }

 private:
  InboxMirror(std::string url, std::filesystem::path folder, std::string key);
  [[nodiscard]] std::string epoch_url(int epoch) const;
  std::string m_url;
  std::filesystem::path m_folder;
  std::string m_key;
  std::optional<std::string> m_pattern;
};

}  // namespace patchmill::intake
