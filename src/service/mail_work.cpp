#include "service/mail_work.hpp"

#include "util/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace patchmill::service {

Result<std::unique_ptr<MailWork>> MailWork::open(const app::Config& config, const Clock& clock,
                                                 ProcessRunner& processes, std::stop_token stop) {
  if (!config.mail.enabled()) {
    return nullptr;
  }
  PM_TRY_ASSIGN(auto templates, reports::load_templates(config.mail));
  return std::unique_ptr<MailWork>(
      new MailWork(config, clock, processes, std::move(templates), std::move(stop)));
}

MailWork::MailWork(const app::Config& config, const Clock& clock, ProcessRunner& processes,
                   reports::TemplateSet templates, std::stop_token stop)
    : m_database(store::Database::open(config.store_url)),
      m_blobs(config.data / "blobs"),
      m_queries(*m_database, m_blobs),
      m_stop(std::move(stop)),
      m_transport(reports::make_transport(config.mail, processes, m_stop)),
      m_reporter(*m_database, m_blobs, clock, config.mail.reporter, std::move(templates)),
      m_undecided(*m_database, clock),
      m_sender(*m_database, m_blobs, clock, *m_transport, config.mail.sender,
               fmt::format("mail of process {}", ::getpid())) {
  m_sender.stop_with(m_stop);
}

MailWork::Pass MailWork::pass() {
  Pass pass;
  if (m_stop.stop_requested()) {
    return pass;
  }
  pass.decided = m_undecided.decide(m_reporter, m_queries);
  if (const auto made = m_reporter.make_digests()) {
    pass.digests = *made;
  } else {
    pass.fault = "digests: " + made.error().message;
  }
  pass.settled = m_sender.settle_from_archive();
  while (!m_stop.stop_requested()) {
    auto step = m_sender.send_one();
    if (!step) {
      break;
    }
    log::info("mail {}: {}: {}", step->mail, reports::to_string(step->state), step->reason);
    if (on_sent) {
      on_sent(*step);
    }
    pass.steps.push_back(*std::move(step));
  }
  m_transport->rest();
  return pass;
}

std::int64_t MailWork::count(reports::MailState state) {
  return m_reporter.mails().count(state);
}

std::int64_t MailWork::undecided() {
  return m_undecided.count();
}

}  // namespace patchmill::service
