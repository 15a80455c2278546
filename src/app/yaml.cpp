#include "app/yaml.hpp"

#include "util/text.hpp"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace patchmill::app {
namespace {

constexpr std::size_t k_max_bytes = 1u << 20;
constexpr int k_max_depth = 40;
constexpr std::size_t k_max_values = 100'000;

// Brackets deeper than this never reach yaml-cpp, whose parser recurses.
constexpr int k_max_flow_depth = 200;

struct Refusal {
  int line, column;
  std::string message;
};

class Converter {
 public:
  YamlValue convert(const YAML::Node& node, int depth) {
    const auto mark = node.Mark();
    YamlValue value;
    value.line = mark.line + 1;
    value.column = mark.column + 1;
    if (depth > k_max_depth) {
      throw Refusal{value.line, value.column,
                    fmt::format("nested deeper than {} levels", k_max_depth)};
    }
    if (++m_count > k_max_values) {
      throw Refusal{
          value.line, value.column,
          fmt::format("more than {} values (aliases are counted each time)", k_max_values)};
    }
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        value.kind = YamlValue::Kind::null;
        break;
      case YAML::NodeType::Scalar:
        value.kind = YamlValue::Kind::scalar;
        value.scalar = node.Scalar();
        break;
      case YAML::NodeType::Sequence:
        value.kind = YamlValue::Kind::sequence;
        for (const auto& item : node) {
          value.items.push_back(convert(item, depth + 1));
        }
        break;
      case YAML::NodeType::Map:
        convert_map(node, depth, value);
        break;
    }
    return value;
  }

 private:
  void convert_map(const YAML::Node& node, int depth, YamlValue& value) {
    value.kind = YamlValue::Kind::map;
    for (const auto& member : node) {
      YamlValue key = convert(member.first, depth + 1);
      if (key.kind != YamlValue::Kind::scalar) {
        throw Refusal{key.line, key.column, "a key must be a plain word"};
      }
      if (const YamlValue* earlier = value.find(key.scalar)) {
        throw Refusal{key.line, key.column,
                      fmt::format("the key '{}' stands here twice (first on line {})",
                                  escape_terminal(key.scalar), earlier->line)};
      }
      YamlValue item = convert(member.second, depth + 1);
      if (item.kind == YamlValue::Kind::null) {
        item.line = key.line;
        item.column = key.column;
      }
      value.members.push_back({std::move(key), std::move(item)});
    }
  }

  std::size_t m_count = 0;
};

struct Place {
  int line = 1, column = 1;
};

// Where brackets or dashes get too deep, if they do.
std::optional<Place> flow_too_deep(std::string_view text) {
  int depth = 0;
  int indent_dashes = 0;
  bool line_start = true;
  Place at{1, 0};
  for (const char c : text) {
    if (c == '\n') {
      line_start = true;
      indent_dashes = 0;
      at = {at.line + 1, 0};
      continue;
    }
    // Characters, as yaml-cpp counts its columns.
    at.column += (static_cast<unsigned char>(c) & 0xC0u) == 0x80u ? 0 : 1;
    if (line_start && (c == '-' || c == '?')) {
      ++indent_dashes;  // "- - - -" and "? ? ?" nest too
    } else if (c != ' ') {
      line_start = false;
    }
    if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      depth = depth > 0 ? depth - 1 : 0;
    }
    if (depth > k_max_flow_depth || indent_dashes > k_max_flow_depth) {
      return at;
    }
  }
  return std::nullopt;
}

// Lets the parser go on, and remembers where the last scalar is.
class LastScalar final : public YAML::EventHandler {
 public:
  // Where it, or what is said of it ("&anchor", "!tag"), begins: bytes behind a byte order mark.
  [[nodiscard]] std::size_t start() const { return m_start; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    m_start = static_cast<std::size_t>(mark.pos > 0 ? mark.pos : 0);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  std::size_t m_start = 0;
};

// Behind comments, "&anchor" and "!tag".
std::size_t skip_properties(std::string_view text, std::size_t at) {
  constexpr std::string_view k_white = " \t\r\n";
  while (at < text.size()) {
    if (k_white.find(text[at]) != std::string_view::npos) {
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (text[at] == '&' || text[at] == '!') {
      at = std::min(text.find_first_of(k_white, at), text.size());
    } else {
      break;
    }
  }
  return at;
}

bool is_closed(std::string_view text, std::size_t quote) {
  for (std::size_t i = quote + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && text[quote] == '"') {
      ++i;
    } else if (text[i] == text[quote]) {
      // Two single ones stand for one.
      if (text[quote] == '"' || i + 1 == text.size() || text[i + 1] != text[quote]) {
        return true;
      }
      ++i;
    }
  }
  return false;
}

// yaml-cpp 0.7 takes the end of the text for a closing quote where a line ends before it, and so
// everything behind the opening one for its content.
void refuse_open_quote(std::string_view text, std::size_t start) {
  constexpr std::string_view k_mark = "\xEF\xBB\xBF";
  const std::size_t quote =
      skip_properties(text, start + (text.starts_with(k_mark) ? k_mark.size() : 0));
  if (quote >= text.size() || (text[quote] != '"' && text[quote] != '\'') ||
      is_closed(text, quote)) {
    return;
  }
  const auto before = text.substr(0, quote);
  const auto line_start = before.rfind('\n') + 1;  // 0 where there is none
  throw Refusal{static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
                static_cast<int>(quote - line_start) + 1,
                fmt::format("the text that begins with this {} has no end: another {} is missing",
                            text[quote], text[quote])};
}

// Whether anything follows the first document. yaml-cpp 0.7 takes a stray ',' or ']' for an empty
// document without reading past it, so reading all documents would never end.
bool has_more(const std::string& text) {
  // With a last line that ends, an open quote is a scalar, whose place is known.
  std::istringstream in(text + "\n");
  YAML::Parser parser(in);
  LastScalar last;
  try {
    const bool more = parser.HandleNextDocument(last) && parser.HandleNextDocument(last);
    refuse_open_quote(text, last.start());
    return more;
  } catch (const YAML::Exception&) {
    refuse_open_quote(text, last.start());
    throw;
  }
}

// The line on which a second document begins; 1 where no "---" says so.
int second_document_line(std::string_view text) {
  int line = 0;
  bool content = false;
  for (const std::string_view one : split_lines(text)) {
    ++line;
    if (one.starts_with("---") && content) {
      return line;
    }
    content = content || (!trim(one).empty() && !trim(one).starts_with('#'));
  }
  return 1;
}

}  // namespace

