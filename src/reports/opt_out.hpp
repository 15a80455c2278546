#pragma once
// Who wants no mail: a file an administrator keeps, and the table people change.

#include "reports/mail_store.hpp"
#include "util/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

class OptOuts {
 public:
  // `file`: one address (shell pattern) a line, optionally followed by a List-Id; '#' starts a
  // comment. Empty: no file. Read anew each time one is made. Error: the file cannot be read.
  static Result<OptOuts> load(MailStore& store, const std::filesystem::path& file);

  // Why this person gets no mail about these lists; empty optional: they may.
  [[nodiscard]] std::optional<std::string> why_not(std::string_view address,
                                                   const std::vector<std::string>& lists) const;

 private:
  struct Line {
    std::string pattern, list;
  };
  MailStore* m_store = nullptr;
  std::string m_file;
  std::vector<Line> m_lines;
};

}  // namespace patchmill::reports
