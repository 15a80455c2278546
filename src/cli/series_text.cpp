#include "cli/series_text.hpp"

#include "cli/output.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace patchmill::cli {
namespace {

constexpr std::size_t k_findings_shown = 10;

void print_conflict(std::string_view what, const git::Conflict& conflict) {
  fmt::print("     {}: patch {}{}{}: {}\n", what, conflict.patch + 1,
             conflict.file.empty() ? "" : ", " + escape_terminal(conflict.file),
             conflict.hunk > 0 ? fmt::format(", hunk {}", conflict.hunk) : "",
             escape_terminal(conflict.reason));
  // The reason may have named it.
  if (conflict.upstream_commit &&
      conflict.reason.find(conflict.upstream_commit->substr(0, 12)) == std::string::npos) {
    fmt::print("     in conflict with {} {}\n", conflict.upstream_commit->substr(0, 12),
               escape_terminal(conflict.upstream_subject));
  }
  for (const auto line : split_lines(conflict.excerpt)) {
    fmt::print("       {}\n", escape_terminal(line, true));
  }
}

void print_findings(const std::vector<findings::Finding>& list) {
  std::size_t shown = 0;
  for (const auto& finding : list) {
    if (shown++ == k_findings_shown) {
      fmt::print("        and {} more (--json has them all)\n", list.size() - k_findings_shown);
      break;
    }
    std::string where = finding.file;
    if (finding.line > 0) {
      where += fmt::format(":{}", finding.line);
    }
    const std::string rule = finding.rule.empty() ? "" : fmt::format(" [{}]", finding.rule);
    // The first line says it; what follows is an excerpt.
    const auto lines = split_lines(finding.message);
    fmt::print("        {}{}{}{}\n", escape_terminal(where), where.empty() ? "" : ": ",
               escape_terminal(ellipsize(lines.empty() ? "" : lines.front(), 300)),
               escape_terminal(rule));
    for (std::size_t i = 1; i < lines.size(); ++i) {
      fmt::print("          {}\n", escape_terminal(ellipsize(lines[i], 200), true));
    }
  }
}

std::string node_label(const pipeline::Node& node) {
  return node.patch ? fmt::format("{} (patch {})", node.name, *node.patch) : node.name;
}

}  // namespace

std::string shown_name(const tracker::Series& series) {
  return series.name.empty() && !series.patches.empty() ? series.patches.front().title
                                                        : series.name;
}

std::vector<pipeline::Node> latest_nodes(std::vector<pipeline::Node> nodes) {
  int last = 0;
  for (const auto& node : nodes) {
    last = std::max(last, node.attempt);
  }
  std::erase_if(nodes, [last](const pipeline::Node& node) { return node.attempt != last; });
  return nodes;
}

void print_series(const tracker::Series& series,
                  const std::optional<pipeline::NodeStore::SeriesVerdict>& verdict,
                  const std::vector<pipeline::Node>& nodes,
                  const std::function<std::vector<findings::Finding>(std::int64_t)>& findings_of,
                  const std::function<std::vector<std::string>(std::int64_t)>& notes_of) {
  const bool color = use_color(STDOUT_FILENO);
  fmt::print("series {}  {}\n", series.number, escape_terminal(shown_name(series)));
  fmt::print("  by {}, {} UTC, version {}, {} of {} patches\n",
             escape_terminal(mail::to_string(series.submitter)), to_iso(series.date),
             series.version, series.received_total(), series.total);
  if (series.revision_of) {
    fmt::print("  a newer revision of series {}\n", *series.revision_of);
  }
  if (series.superseded) {
    fmt::print("  superseded by a newer revision\n");
  }
  for (const auto& dependency : series.dependencies) {
    fmt::print(
        "  depends on {}{}\n", escape_terminal(dependency.dependency.target),
        dependency.series ? fmt::format(" (series {})", *dependency.series) : " (not here yet)");
  }
  if (!series.note.empty()) {
    fmt::print("  note: {}\n", escape_terminal(series.note));
  }
  for (const auto& patch : series.patches) {
    fmt::print("  {:>3}  {}{}\n", patch.number, escape_terminal(patch.title),
               patch.carried_over ? "  (from an earlier revision)" : "");
    for (const std::string& note : notes_of(patch.message)) {
      fmt::print("       note: {}\n", escape_terminal(note));
    }
  }
  if (verdict) {
    fmt::print("\nverdict: {}  {}\n", verdict_word(verdict->verdict, color),
               escape_terminal(verdict->reason));
  } else {
    fmt::print("\nnot tested yet (`patchmill run` tests what is pending)\n");
  }
  for (const auto& node : nodes) {
    const std::string result = node.result ? verdict_word(*node.result, color, 10)
                                           : fmt::format("{:<10}", pipeline::to_string(node.state));
    fmt::print("  {:>5}  {} {:<9} {:<28} {}\n", node.id, result, pipeline::to_string(node.kind),
               escape_terminal(node_label(node)), escape_terminal(node.summary));
    if (node.result && *node.result != findings::Verdict::pass) {
      print_findings(findings_of(node.id));
    }
  }
}

std::string shown_candidate(const placement::Candidate& candidate) {
  return candidate.described.starts_with(candidate.tree + ' ')
             ? std::string(trim(candidate.described))
             : fmt::format("{} {}", candidate.tree, candidate.described);
}

void print_placement(const placement::Placement& placement) {
  fmt::print("{}\n", escape_terminal(placement.explanation));
  bool shows_tip = false;
  for (std::size_t i = 0; i < placement.candidates.size(); ++i) {
    const auto& candidate = placement.candidates[i];
    std::string reasons;
    for (const auto reason : candidate.reasons) {
      reasons += (reasons.empty() ? "" : ", ") + std::string(placement::to_string(reason));
    }
    const bool chosen = placement.chosen == i;
    fmt::print("\n{} {}. {}\n     {}\n     {} (score {:.2f})\n", chosen ? "*" : " ", i + 1,
               escape_terminal(shown_candidate(candidate)), escape_terminal(candidate.explanation),
               escape_terminal(reasons), candidate.score);
    if (!candidate.tried) {
      fmt::print("     not tried\n");
    } else if (candidate.outcome && candidate.outcome->ok()) {
      fmt::print("     applies\n");
    } else if (candidate.outcome) {
      print_conflict("does not apply", *candidate.outcome->conflict);
      shows_tip = shows_tip || std::ranges::find(candidate.reasons, placement::Reason::tip) !=
                                   candidate.reasons.end();
    }
  }
  if (placement.tip_conflict && !shows_tip) {
    fmt::print("\n");
    print_conflict("does not apply to the newest commit of the branch", *placement.tip_conflict);
  }
}

}  // namespace patchmill::cli
