#include "mail/lines.hpp"
#include "mail/message_ids.hpp"
#include "mail/trailers.hpp"
#include "util/ascii.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <optional>

namespace patchmill::mail {

namespace {

constexpr std::size_t max_dependencies = 1000;
constexpr std::size_t most_read = 10 * max_dependencies;
constexpr int max_ignored = 100;
constexpr std::size_t max_word = 255;
constexpr std::size_t max_bare_id = 998;       // as read_ids() cuts them
constexpr std::size_t max_in_brackets = 4000;  // with white space

bool is_hex(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// Letters, digits and what names are joined with; nothing that could become an option or a path.
bool is_plain_word(std::string_view text) {
  return !text.empty() && text.size() <= max_word && text[0] != '-' && text[0] != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+';
         });
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find_first_of(" \t,"));
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The message id in an archive's URL ("https://lore.kernel.org/r/ID/"), else empty.
std::string id_in_archive_url(std::string_view url) {
  const std::size_t host = url.find("://");
  const std::string_view rest = host == std::string_view::npos ? url : url.substr(host + 3);
  const bool archive = rest.starts_with("lore.kernel.org/") ||
                       rest.starts_with("patch.msgid.link/") ||
                       rest.starts_with("lkml.kernel.org/") || rest.starts_with("msgid.link/") ||
                       rest.starts_with("inbox.sourceware.org/");
  if (!archive || rest.size() > 2000) {
    return {};
  }
  for (const std::string_view piece : split(rest, '/')) {
    const std::string id = percent_decoded(piece.substr(0, piece.find_first_of("#?")));
    if (id.find('@') != std::string::npos) {
      const auto ids = read_ids("<" + id + ">", false);
      return ids.empty() ? std::string() : ids.front();
    }
  }
  return {};
}

// DPDK: "series-123", "patch-123".
bool is_numbered(std::string_view word) {
  for (const std::string_view kind : {"series-", "patch-"}) {
    if (word.starts_with(kind) && word.size() > kind.size() && word.size() < 32 &&
        word.find_first_not_of("0123456789", kind.size()) == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

// "name@host" as programs write ids, which prose and its marks do not look like.
bool is_bare_id(std::string_view word) {
  const std::size_t at = word.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < word.size() &&
         word.size() <= max_bare_id && word.find_first_of("<>()[]{}\"'`\\,;") == word.npos &&
         word.find('@', at + 1) == word.npos;
}

// Of a word, or of what stands in "<>".
std::optional<Dependency> read_target(std::string_view word, bool in_brackets) {
  if (word.starts_with("https://") || word.starts_with("http://")) {
    if (std::string id = id_in_archive_url(word); !id.empty()) {
      return Dependency{DependencyKind::depends_on_message, std::move(id)};
    }
    if (word.size() > 2000) {
      return std::nullopt;
    }
    return Dependency{DependencyKind::depends_on_url, mend_utf8(word)};
  }
  if (in_brackets) {
    auto ids = read_ids(std::string("<").append(word.substr(0, max_in_brackets)) + ">", false);
    return ids.empty() ? std::nullopt
                       : std::optional(Dependency{DependencyKind::depends_on_message,
                                                  std::move(ids.front())});
  }
  if (std::string lower = to_lower(word.substr(0, max_bare_id)); is_numbered(lower)) {
    return Dependency{DependencyKind::depends_on_number, std::move(lower)};
  }
  if (is_bare_id(word)) {
    auto ids = read_ids(word, true);
    if (!ids.empty()) {
      return Dependency{DependencyKind::depends_on_message, std::move(ids.front())};
    }
  }
  return std::nullopt;
}

// What a value names: "<a@x> <b@x>", "a@x, b@x (\"title\")", "series-1 (\"title\"), patch-2".
// Bare words count only in a list that begins with one: behind other words they are prose, up to
// the next comma. What stands in "<>" counts anywhere.
class Targets {
 public:
  explicit Targets(std::string_view value) : m_rest(value) {}

  std::optional<Dependency> next() {
    while (skip_separators()) {
      if (m_rest.front() == '<') {
        const std::size_t end = m_rest.find('>');
        if (end == std::string_view::npos) {
          return std::nullopt;
        }
        auto target = read_target(m_rest.substr(1, end - 1), true);
        m_rest.remove_prefix(end + 1);
        if (target) {
          m_any = true;
          return target;
        }
        continue;
      }
      const std::string_view word = m_rest.substr(0, m_rest.find_first_of(" \t,;<"));
      m_rest.remove_prefix(word.size());
      auto target = m_prose ? std::nullopt : read_target(word, false);
      if (target) {
        m_any = true;
        return target;
      }
      m_prose = m_prose || !(m_any && (iequals(word, "and") || word == "&"));
    }
    return std::nullopt;
  }

 private:
  bool skip_separators() {
    while (!m_rest.empty() && is_separator(m_rest.front())) {
      if (m_rest.front() == ',' || m_rest.front() == ';') {
        m_prose = m_prose && !m_any;
      }
      m_rest.remove_prefix(1);
    }
    return !m_rest.empty();
  }
  static bool is_separator(char c) { return c == ' ' || c == '\t' || c == ',' || c == ';'; }

  std::string_view m_rest;
  bool m_any = false, m_prose = false;
};

std::optional<std::string> first_id(std::string_view value) {
  Targets targets(value);
  for (int read = 0; read < max_ignored; ++read) {
    auto target = targets.next();
    if (!target) {
      break;
    }
    if (target->kind == DependencyKind::depends_on_message) {
      return std::move(target->target);
    }
  }
  return std::nullopt;
}

class Collector {
 public:
  explicit Collector(BaseInfo& info) : m_info(info) {}

  void line(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon > 30) {
      return;
    }
    const std::string key = to_lower(text.substr(0, colon));
    const std::string_view value = trim(text.substr(colon + 1));
    if (value.empty()) {
      return;
    }
    if (key == "base-commit") {
      const std::string_view id = first_word(value);
      if (m_info.base_commit.empty() && is_hex(id) && (id.size() == 40 || id.size() == 64)) {
        m_info.base_commit = to_lower(id);
      }
    } else if (key == "change-id") {
      change_id(first_word(value));
    } else if (key == "base-branch" || key == "x-kerneltest-branch") {
      branch(first_word(value));
    } else if (key == "supersedes") {
      if (auto id = first_id(value); m_info.supersedes.empty() && id) {
        m_info.supersedes = *std::move(id);
      }
    } else if (key == "depends-on" || key == "based-on") {
      several(value);
    } else if (key == "prerequisite-message-id") {
      const auto ids = read_ids(value, true);
      if (!ids.empty()) {
        add({DependencyKind::depends_on_message, ids.front()});
      }
    } else if (key == "prerequisite-patch-id") {
      const std::string_view id = first_word(value);
      if (is_hex(id) && id.size() == 40) {
        add({DependencyKind::prerequisite_patch, to_lower(id)});
      }
    } else if (key == "prerequisite-change-id") {
      if (const std::string_view id = first_word(value); is_plain_word(id)) {
        add({DependencyKind::prerequisite_change, std::string(id)});
      }
    } else if (key == "ci-tag") {
      m_info.skip_requested = m_info.skip_requested || iequals(value, "skip");
    }
  }

  // Gerrit's "Change-Id: I<40 hex>" names a commit, not a series.
  void change_id(std::string_view id) {
    const bool gerrit = id.size() == 41 && id[0] == 'I' && is_hex(id.substr(1));
    if (m_info.change_id.empty() && is_plain_word(id) && !gerrit) {
      m_info.change_id = id;
    }
  }

  void branch(std::string_view name) {
    if (m_info.base_branch.empty() && is_plain_word(name)) {
      m_info.base_branch = name;
    }
  }

 private:
  void several(std::string_view value) {
    Targets targets(value);
    while (m_read < most_read) {
      auto target = targets.next();
      if (!target) {
        break;
      }
      ++m_read;
      add(*std::move(target));
    }
  }

  void add(Dependency dependency) {
    if (m_info.dependencies.size() < max_dependencies &&
        std::ranges::find(m_info.dependencies, dependency) == m_info.dependencies.end()) {
      m_info.dependencies.push_back(std::move(dependency));
    }
  }

  BaseInfo& m_info;
  std::size_t m_read = 0;  // targets, those named twice included
};

}  // namespace

BaseInfo parse_base_info(const Message& message) {
  BaseInfo info;
  Collector collector(info);
  for (Lines lines(message.text); !lines.done();) {
    collector.line(without_cr(lines.next()));
  }
  if (const auto branch = message.header("X-KernelTest-Branch")) {
    collector.branch(first_word(trim(*branch)));
  }
  if (const auto id = message.header("X-Change-ID")) {
    collector.change_id(first_word(trim(*id)));
  }
  return info;
}

}  // namespace patchmill::mail
