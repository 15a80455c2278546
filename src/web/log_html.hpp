#pragma once
// Lines of a log as HTML: numbered, coloured, with what passed folded away.

#include "web/ansi.hpp"
#include "web/log_file.hpp"

#include <span>

namespace patchmill::web {

enum class LineKind { plain, error, warning, passed, step, group_start, group_end };
// By what compilers, kernels, KTAP and make print; text as by AnsiRenderer::plain().
LineKind line_kind(std::string_view text);

Html log_lines_html(std::span<const LogLine> lines, AnsiRenderer& renderer, bool fold = true);

}  // namespace patchmill::web
