#include "git/apply.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

namespace patchmill::git {

namespace {

// git-patch-id(1) takes such a line for the start of another patch, wherever it stands.
bool looks_like_separator(std::string_view line, std::size_t digits) {
  for (const std::string_view key : {"commit ", "From ", "diff-tree ", ""}) {
    if (line.starts_with(key) && line.size() >= key.size() + digits &&
        is_object_id(to_lower(line.substr(key.size(), digits)))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::vector<std::string>> patch_ids(Repository& repository,
                                           std::span<const std::string> diffs) {
  const std::size_t digits = repository.id_bytes() * 2;
  std::string input;
  for (std::size_t i = 0; i < diffs.size(); ++i) {
    input += fmt::format("commit {:0{}x}\n", i + 1, digits);
    for (std::string_view line : split_lines(diffs[i])) {
      if (!looks_like_separator(line, digits)) {
        input += line;
        input += '\n';
      }
    }
  }
  std::vector<std::string> ids(diffs.size());
  if (diffs.empty()) {
    return ids;
  }
  PM_TRY_ASSIGN(const Completed done, repository.git({"patch-id", "--stable"}, std::move(input),
                                                     std::chrono::minutes(5)));
  if (!done.ok()) {
    return fail(ErrorKind::infrastructure,
                fmt::format("git patch-id failed: {}",
                            escape_terminal(ellipsize(joined_lines(done.err), 500))));
  }
  for (std::string_view line : split_lines(done.out)) {
    const auto words = split(line, ' ');
    std::size_t number = 0;
    if (words.size() == 2 && words[1].size() == digits) {
      for (char c : words[1]) {
        number = number * 16 + static_cast<std::size_t>(c <= '9' ? c - '0' : c - 'a' + 10);
      }
    }
    if (number >= 1 && number <= ids.size()) {
      ids[number - 1] = words[0];
    }
  }
  return ids;
}

}  // namespace patchmill::git