const YamlValue* YamlValue::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name.scalar == key) {
      return &value;
    }
  }
  return nullptr;
}

std::string_view to_string(YamlValue::Kind kind) {
  switch (kind) {
    case YamlValue::Kind::null:
      return "nothing";
    case YamlValue::Kind::scalar:
      return "a word";
    case YamlValue::Kind::sequence:
      return "a list";
    case YamlValue::Kind::map:
      return "a map";
  }
  return "?";
}

namespace {

// Messages are logged and pasted into tickets; a password someone put into the file must not be.
bool may_hold_secret(std::string_view line) {
  const std::string lower = to_lower(line);
  const auto says = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  return says("pas") || says("secret") || says("token") || says("cred") ||
         (says("://") && says("@"));
}

}  // namespace

ConfigFault located(std::string_view file, std::string_view text, int line, int column,
                    std::string_view message) {
  std::string result = fmt::format("{}:{}:{}: {}", file, line, column, message);
  const auto lines = split_lines(text);
  if (line >= 1 && static_cast<std::size_t>(line) <= lines.size() &&
      !may_hold_secret(lines[static_cast<std::size_t>(line) - 1])) {
    const std::string shown =
        ellipsize(escape_terminal(lines[static_cast<std::size_t>(line) - 1]), 160);
    const auto indent = static_cast<std::size_t>(column > 0 ? column - 1 : 0);
    if (indent <= shown.size()) {
      result += fmt::format("\n  {}\n  {}^", shown, std::string(indent, ' '));
    }
  }
  return {std::string(file), line, column, std::string(message), std::move(result)};
}

Result<YamlValue> parse_yaml(std::string_view file, std::string_view text, ConfigFault* fault) {
  const auto refuse = [&](ErrorKind kind, ConfigFault what) {
    std::string shown = what.shown;
    if (fault != nullptr) {
      *fault = std::move(what);
    }
    return fail(kind, std::move(shown));
  };
  const auto without_place = [&](std::string message) {
    std::string shown = fmt::format("{}: {}", file, message);
    return ConfigFault{std::string(file), 0, 0, std::move(message), std::move(shown)};
  };
  if (text.size() > k_max_bytes) {
    return refuse(ErrorKind::limit,
                  without_place(fmt::format("{} bytes; a configuration may have {}", text.size(),
                                            k_max_bytes)));
  }
  if (!is_valid_utf8(text)) {
    return refuse(ErrorKind::invalid, without_place("not UTF-8 text"));
  }
  if (const auto place = flow_too_deep(text)) {
    return refuse(ErrorKind::limit,
                  located(file, text, place->line, place->column,
                          fmt::format("nested deeper than {} levels", k_max_flow_depth)));
  }
  try {
    const std::string owned(text);
    if (has_more(owned)) {
      return refuse(ErrorKind::invalid,
                    located(file, text, second_document_line(text), 1,
                            "a second document, or something that belongs to none; one is read"));
    }
    const YAML::Node document = YAML::Load(owned);
    if (document.IsNull()) {
      YamlValue empty;
      empty.kind = YamlValue::Kind::map;
      return empty;
    }
    return Converter().convert(document, 0);
  } catch (const Refusal& refusal) {
    return refuse(ErrorKind::invalid,
                  located(file, text, refusal.line, refusal.column, refusal.message));
  } catch (const YAML::DeepRecursion& error) {  // its own words are "bad file"
    return refuse(ErrorKind::invalid,
                  located(file, text, error.mark.line + 1, error.mark.column + 1,
                          fmt::format("nested deeper than {} levels", k_max_depth)));
  } catch (const YAML::Exception& error) {
    return refuse(ErrorKind::invalid,
                  located(file, text, error.mark.line + 1, error.mark.column + 1,
                          fmt::format("not valid YAML: {}", error.msg)));
  }
}

}  // namespace patchmill::app
