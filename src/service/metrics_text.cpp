#include "service/metrics_text.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace patchmill::service {
namespace {

std::string number(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  // Whole numbers up to 2^53 without an exponent: people read this, too.
  return std::floor(value) == value && std::abs(value) < 9e15 ? fmt::format("{:.0f}", value)
                                                              : fmt::format("{}", value);
}

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : mend_utf8(text)) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  m_name = name;
  m_text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name, type);
}

void MetricsText::sample(double value, const Labels& labels, std::string_view suffix) {
  m_text += m_name;
  m_text += suffix;
  if (!labels.empty()) {
    m_text += '{';
    for (const auto& [name, text] : labels) {
      m_text += fmt::format("{}=\"{}\",", name, escaped(text, true));
    }
    m_text.back() = '}';
  }
  m_text += ' ' + number(value) + '\n';
}

void MetricsText::histogram(const std::vector<double>& bounds,
                            const std::vector<std::uint64_t>& counts, double sum,
                            const Labels& labels) {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    all += counts[i];
    Labels with = labels;
    with.emplace_back("le", i < bounds.size() ? number(bounds[i]) : "+Inf");
    sample(static_cast<double>(all), with, "_bucket");
  }
  sample(sum, labels, "_sum");
  sample(static_cast<double>(all), labels, "_count");
}

}  // namespace patchmill::service
