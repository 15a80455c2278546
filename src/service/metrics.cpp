// What /metrics says, family by family.

#include "service/metrics_text.hpp"
#include "service/ops_endpoints.hpp"
#include "service/process_figures.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace patchmill::service {
namespace {

double epoch_seconds(Timestamp time) {
  return static_cast<double>(to_micros(time)) / 1e6;
}

template <class Number>
double real(Number number) {
  return static_cast<double>(number);
}

void add_process(MetricsText& out) {
  const ProcessFigures process = process_figures();
  out.single("process_resident_memory_bytes", "gauge", "Memory of the process.",
             real(process.resident_bytes));
  out.single("process_cpu_seconds_total", "counter", "CPU time of the process.",
             process.cpu_seconds);
  out.single("process_open_fds", "gauge", "Open file descriptors.", real(process.open_fds));
  out.single("process_max_fds", "gauge", "Limit of open file descriptors.", real(process.max_fds));
}

void add_health(MetricsText& out, const HealthState& health) {
  out.family("patchmill_part_state", "gauge", "State of a part: 0 ok, 1 degraded, 2 down.");
  const auto parts = health.parts();
  for (const PartHealth& part : parts) {
    out.sample(real(static_cast<int>(part.state)), {{"part", std::string(to_string(part.part))}});
  }
  out.family("patchmill_part_items", "gauge", "Sources, trees and workers by state.");
  for (const PartHealth& part : parts) {
    for (const PartState state : {PartState::ok, PartState::degraded, PartState::down}) {
      const auto count =
          std::count_if(part.items.begin(), part.items.end(),
                        [state](const ItemHealth& item) { return item.state == state; });
      if (!part.items.empty()) {
        out.sample(real(count), {{"part", std::string(to_string(part.part))},
                                 {"state", std::string(to_string(state))}});
      }
    }
  }
}

struct Queue {
  std::int64_t waiting = 0, taken = 0;
  std::optional<Timestamp> longest;
};

void add_queue(MetricsText& out, const StoreFigures& figures,
               const std::vector<std::string>& projects, Timestamp now) {
  std::map<std::string, Queue> queues;
  for (const auto& name : projects) {
    queues[name];
  }
  for (const auto& project : figures.queue) {
    const bool known =
        std::find(projects.begin(), projects.end(), project.project) != projects.end();
    Queue& queue = queues[known ? project.project : "other"];
    queue.waiting += project.waiting;
    queue.taken += project.taken;
    if (project.longest_since && (!queue.longest || *project.longest_since < *queue.longest)) {
      queue.longest = project.longest_since;
    }
  }
  out.family("patchmill_queue_nodes", "gauge", "Nodes in the queue, by project.");
  for (const auto& [name, queue] : queues) {
    out.sample(real(queue.waiting), {{"project", name}, {"state", "waiting"}});
    out.sample(real(queue.taken), {{"project", name}, {"state", "taken"}});
  }
  out.family("patchmill_queue_longest_wait_seconds", "gauge",
             "How long the node that is ready longest has waited.");
  for (const auto& [name, queue] : queues) {
    out.sample(
        queue.longest ? std::max(0.0, epoch_seconds(now) - epoch_seconds(*queue.longest)) : 0.0,
        {{"project", name}});
  }
}

void add_store(MetricsText& out, const StoreFigures& figures) {
  out.family("patchmill_series", "gauge", "Series by verdict.");
  for (const auto verdict :
       {findings::Verdict::pass, findings::Verdict::warning, findings::Verdict::fail,
        findings::Verdict::skip, findings::Verdict::incomplete}) {
    const std::string name(findings::to_string(verdict));
    const auto found = figures.verdicts.find(name);
    out.sample(found == figures.verdicts.end() ? 0.0 : real(found->second), {{"verdict", name}});
  }
  out.single("patchmill_nodes_running", "gauge", "Nodes that run now.", real(figures.running));
  out.single("patchmill_pauses", "gauge", "Pauses that stand.", real(figures.pauses));
  out.single("patchmill_requests_waiting", "gauge",
             "Retries and cancels asked for and not begun yet.", real(figures.requests));
  out.family("patchmill_mails", "gauge", "Mails by state.");
  for (const auto state :
       {reports::MailState::held, reports::MailState::queued, reports::MailState::sent,
        reports::MailState::failed, reports::MailState::in_doubt, reports::MailState::dropped}) {
    const auto found =
        std::find_if(figures.mails.begin(), figures.mails.end(),
                     [state](const reports::MailCount& mails) { return mails.state == state; });
    out.sample(found == figures.mails.end() ? 0.0 : real(found->count),
               {{"state", std::string(reports::to_string(state))}});
  }
  // Kinds are names of reporters: ours, and few.
  out.family("patchmill_outbox", "gauge", "What is to be sent, by kind.");
  for (const auto& kind : figures.outbox) {
    out.sample(real(kind.waiting), {{"kind", kind.kind}, {"state", "waiting"}});
    out.sample(real(kind.given_up), {{"kind", kind.kind}, {"state", "given_up"}});
  }
  out.single("patchmill_events_last_id", "counter", "Number of the newest event.",
             real(figures.last_event));
  out.single("patchmill_store_bytes", "gauge", "Size of the store's tables.",
             real(figures.store_bytes));
}

void add_work(MetricsText& out, const Gauges::Snapshot& counted) {
  out.family("patchmill_nodes_done_total", "counter", "Nodes that ended, by kind and result.");
  for (const auto& [key, count] : counted.nodes) {
    out.sample(real(count), {{"kind", std::string(pipeline::to_string(key.first))},
                             {"result", std::string(findings::to_string(key.second))}});
  }
  out.family("patchmill_node_duration_seconds", "histogram", "How long nodes ran, by kind.");
  for (const auto& [kind, histogram] : counted.node_seconds) {
    out.histogram(histogram.bounds, histogram.counts, histogram.sum,
                  {{"kind", std::string(pipeline::to_string(kind))}});
  }
  out.family("patchmill_first_verdict_seconds", "histogram",
             "From the arrival of a series to the word whether it applies.");
  out.histogram(counted.first_verdict.bounds, counted.first_verdict.counts,
                counted.first_verdict.sum);
}

void add_sources(MetricsText& out, const std::vector<intake::SourceHealth>& sources) {
  out.family("patchmill_source_messages_total", "counter", "New mails stored, by source.");
  for (const auto& source : sources) {
    out.sample(real(source.mails), {{"source", source.name}});
  }
  out.family("patchmill_source_failures_total", "counter", "Failed attempts, by source.");
  for (const auto& source : sources) {
    out.sample(real(source.failed), {{"source", source.name}});
  }
  out.family("patchmill_source_last_success_timestamp_seconds", "gauge",
             "When a source was last known to be read to its end.");
  for (const auto& source : sources) {
    if (source.last_success) {
      out.sample(epoch_seconds(*source.last_success), {{"source", source.name}});
    }
  }
  out.family("patchmill_source_last_mail_timestamp_seconds", "gauge",
             "When a new mail was stored last since the start, by source.");
  for (const auto& source : sources) {
    if (source.last_mail) {
      out.sample(epoch_seconds(*source.last_mail), {{"source", source.name}});
    }
  }
}

void add_trees(MetricsText& out, const std::vector<TreeHealth>& trees) {
  out.family("patchmill_tree_fetches_total", "counter", "Fetches, by tree and result.");
  for (const auto& tree : trees) {
    out.sample(real(tree.fetches - tree.failures), {{"tree", tree.name}, {"result", "ok"}});
    out.sample(real(tree.failures), {{"tree", tree.name}, {"result", "failed"}});
  }
  out.family("patchmill_tree_last_fetch_timestamp_seconds", "gauge",
             "When a tree was fetched last with success.");
  for (const auto& tree : trees) {
    if (tree.fetched) {
      out.sample(epoch_seconds(*tree.fetched), {{"tree", tree.name}});
    }
  }
}

void add_parts(MetricsText& out, const PartFigures& parts) {
  add_sources(out, parts.sources);
  add_trees(out, parts.trees);
  out.family("patchmill_workers", "gauge", "Workers, by what they do.");
  const std::size_t busy = std::min(parts.workers, parts.workers_busy);
  out.sample(real(busy), {{"state", "busy"}});
  out.sample(real(parts.workers - busy), {{"state", "idle"}});
  out.family("patchmill_mail_deliveries_total", "counter", "Tries to deliver a mail, by outcome.");
  out.sample(real(parts.mail.sent), {{"outcome", "accepted"}});
  out.sample(real(parts.mail.deferred), {{"outcome", "deferred"}});
  out.sample(real(parts.mail.failed), {{"outcome", "rejected"}});
  out.sample(real(parts.mail.in_doubt), {{"outcome", "in_doubt"}});
}

void add_http(MetricsText& out, const Gauges::Snapshot& counted, const http::ServerStats& stats) {
  out.family("patchmill_http_requests_total", "counter", "Answered requests.");
  for (const auto& [key, count] : counted.http) {
    out.sample(real(count), {{"method", key.first}, {"code", key.second}});
  }
  out.family("patchmill_http_request_duration_seconds", "histogram",
             "From the first byte of a request to the last byte of its answer.");
  out.histogram(counted.http_seconds.bounds, counted.http_seconds.counts, counted.http_seconds.sum);
  out.single("patchmill_http_connections", "gauge", "Open connections.", real(stats.connections));
  out.single("patchmill_http_event_streams", "gauge", "Open event streams.",
             real(stats.event_streams));
  out.single("patchmill_http_waiting", "gauge", "Requests waiting for a worker or in one.",
             real(stats.waiting));
  out.single("patchmill_http_buffered_bytes", "gauge", "Request bodies in memory.",
             real(stats.buffered));
  out.family("patchmill_http_connections_total", "counter", "Connections by what became of them.");
  out.sample(real(stats.accepted), {{"result", "accepted"}});
  out.sample(real(stats.refused), {{"result", "refused"}});
  out.sample(real(stats.timed_out), {{"result", "timed_out"}});
  out.single("patchmill_http_malformed_total", "counter", "Requests the parser refused.",
             real(stats.malformed));
}

}  // namespace

