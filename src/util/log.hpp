#pragma once
// The operator's log, on standard error or in a file (spdlog underneath, compiled into one file).

#include "util/result.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

namespace patchmill::log {

enum class Level { debug, info, warning, error };

// text: "2026-11-20T09:30:00.123Z info: words name=value"; logfmt: "time=… level=info msg="words"
// name=value"; json: {"time":"…","level":"info","msg":"words","name":"value"}.
enum class Format { text, logfmt, json };

// More about a line than its words, for programs: name is one of ours (letters and '_').
struct Field {
  std::string_view name;
  std::string value;
};

void set_level(Level level);
void set_format(Format format);
// Lines go there from now on, appended; empty: standard error. On error nothing changes. A line
// that cannot be written goes to standard error.
Result<void> set_file(const std::filesystem::path& file);
// Opens the file again, after somebody moved it away.
Result<void> reopen();
[[nodiscard]] bool enabled(Level level);
// One line, whatever the text holds: it is escaped for terminals in every format.
void write(Level level, std::string_view text, std::initializer_list<Field> fields = {});
// The same without its end, for tests; time: "2026-11-20T09:30:00.123Z".
std::string format_line(Format format, std::string_view time, Level level, std::string_view text,
                        std::initializer_list<Field> fields);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) {
    write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) {
    write(Level::info, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning)) {
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace patchmill::log
