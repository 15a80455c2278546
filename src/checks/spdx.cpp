// New source files say their license in one line that machines can read.

#include "checks/diff_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "checks/spdx_line.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace patchmill::checks {
namespace {

constexpr std::array k_spdx_settings = {
    Setting{.name = "mode",
            .type = SettingType::text,
            .default_value = "auto",
            .meaning = "auto: only where the tree uses SPDX at the base; always: every new file.",
            .choices = "auto|always"},
    Setting{
        .name = "form",
        .type = SettingType::flag,
        .default_value = "true",
        .meaning = "Whether the comment style and the line of the kernel's rules are asked for."},
};

constexpr std::size_t k_sample = 8;
constexpr std::size_t k_most_licenses = 200;
constexpr std::size_t k_most_expression = 500;

// Entries "mode type id\tpath" of one folder, or of all below it.
struct Listed {
  std::string mode, type, id, path;
};
std::vector<Listed> list(git::Repository& repository, const std::string& commit,
                         const std::string& folder, bool recursive) {
  std::vector<std::string> args = {"ls-tree", "-z"};
  if (recursive) {
    args.emplace_back("-r");
  }
  args.push_back(commit);
  if (!folder.empty()) {
    args.emplace_back("--");
    args.push_back(folder + "/");
  }
  std::vector<Listed> entries;
  const auto done = repository.git(std::move(args));
  if (!done || !done->ok()) {
    return entries;
  }
  for (const std::string_view record : split(done->out, '\0')) {
    const std::size_t tab = record.find('\t');
    const auto words = split(record.substr(0, tab == std::string_view::npos ? 0 : tab), ' ');
    if (words.size() == 3) {
      entries.push_back({std::string(words[0]), std::string(words[1]), std::string(words[2]),
                         std::string(record.substr(tab + 1))});
    }
  }
  return entries;
}

std::string parent_folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

// Whether most of the source files beside (or above) a path carry a license line at the base.
bool neighbours_use_spdx(git::Repository& repository, const std::string& base,
                         const std::string& path) {
  // Bounded: a hostile path may be very deep.
  std::string folder = parent_folder(path);
  for (int level = 0; level < 16; ++level) {
    std::size_t looked = 0;
    std::size_t with = 0;
    for (const Listed& entry : list(repository, base, folder, false)) {
      if (looked == k_sample) {
        break;
      }
      if (entry.type != "blob" || entry.mode == "120000" || !spdx_form(entry.path, "")) {
        continue;
      }
      const auto object = repository.read(entry.id);
      if (!object || object->data.empty()) {
        continue;
      }
      ++looked;
      with += find_spdx(split_lines(std::string_view(object->data).substr(0, 4096))) ? 1U : 0U;
    }
    if (looked > 0) {
      return with * 2 > looked;
    }
    if (folder.empty()) {
      return false;
    }
    folder = parent_folder(folder);
  }
  return false;
}

// The names the tree's LICENSES folder declares valid; empty when it has none.
std::set<std::string> declared_licenses(git::Repository& repository, const std::string& base) {
  std::set<std::string> names;
  std::size_t looked = 0;
  for (const Listed& entry : list(repository, base, "LICENSES", true)) {
    if (entry.type != "blob" || ++looked > k_most_licenses) {
      continue;
    }
    // REUSE names the files after the licenses, the kernel lists the names inside them.
    const std::string_view file = base_name(entry.path);
    names.emplace(file.ends_with(".txt") ? file.substr(0, file.size() - 4) : file);
    const auto object = repository.read(entry.id);
    if (!object) {
      continue;
    }
    for (const std::string_view line : split_lines(object->data)) {
      for (const std::string_view key :
           {"Valid-License-Identifier:", "SPDX-Exception-Identifier:"}) {
        if (line.starts_with(key)) {
          names.emplace(trim(line.substr(key.size())));
        }
      }
    }
  }
  return names;
}

std::vector<std::string_view> first_lines(const mail::FileDiff& file) {
  std::vector<std::string_view> lines;
  if (!file.hunks.empty()) {
    for_each_line(file.hunks.front(), [&](const DiffLine& line) {
      if (line.marker == '+' && lines.size() < 20) {
        lines.push_back(line.text.ends_with('\r') ? line.text.substr(0, line.text.size() - 1)
                                                  : line.text);
      }
    });
  }
  return lines;
}

class Spdx final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "spdx"; }
  [[nodiscard]] std::string_view description() const override {
    return "New source files carry an SPDX-License-Identifier where the tree uses them.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override { return k_spdx_settings; }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  void check_file(const Context& context, const mail::FileDiff& file, const SpdxForm& form,
                  const std::vector<std::string_view>& lines, const std::set<std::string>& licenses,
                  Report& report) const;
};