std::string OpsEndpoints::metrics() {
  const Timestamp now = m_clock.now();
  MetricsText out;
  out.family("patchmill_build_info", "gauge", "The version, as a label.");
  out.sample(1, {{"version", PATCHMILL_VERSION}});
  out.single("patchmill_start_time_seconds", "gauge", "When the service started.",
             epoch_seconds(m_start));
  add_process(out);
  add_health(out, m_health);
  const auto figures = this->figures();
  out.single("patchmill_store_up", "gauge", "Whether the store answered.", figures ? 1 : 0);
  if (figures) {
    add_store(out, *figures);
    add_queue(out, *figures, m_options.projects, now);
  }
  std::error_code error;
  if (const auto space = std::filesystem::space(m_options.data, error); !error) {
    out.single("patchmill_disk_free_bytes", "gauge", "Free space for the data folder.",
               real(space.available));
    out.single("patchmill_disk_size_bytes", "gauge", "Size of that file system.",
               real(space.capacity));
  }
  const Gauges::Snapshot counted = m_gauges.snapshot();
  add_work(out, counted);
  if (const auto parts = m_options.part_figures ? m_options.part_figures() : std::nullopt) {
    add_parts(out, *parts);
  }
  add_http(out, counted, m_options.http_stats ? m_options.http_stats() : http::ServerStats());
  return out.take();
}

}  // namespace patchmill::service
