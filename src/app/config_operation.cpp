// What running it for a year needs: the log, and how long things are kept.

#include "app/config_parts.hpp"
#include "app/config_reader.hpp"
#include "util/text.hpp"

namespace patchmill::app {

std::vector<KeySpec> operation_keys() {
  using enum KeyType;
  return {
      {"", "log", section, "The log of `patchmill serve`.", "", ""},
      {"log",
       "format",
       choice,
       "`text` for people, `logfmt` (`time=… level=… msg=…`) or `json` (one object a line) for "
       "programs. Whatever came from outside is escaped in all of them.",
       "text",
       "json",
       false,
       {"text", "logfmt", "json"}},
      {"log",
       "level",
       choice,
       "What is written: this and what is graver.",
       "info",
       "warning",
       false,
       {"debug", "info", "warning", "error"}},
      {"log", "file", path,
       "Appended to; after SIGHUP it is opened anew, as logrotate wants it. What cannot be written "
       "there goes to standard error.",
       "standard error", "/var/log/patchmill/patchmill.log"},

      {"", "retention", section,
       "How long things are kept. Mails, series, nodes, findings and verdicts always are.", "", ""},
      {"retention", "superseded", duration,
       "Logs and artifacts of series that have a newer revision; 0: for ever.", "30d", "14d"},
      {"retention", "artifacts", duration, "Logs and artifacts of any series; 0: for ever.", "365d",
       "90d"},
      {"retention", "events", duration,
       "The event log, and the record of each check and state that was posted to a Patchwork, or "
       "check, state and webhook given up; 0: for ever.",
       "365d", "90d"},
      {"retention", "builds", duration,
       "Warm sources and builds that no job has used; 0: for ever. They are made again when "
       "needed.",
       "30d", "7d"},
  };
}

namespace {

void read_age(const YamlValue& section, std::string_view key, std::chrono::seconds& age) {
  if (const YamlValue* value = section.find(key)) {
    constexpr std::uint64_t k_most = 1000ull * 365 * 86400;
    const auto seconds = parse_duration_seconds(value->scalar).value_or(0);
    age = std::chrono::seconds(seconds > k_most ? 0 : seconds);
  }
}

}  // namespace

void ConfigReader::read_operation(Config& config) {
  if (const YamlValue* section = m_document.find("log")) {
    const std::string format = word(*section, "format", "text");
    config.log.format = format == "json"     ? log::Format::json
                        : format == "logfmt" ? log::Format::logfmt
                                             : log::Format::text;
    const std::string level = word(*section, "level", "info");
    config.log.level = level == "debug"     ? log::Level::debug
                       : level == "warning" ? log::Level::warning
                       : level == "error"   ? log::Level::error
                                            : log::Level::info;
    if (const YamlValue* file = section->find("file")) {
      config.log.file = path(*file);
    }
  }
  const YamlValue* section = m_document.find("retention");
  if (section == nullptr) {
    return;
  }
  RetentionConfig& kept = config.retention;
  read_age(*section, "superseded", kept.superseded);
  read_age(*section, "artifacts", kept.artifacts);
  read_age(*section, "events", kept.events);
  read_age(*section, "builds", kept.builds);
  // Readers of events (mail, pages, other programs) may be a day behind.
  constexpr std::chrono::hours k_least{24};
  if (kept.events.count() != 0 && kept.events < k_least) {
    fault(*section->find("events"), "events are kept for a day at least, or for ever (0)");
  }
}

}  // namespace patchmill::app
