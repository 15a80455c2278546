#include "web/log_html.hpp"

#include "util/text.hpp"
#include "web/format.hpp"

#include <algorithm>

namespace patchmill::web {
namespace {

constexpr std::size_t k_least_fold = 8;

std::string_view skip_blanks(std::string_view text) {
  const auto at = text.find_first_not_of(" \t");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

// "  CC      kernel/fork.o": two blanks, a word in capitals, blanks, a name.
bool is_step(std::string_view text) {
  if (!text.starts_with("  ") || text.size() < 6) {
    return false;
  }
  text.remove_prefix(2);
  std::size_t n = 0;
  while (n < text.size() && ((text[n] >= 'A' && text[n] <= 'Z') || (n > 0 && text[n] == '_'))) {
    ++n;
  }
  return n >= 2 && n <= 10 && n + 1 < text.size() && (text[n] == ' ' || text[n] == '[');
}

bool is_passed(std::string_view text) {
  const std::string_view rest = skip_blanks(text);
  if (rest.starts_with("ok ") || rest.starts_with("# Subtest:") ||
      rest.starts_with("KTAP version") || rest.starts_with("TAP version")) {
    return true;
  }
  if (rest.starts_with("1..")) {
    return rest.size() > 3 &&
           rest.substr(3).find_first_not_of("0123456789") == std::string_view::npos;
  }
  return rest.starts_with("PASS") && (rest.size() == 4 || rest[4] == ':' || rest[4] == ' ');
}

std::string_view css_of(LineKind kind) {
  switch (kind) {
    case LineKind::error:
      return " error";
    case LineKind::warning:
      return " warning";
    default:
      return "";
  }
}

struct Kinded {
  const LogLine* line;
  LineKind kind;
  std::string plain;
};

class LogWriter {
 public:
  LogWriter(AnsiRenderer& renderer, Html& out) : m_renderer(renderer), m_out(out) {}

  void line(const Kinded& one) {
    const auto number = static_cast<std::int64_t>(one.line->number);
    m_out.raw("<span class=\"l").text(css_of(one.kind)).raw("\" id=\"L").number(number);
    m_out.raw("\"><a href=\"?line=")
        .number(number)
        .raw("#L")
        .number(number)
        .raw("\" tabindex=\"-1\">");
    m_out.number(number).raw("</a>");
    if (one.line->text.size() < one.line->length) {
      // The renderer only knows what was kept of it.
      Html text;
      m_renderer.line(std::string_view(one.line->text).substr(0, AnsiRenderer::k_longest_line),
                      text);
      m_out.add(text).raw("<span class=\"cut\"> … ");
      m_out.text(count_of(one.line->length - std::min<std::uint64_t>(one.line->length,
                                                                     AnsiRenderer::k_longest_line),
                          "byte", "bytes"));
      m_out.raw(" more in the raw log</span>");
    } else {
      m_renderer.line(one.line->text, m_out);
    }
    m_out.raw("\n</span>");
  }
  void begin_fold(std::string_view summary, bool open) {
    m_out.raw("<details");
    if (open) {
      m_out.raw(" open");
    }
    m_out.raw("><summary>").text(summary).raw("</summary>");
  }
  void end_fold() { m_out.raw("</details>"); }

 private:
  AnsiRenderer& m_renderer;
  Html& m_out;
};

std::string_view group_name(std::string_view plain) {
  const auto at =
      plain.find(plain.find("##[group]") != std::string_view::npos ? "##[group]" : "::group::");
  return trim(plain.substr(std::min(at + 9, plain.size())));
}

}  // namespace

LineKind line_kind(std::string_view text) {
  if (looks_like_error(text)) {
    return LineKind::error;
  }
  if (text.find("warning:") != std::string_view::npos ||
      text.find("WARNING: ") != std::string_view::npos) {
    return LineKind::warning;
  }
  if (text.find("##[group]") != std::string_view::npos || text.starts_with("::group::")) {
    return LineKind::group_start;
  }
  if (text.find("##[endgroup]") != std::string_view::npos || text.starts_with("::endgroup::")) {
    return LineKind::group_end;
  }
  if (is_step(text)) {
    return LineKind::step;
  }
  return is_passed(text) ? LineKind::passed : LineKind::plain;
}

Html log_lines_html(std::span<const LogLine> lines, AnsiRenderer& renderer, bool fold) {
  Html out;
  LogWriter writer(renderer, out);
  std::vector<Kinded> all;
  all.reserve(lines.size());
  for (const LogLine& line : lines) {
    std::string plain = AnsiRenderer::plain(line.text);
    const LineKind kind = line_kind(plain);
    all.push_back({&line, kind, kind == LineKind::group_start ? std::move(plain) : std::string()});
  }
  bool in_group = false;
  std::size_t i = 0;
  while (i < all.size()) {
    const LineKind kind = all[i].kind;
    if (fold && kind == LineKind::group_start) {
      if (in_group) {
        writer.end_fold();
      }
      const auto trouble = std::find_if(
          all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(), [](const Kinded& one) {
            return one.kind == LineKind::error || one.kind == LineKind::group_end;
          });
      // A fold never hides what went wrong.
      writer.begin_fold(ellipsize(group_name(all[i].plain), 200),
                        trouble == all.end() || trouble->kind == LineKind::error);
      in_group = true;
    }
    if (fold && (kind == LineKind::passed || kind == LineKind::step)) {
      std::size_t end = i;
      while (end < all.size() && all[end].kind == kind) {
        ++end;
      }
      const bool folded = end - i >= k_least_fold;
      if (folded) {
        writer.begin_fold(kind == LineKind::passed
                              ? count_of(end - i, "line of passed tests", "lines of passed tests")
                              : count_of(end - i, "build step", "build steps"),
                          false);
      }
      for (; i < end; ++i) {
        writer.line(all[i]);
      }
      if (folded) {
        writer.end_fold();
      }
      continue;
    }
    writer.line(all[i]);
    if (in_group && kind == LineKind::group_end) {
      writer.end_fold();
      in_group = false;
    }
    ++i;
  }
  if (in_group) {
    writer.end_fold();
  }
  return out;
}

}  // namespace patchmill::web
