#include "util/log.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <mutex>
#include <system_error>

namespace patchmill::log {
namespace {

constexpr std::string_view k_names[] = {"debug", "info", "warning", "error"};

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// One write a line: also several processes may append to one file.
class Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  Result<void> open(const std::filesystem::path& file) {
    Fd fd;
    if (!file.empty()) {
      fd = Fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
      if (!fd.valid()) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("cannot open the log {}: {}", escape_terminal(file.string()),
                                std::generic_category().message(errno)));
      }
    }
    const std::lock_guard lock(mutex_);
    m_file = std::move(fd);
    m_path = file;
    return {};
  }
  std::filesystem::path path() {
    const std::lock_guard lock(mutex_);
    return m_path;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    if (!m_file.valid() || !write_all(m_file.get(), text)) {
      write_all(STDERR_FILENO, text);
    }
  }
  void flush_() override {}

 private:
  Fd m_file;
  std::filesystem::path m_path;
};

struct State {
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
  spdlog::logger logger{"patchmill", sink};
  std::atomic<Format> format = Format::text;
};

State& state() {
  // Never destroyed: threads may still log while the program ends.
  static State* const instance = [] {
    auto* made = new State;
    made->logger.set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc));
    made->logger.set_level(spdlog::level::info);
    return made;
  }();
  return *instance;
}

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const std::time_t seconds = millis.count() / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     millis.count() % 1000);
}

std::string logfmt_value(std::string_view value) {
  const std::string clean = escape_terminal(mend_utf8(value));
  if (!clean.empty() && clean.find_first_of(" \"=") == std::string::npos) {
    return clean;
  }
  std::string out = "\"";
  for (const char c : clean) {
    out += c == '"' ? "\\\"" : std::string(1, c);
  }
  return out + "\"";
}

std::string json_text(std::string_view value) {
  return boost::json::serialize(boost::json::value(escape_terminal(mend_utf8(value))));
}

}  // namespace

std::string format_line(Format format, std::string_view time, Level level, std::string_view text,
                        std::initializer_list<Field> fields) {
  const auto name = k_names[static_cast<std::size_t>(level)];
  std::string line;
  if (format == Format::json) {
    line = fmt::format(R"({{"time":"{}","level":"{}","msg":{})", time, name, json_text(text));
    for (const Field& field : fields) {
      line += fmt::format(R"(,"{}":{})", field.name, json_text(field.value));
    }
    return line + "}";
  }
  line = format == Format::text
             ? fmt::format("{} {}: {}", time, name, escape_terminal(text))
             : fmt::format("time={} level={} msg={}", time, name, logfmt_value(text));
  for (const Field& field : fields) {
    line += fmt::format(" {}={}", field.name, logfmt_value(field.value));
  }
  return line;
}

void set_level(Level level) {
  state().logger.set_level(to_spdlog(level));
}

void set_format(Format format) {
  state().format = format;
}

Result<void> set_file(const std::filesystem::path& file) {
  return state().sink->open(file);
}

Result<void> reopen() {
  return state().sink->open(state().sink->path());
}

bool enabled(Level level) {
  return state().logger.should_log(to_spdlog(level));
}

void write(Level level, std::string_view text, std::initializer_list<Field> fields) {
  if (enabled(level)) {
    state().logger.log(to_spdlog(level), spdlog::string_view_t(format_line(
                                             state().format, now_text(), level, text, fields)));
  }
}

}  // namespace patchmill::log