void Spdx::check_file(const Context& context, const mail::FileDiff& file, const SpdxForm& form,
                      const std::vector<std::string_view>& lines,
                      const std::set<std::string>& licenses, Report& report) const {
  const std::string& path = file.path();
  const auto found = find_spdx(lines);
  if (!found) {
    report.error("missing",
                 fmt::format("a new file without a license line such as '{}'", form.example),
                 {.file = path, .line = 1});
    return;
  }
  const Place place = {.file = path, .line = found->line};
  if (found->expression.size() > k_most_expression) {
    report.error("expression", "the license expression is longer than any real one", place);
    return;
  }
  if (const std::string problem = expression_problem(found->expression); !problem.empty()) {
    report.error(
        "expression",
        fmt::format("the license expression '{}' is wrong: {}", found->expression, problem), place);
  } else {
    for (const std::string& name : expression_names(found->expression)) {
      if (!licenses.empty() && !licenses.contains(name)) {
        report.warning("unknown-license",
                       fmt::format("the tree's LICENSES folder does not know '{}'", name), place);
      }
    }
  }
  if (!flag_setting(*this, context, "form")) {
    return;
  }
  const int wanted = lines.front().starts_with("#!") ? 2 : 1;
  if (found->line != wanted) {
    report.warning("line", fmt::format("the license line belongs into line {}", wanted), place);
  }
  if (found->opening != form.opening) {
    report.warning("comment",
                   fmt::format("write the license line of this kind of file as '{}'", form.example),
                   place);
  }
}

CheckOutcome Spdx::run(const Context& context) const {
  Report report(*this, context);
  const bool always = iequals(setting(*this, context, "mode"), "always");
  const std::string& base = context.series->base;
  const bool placed = context.repository != nullptr && !base.empty();

  std::optional<std::set<std::string>> licenses;  // read once, and only for new files
  std::size_t looked = 0;
  std::size_t unused = 0;
  for (const mail::FileDiff& file : context.patch->files) {
    if (!is_added(file) || is_symlink(file) || file.binary || file.hunks.empty()) {
      continue;
    }
    const auto lines = first_lines(file);
    const auto form = spdx_form(file.path(), lines.empty() ? std::string_view() : lines.front());
    if (!form || lines.empty()) {
      continue;
    }
    if (!always && !placed) {
      return skipped("without a tree it is not known whether new files need a license line");
    }
    if (!licenses) {
      licenses = placed ? declared_licenses(*context.repository, base) : std::set<std::string>{};
    }
    if (!always && licenses->empty() &&
        !neighbours_use_spdx(*context.repository, base, file.path())) {
      ++unused;
      continue;
    }
    ++looked;
    check_file(context, file, *form, lines, *licenses, report);
  }
  if (looked == 0 && unused > 0) {
    return skipped("the tree does not use SPDX license lines");
  }
  return report.finish(looked == 0 ? "no new source files"
                                   : fmt::format("{} new files say their license", looked));
}

}  // namespace

std::unique_ptr<Check> make_spdx() {
  return std::make_unique<Spdx>();
}

}  // namespace patchmill::checks
