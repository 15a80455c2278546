#pragma once
// Everything there is to do about mail at one moment: decide, make digests, send, settle doubts.

#include "app/config.hpp"
#include "delivery/transport.hpp"
#include "reports/mail_sender.hpp"
#include "reports/reporter.hpp"
#include "reports/undecided.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/subprocess.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace patchmill::service {

class MailWork {
 public:
  // With a connection to the store of its own, whose schema is there already. `clock` and
  // `processes` outlive it. Null: the configuration mails nothing. Error (invalid): the templates
  // cannot be used. Throws DatabaseError when the store cannot be opened.
  static Result<std::unique_ptr<MailWork>> open(const app::Config& config, const Clock& clock,
                                                ProcessRunner& processes, std::stop_token stop);

  struct Pass {
    int decided = 0, digests = 0, settled = 0;
    std::vector<reports::MailSender::Step> steps;  // one for each mail that was taken
    std::string fault;  // what could not be done but says nothing about the store; empty: none
  };
  // Until nothing is due, or a stop (then within half a second). Throws DatabaseError.
  Pass pass();

  // How many mails are in this state, and how many verdicts are undecided.
  std::int64_t count(reports::MailState state);
  std::int64_t undecided();

  // For tests and progress: each mail as it is done.
  std::function<void(const reports::MailSender::Step&)> on_sent;

 private:
  MailWork(const app::Config& config, const Clock& clock, ProcessRunner& processes,
           reports::TemplateSet templates, std::stop_token stop);

  std::unique_ptr<store::Database> m_database;
  store::BlobStore m_blobs;
  tracker::Queries m_queries;
  std::stop_token m_stop;
  std::unique_ptr<delivery::Transport> m_transport;
  reports::Reporter m_reporter;
  reports::Undecided m_undecided;
  reports::MailSender m_sender;
};

}  // namespace patchmill::service
