#include "reports/template_check.hpp"

#include "reports/template_keys.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::reports {
namespace {

constexpr std::size_t k_deepest = 8;
constexpr std::size_t k_most_faults = 20;

struct Open {
  std::string name;
  std::size_t line;
  bool list;
};

class Checker {
 public:
  Checker(std::string_view file, std::string_view text,
          const std::function<bool(std::string_view)>& is_partial)
      : m_file(file), m_text(text), m_is_partial(is_partial) {}

  std::vector<std::string> run() {
    if (m_text.size() > k_largest_template) {
      fault(fmt::format("a template may have {} bytes, this one has {}", k_largest_template,
                        m_text.size()));
      return std::move(m_faults);
    }
    if (!is_valid_utf8(m_text) || m_text.find('\0') != std::string_view::npos) {
      fault("it is no UTF-8 text");
      return std::move(m_faults);
    }
    std::size_t at = 0;
    while (m_faults.size() < k_most_faults) {
      const std::size_t open = m_text.find("{{", at);
      count_lines(at, open);
      if (open == std::string_view::npos) {
        break;
      }
      const bool triple = m_text.substr(open).starts_with("{{{");
      const std::string_view closing = triple ? "}}}" : "}}";
      const std::size_t start = open + closing.size();
      const std::size_t end = m_text.find(closing, start);
      if (end == std::string_view::npos) {
        fault(fmt::format("the tag is not closed by '{}'", closing));
        return std::move(m_faults);
      }
      tag(m_text.substr(start, end - start), triple);
      count_lines(open, end + closing.size());
      at = end + closing.size();
    }
    for (const Open& open : m_open) {
      m_line = open.line;
      fault(fmt::format("the section '{}' is not ended by {{{{/{}}}}}", open.name, open.name));
    }
    return std::move(m_faults);
  }

 private:
  void count_lines(std::size_t from, std::size_t to) {
    const std::string_view passed = m_text.substr(from, to - from);
    m_line += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
  }

  void fault(const std::string& message) {
    m_faults.push_back(fmt::format("{}:{}: {}", m_file, m_line, message));
  }

  [[nodiscard]] std::string_view list_around() const {
    for (auto open = m_open.rbegin(); open != m_open.rend(); ++open) {
      if (open->list) {
        return open->name;
      }
    }
    return "";
  }

  void tag(std::string_view content, bool triple) {
    if (content.find('\n') != std::string_view::npos && !trim(content).starts_with('!')) {
      fault("a tag stands on one line");
      return;
    }
    content = trim(content);
    const char kind = content.empty() || triple ? '\0' : content.front();
    if (kind == '!') {
      return;
    }
    if (kind == '=') {
      fault("other delimiters than {{ and }} are not supported");
      return;
    }
    const bool marked = kind == '#' || kind == '^' || kind == '/' || kind == '>' || kind == '&';
    const std::string_view name = marked ? trim(content.substr(1)) : content;
    if (kind == '>') {
      if (!m_is_partial(name)) {
        fault(fmt::format("there is no template '{}' to include", escape_terminal(name)));
      }
    } else if (kind == '/') {
      end_section(name);
    } else if (kind == '#' || kind == '^') {
      begin_section(name, kind == '^');
    } else if (const TemplateKey* key = known(name); key != nullptr && key->kind != KeyKind::text) {
      fault(fmt::format("'{}' is no text; write {{{{#{}}}}}…{{{{/{}}}}}", name, name, name));
    }
  }

  const TemplateKey* known(std::string_view name) {
    const TemplateKey* key = find_template_key(name, list_around());
    if (key != nullptr) {
      return key;
    }
    std::vector<std::string> names;
    for (const TemplateKey& other : template_keys()) {
      if (other.name == name) {
        fault(other.parent.empty()
                  ? fmt::format("'{}' cannot stand inside '{}'", name, list_around())
                  : fmt::format("'{}' is known only inside {{{{#{}}}}}", name, other.parent));
        return nullptr;
      }
      names.emplace_back(other.name);
    }
    const auto near = nearest_name(name, names);
    fault(fmt::format("unknown word '{}'{}", escape_terminal(ellipsize(name, 60)),
                      near ? fmt::format("; did you mean '{}'?", *near) : ""));
    return nullptr;
  }

  void begin_section(std::string_view name, bool inverted) {
    const TemplateKey* key = known(name);
    if (m_open.size() >= k_deepest) {
      fault(fmt::format("sections may be nested {} deep", k_deepest));
    }
    const bool list = key != nullptr && key->kind == KeyKind::list && !inverted;
    m_open.push_back({std::string(name), m_line, list});
  }

  void end_section(std::string_view name) {
    if (m_open.empty()) {
      fault(fmt::format("{{{{/{}}}}} ends a section that did not begin", escape_terminal(name)));
    } else if (m_open.back().name != name) {
      fault(fmt::format("{{{{/{}}}}} stands where {{{{/{}}}}} (begun in line {}) is expected",
                        escape_terminal(name), m_open.back().name, m_open.back().line));
      m_open.pop_back();
    } else {
      m_open.pop_back();
    }
  }

  std::string_view m_file, m_text;
  const std::function<bool(std::string_view)>& m_is_partial;
  std::size_t m_line = 1;
  std::vector<Open> m_open;
  std::vector<std::string> m_faults;
};

}  // namespace

std::vector<std::string> check_template(std::string_view file, std::string_view text,
                                        const std::function<bool(std::string_view)>& is_partial) {
  return Checker(file, text, is_partial).run();
}

}  // namespace patchmill::reports
