#include "mail/diff_extended.hpp"

#include "util/text.hpp"

#include <algorithm>
#include <charconv>

namespace patchmill::mail {

namespace {

// What is wrong with it; empty: nothing.
std::string read_mode(std::string_view text, std::optional<std::uint32_t>& to) {
  text = trim(text);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size() || value > 0177777) {
    return "has an invalid mode \"" + ellipsize(escape_terminal(mend_utf8(text)), 100) + "\"";
  }
  to = value;
  return {};
}

// "index 1111111..2222222 100644"; anything else after "index " is ignored, as git does.
std::string read_index_line(FileDiff& file, std::string_view rest) {
  rest = trim(rest);
  const std::size_t dots = rest.find("..");
  if (dots == std::string_view::npos) {
    return {};
  }
  const std::size_t end = std::min(rest.find(' ', dots), rest.size());
  const std::string_view old_blob = rest.substr(0, dots);
  const std::string_view new_blob = rest.substr(dots + 2, end - dots - 2);
  const auto is_hex = [](std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  };
  if (!is_hex(old_blob) || !is_hex(new_blob)) {
    return {};
  }
  file.old_blob = old_blob;
  file.new_blob = new_blob;
  if (end < rest.size()) {
    std::optional<std::uint32_t> both;
    if (std::string problem = read_mode(rest.substr(end), both); !problem.empty()) {
      return problem;
    }
    if (!file.old_mode) {
      file.old_mode = both;
    }
  }
  return {};
}

}  // namespace

std::string read_extended_header(FileDiff& file, std::string_view line,
                                 const std::optional<GitNames>& names) {
  const auto rest = [&](std::size_t length) { return line.substr(length); };
  if (line.starts_with("old mode ")) {
    return read_mode(rest(9), file.old_mode);
  }
  if (line.starts_with("new mode ")) {
    return read_mode(rest(9), file.new_mode);
  }
  if (line.starts_with("deleted file mode ")) {
    file.change = FileChange::deleted;
    file.old_path = names ? names->path : std::string();
    return read_mode(rest(18), file.old_mode);
  }
  if (line.starts_with("new file mode ")) {
    file.change = FileChange::added;
    file.new_path = names ? names->path : std::string();
    return read_mode(rest(14), file.new_mode);
  }
  if (line.starts_with("rename from ") || line.starts_with("rename old ")) {
    file.change = FileChange::renamed;
    file.old_path = read_plain_name(rest(line[7] == 'f' ? 12 : 11));
  } else if (line.starts_with("rename to ") || line.starts_with("rename new ")) {
    file.change = FileChange::renamed;
    file.new_path = read_plain_name(rest(line[7] == 't' ? 10 : 11));
  } else if (line.starts_with("copy from ")) {
    file.change = FileChange::copied;
    file.old_path = read_plain_name(rest(10));
  } else if (line.starts_with("copy to ")) {
    file.change = FileChange::copied;
    file.new_path = read_plain_name(rest(8));
  } else if (line.starts_with("index ")) {
    return read_index_line(file, rest(6));
  }
  return {};
}

}  // namespace patchmill::mail
