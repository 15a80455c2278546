#include "checks/code_changes.hpp"

#include "checks/code_side.hpp"
#include "checks/diff_lines.hpp"
#include "checks/tree_file.hpp"

#include <algorithm>
#include <array>

namespace patchmill::checks {
namespace {

constexpr std::size_t k_largest_code = 1u << 20;

// c: what C's preprocessor reads. similar: has its comments, but other strings, too, so that what
// is not understood in one place must not spread over the whole file.
enum class Comments { none, c, similar };

Comments comments_of(std::string_view path) {
  constexpr std::array<std::string_view, 12> c = {"c",   "h",   "cc", "cpp", "cxx",  "hh",
                                                  "hpp", "hxx", "S",  "dts", "dtsi", "lds"};
  constexpr std::array<std::string_view, 4> similar = {"rs", "js", "java", "inc"};
  const std::string_view ending = extension(path);
  if (std::find(c.begin(), c.end(), ending) != c.end()) {
    return Comments::c;
  }
  return std::find(similar.begin(), similar.end(), ending) != similar.end() ? Comments::similar
                                                                            : Comments::none;
}

// Nothing where it is not at hand, or too large to be worth it.
std::optional<std::string> content_at(const Context& context, const git::ObjectId& commit,
                                      const std::string& path) {
  if (context.repository == nullptr || commit.empty() || path.empty()) {
    return std::nullopt;
  }
  auto content = read_tree_file(*context.repository, commit, path);
  return content && *content && (*content)->size() <= k_largest_code ? *std::move(content)
                                                                     : std::nullopt;
}

}  // namespace

void for_each_change(const Context& context, const mail::FileDiff& file, const CodeVisitor& visit) {
  if (is_symlink(file)) {
    return;
  }
  const Comments comments = comments_of(file.path());
  std::optional<std::string> old_text, new_text;
  // A new file has one hunk, and that begins at its top.
  if (comments == Comments::c && !is_added(file)) {
    old_text = content_at(context, context.patch->parent, file.old_path);
    new_text = content_at(context, context.patch->commit, file.new_path);
  }
  const bool c = comments == Comments::c;
  CodeSide old_side(CodeSide::Which::before, old_text, c);
  CodeSide new_side(CodeSide::Which::after, new_text, c);
  for (const mail::Hunk& hunk : file.hunks) {
    CodeLines before = comments == Comments::none ? CodeLines() : old_side.at(hunk);
    CodeLines after = comments == Comments::none ? CodeLines() : new_side.at(hunk);
    for_each_line(hunk, [&](const DiffLine& line) {
      const auto code_of = [&](CodeLines& side) {
        return comments != Comments::none ? side.code_of(line.text) : std::string(line.text);
      };
      if (line.marker == '+') {
        visit('+', line.new_line, code_of(after), line.text);
      } else if (line.marker == '-') {
        visit('-', line.old_line, code_of(before), line.text);
      } else if (comments != Comments::none) {
        before.code_of(line.text);
        after.code_of(line.text);
      }
    });
  }
}

}  // namespace patchmill::checks
