#include "service/work_counter.hpp"

#include "pipeline/node_event.hpp"

namespace patchmill::service {
namespace {

// Series that are never judged (no tree is theirs) must not fill the memory.
constexpr std::size_t k_max_open = 10'000;

}  // namespace

void WorkCounter::see(const store::Event& event) {
  if (event.kind == "node-done") {
    see_node(event);
  } else if (event.kind == "series-completed" && event.series) {
    m_completed[*event.series] = event.time;
    if (m_completed.size() > k_max_open) {
      m_completed.erase(m_completed.begin());
    }
  }
}

void WorkCounter::see_node(const store::Event& event) {
  const auto node = pipeline::parse_node_done(event.payload);
  if (!node) {
    return;
  }
  m_gauges.node_done(node->kind, node->result, node->took);
  if (node->name != "applies" || !event.series) {
    return;
  }
  if (const auto found = m_completed.find(*event.series); found != m_completed.end()) {
    m_gauges.first_verdict(
        std::chrono::duration_cast<std::chrono::microseconds>(event.time - found->second));
    m_completed.erase(found);
  }
}

}  // namespace patchmill::service
