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
constexpr std::size_t max_word = 255;

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

std::optional<Dependency> read_target(std::string_view value) {
  if (value.find('<') != std::string_view::npos) {
    const std::size_t open = value.find('<');
    const std::string_view inner = value.substr(open + 1, value.find('>', open) - open - 1);
    if (inner.starts_with("https://") || inner.starts_with("http://")) {
      return read_target(inner);
    }
    const auto ids = read_ids(value, false);
    if (ids.empty()) {
      return std::nullopt;
    }
    return Dependency{DependencyKind::depends_on_message, ids.front()};
  }
  const std::string_view word = first_word(value);
  if (word.starts_with("https://") || word.starts_with("http://")) {
    if (std::string id = id_in_archive_url(word); !id.empty()) {
      return Dependency{DependencyKind::depends_on_message, std::move(id)};
    }
    if (word.size() > 2000) {
      return std::nullopt;
    }
    return Dependency{DependencyKind::depends_on_url, mend_utf8(word)};
  }
  if (std::string lower = to_lower(word); is_numbered(lower)) {
    return Dependency{DependencyKind::depends_on_number, std::move(lower)};
  }
  if (word.find('@') != std::string_view::npos && word.size() == value.size()) {
    const auto ids = read_ids(value, true);
    if (!ids.empty()) {
      return Dependency{DependencyKind::depends_on_message, ids.front()};
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
      if (auto target = read_target(value); m_info.supersedes.empty() && target &&
                                            target->kind == DependencyKind::depends_on_message) {
        m_info.supersedes = std::move(target->target);
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
  // "Depends-on: <a> <b>", "Depends-on: series-1, series-2"
  void several(std::string_view value) {
    if (value.find('<') != std::string_view::npos) {
      std::size_t pos = 0;
      while ((pos = value.find('<', pos)) != std::string_view::npos) {
        const std::size_t end = value.find('>', pos);
        if (end == std::string_view::npos) {
          break;
        }
        if (auto target = read_target(value.substr(pos, end - pos + 1))) {
          add(std::move(*target));
        }
        pos = end + 1;
      }
      return;
    }
    if (auto target = read_target(value)) {
      const bool numbered = target->kind == DependencyKind::depends_on_number;
      add(std::move(*target));
      for (const std::string_view more : split(value, ',')) {
        if (auto next = read_target(trim(more));
            numbered && next && next->kind == DependencyKind::depends_on_number) {
          add(std::move(*next));
        }
      }
    }
  }

  void add(Dependency dependency) {
    if (m_info.dependencies.size() < max_dependencies &&
        std::ranges::find(m_info.dependencies, dependency) == m_info.dependencies.end()) {
      m_info.dependencies.push_back(std::move(dependency));
    }
  }

  BaseInfo& m_info;
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
