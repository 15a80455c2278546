// Binary files in a patch: nobody can review them, and history keeps them for ever.

#include "checks/diff_lines.hpp"
#include "checks/registry.hpp"
#include "checks/report.hpp"
#include "checks/settings.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace patchmill::checks {
namespace {

using namespace std::string_view_literals;

constexpr std::array k_large_binary_settings = {
    Setting{.name = "max-size",
            .type = SettingType::number,
            .default_value = "524288",
            .meaning = "Largest binary file in bytes; 0: any size."},
    Setting{.name = "allow",
            .type = SettingType::words,
            .default_value = "",
            .meaning = "Files (shell wildcards) that may be anything."},
};

struct Kind {
  std::string_view extension, what;
};
constexpr std::array<Kind, 34> k_extensions = {{
    {"o", "an object file"},    {"obj", "an object file"},
    {"ko", "a kernel module"},  {"a", "a library"},
    {"lib", "a library"},       {"so", "a library"},
    {"dll", "a library"},       {"dylib", "a library"},
    {"exe", "a program"},       {"com", "a program"},
    {"msi", "an installer"},    {"elf", "a program"},
    {"class", "compiled Java"}, {"jar", "an archive"},
    {"war", "an archive"},      {"pyc", "compiled Python"},
    {"pyo", "compiled Python"}, {"wasm", "a program"},
    {"zip", "an archive"},      {"tar", "an archive"},
    {"tgz", "an archive"},      {"gz", "an archive"},
    {"bz2", "an archive"},      {"xz", "an archive"},
    {"zst", "an archive"},      {"lz4", "an archive"},
    {"7z", "an archive"},       {"rar", "an archive"},
    {"rpm", "a package"},       {"deb", "a package"},
    {"iso", "a disk image"},    {"img", "a disk image"},
    {"qcow2", "a disk image"},  {"gch", "a precompiled header"},
}};

struct Magic {
  std::string_view bytes, what;
};
constexpr std::array<Magic, 14> k_magic = {{
    {"\x7f"
     "ELF"sv,
     "a program or object (ELF)"},
    {"MZ"sv, "a program (PE)"},
    {"\xfe\xed\xfa"sv, "a program (Mach-O)"},
    {"\xcf\xfa\xed\xfe"sv, "a program (Mach-O)"},
    {"\xca\xfe\xba\xbe"sv, "compiled Java or a Mach-O program"},
    {"\0asm"sv, "a program (WebAssembly)"},
    {"!<arch>\n"sv, "a library or package (ar)"},
    {"PK\x03\x04"sv, "an archive (zip)"},
    {"\x1f\x8b"sv, "an archive (gzip)"},
    {"BZh"sv, "an archive (bzip2)"},
    {"\xfd"
     "7zXZ"sv,
     "an archive (xz)"},
    {"\x28\xb5\x2f\xfd"sv, "an archive (zstd)"},
    {"7z\xbc\xaf"sv, "an archive (7z)"},
    {"Rar!"sv, "an archive (rar)"},
}};

std::string_view kind_by_extension(std::string_view path) {
  const std::string ext = to_lower(extension(path));
  for (const Kind& kind : k_extensions) {
    if (kind.extension == ext) {
      return kind.what;
    }
  }
  return {};
}

std::string_view kind_by_magic(std::string_view content) {
  for (const Magic& magic : k_magic) {
    if (content.starts_with(magic.bytes)) {
      return magic.what;
    }
  }
  return {};
}

// The size a "GIT binary patch" announces for the new file; none for deltas and for
// "Binary files differ".
std::optional<std::uint64_t> announced_size(std::string_view section) {
  const std::size_t start = section.find("GIT binary patch\n");
  if (start == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view line = section.substr(start + "GIT binary patch\n"sv.size());
  line = trim(line.substr(0, line.find('\n')));
  constexpr std::string_view literal = "literal ";
  return line.starts_with(literal) ? parse_uint(line.substr(literal.size())) : std::nullopt;
}

class LargeBinary final : public Check {
 public:
  [[nodiscard]] std::string_view name() const override { return "large-binary"; }
  [[nodiscard]] std::string_view description() const override {
    return "A patch brings no large binary files, and no programs, objects or archives.";
  }
  [[nodiscard]] Scope scope() const override { return Scope::patch; }
  [[nodiscard]] std::span<const Setting> settings() const override {
    return k_large_binary_settings;
  }
  [[nodiscard]] CheckOutcome run(const Context& context) const override;

 private:
  static std::optional<git::Object> content(const Context& context, const mail::FileDiff& file);
};

// The file after the patch, where the series was placed.
std::optional<git::Object> LargeBinary::content(const Context& context,
                                                const mail::FileDiff& file) {
  if (context.repository == nullptr || context.patch->commit.empty()) {
    return std::nullopt;
  }
  const std::vector<std::string> paths = {file.path()};
  const auto entries = context.repository->entries(context.patch->commit, paths);
  if (!entries || entries->size() != 1) {
    return std::nullopt;
  }
  auto object = context.repository->read(entries->front().id);
  return object && object->type == "blob" ? std::optional(std::move(*object)) : std::nullopt;
}

CheckOutcome LargeBinary::run(const Context& context) const {
  Report report(*this, context);
  const auto most = number_setting(*this, context, "max-size");
  const auto allowed = words_setting(*this, context, "allow");
  std::size_t binaries = 0;
  for (const mail::FileDiff& file : context.patch->files) {
    if (!file.binary || is_deleted(file) ||
        std::any_of(allowed.begin(), allowed.end(),
                    [&](const std::string& glob) { return glob_match(glob, file.path()); })) {
      continue;
    }
    ++binaries;
    const auto object = content(context, file);
    std::string_view kind = object ? kind_by_magic(object->data) : std::string_view();
    if (kind.empty()) {
      kind = kind_by_extension(file.path());
    }
    if (!kind.empty() && is_added(file)) {
      report.error("kind", fmt::format("the patch adds {}", kind), {.file = file.path()});
    }
    const auto size =
        object ? std::optional<std::uint64_t>(object->data.size()) : announced_size(file.text);
    if (most > 0 && size && *size > most) {
      report.error("size", fmt::format("a binary file of {} bytes, more than {}", *size, most),
                   {.file = file.path()});
    }
  }
  return report.finish(binaries == 0 ? "no binary files"
                                     : fmt::format("{} binary files, none large", binaries));
}

}  // namespace

std::unique_ptr<Check> make_large_binary() {
  return std::make_unique<LargeBinary>();
}

}  // namespace patchmill::checks
