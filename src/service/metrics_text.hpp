#pragma once
// The Prometheus text format, version 0.0.4.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::service {

class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;

  // Begins a family: all its samples follow. type: counter, gauge or histogram.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(double value, const Labels& labels = {}, std::string_view suffix = {});
  // Upper bounds and how many observations were at most that (not cumulated); the last count is of
  // those above all bounds.
  void histogram(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts,
                 double sum, const Labels& labels = {});
  // A family of one sample.
  void single(std::string_view name, std::string_view type, std::string_view help, double value) {
    family(name, type, help);
    sample(value);
  }
  [[nodiscard]] std::string take() { return std::move(m_text); }

 private:
  std::string m_text, m_name;
};

}  // namespace patchmill::service
