#pragma once
// What the commits of a public-inbox repository added and deleted.

#include "util/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace patchmill::intake {

// Object names in the order of the commits. Kept in one string each way: archives have millions.
class InboxHistory {
 public:
  // The mails that the commits after `cursor` (empty: all) added and no later one deleted.
  // Errors: infrastructure, with git's words; invalid when all is read and it is no archive.
  static Result<InboxHistory> read(const std::filesystem::path& git_dir, const std::string& cursor);

  [[nodiscard]] std::size_t size() const { return m_names.size() / stride(); }
  [[nodiscard]] std::string blob(std::size_t i) const {
    return m_names.substr(i * stride() + m_id_size, m_id_size);
  }
  [[nodiscard]] std::string commit(std::size_t i) const {
    return m_names.substr(i * stride(), m_id_size);
  }
  // The newest commit; empty when the repository has none.
  [[nodiscard]] const std::string& tip() const { return m_tip; }
  // True when `cursor` is no part of the history any more, so all of it was read.
  [[nodiscard]] bool rewritten() const { return m_rewritten; }

 private:
  [[nodiscard]] std::size_t stride() const { return m_id_size * 2; }
  std::size_t m_id_size = 40;
  std::string m_names;  // commit, blob, commit, blob, …
  std::string m_tip;
  bool m_rewritten = false;
};

}  // namespace patchmill::intake
