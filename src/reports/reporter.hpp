#pragma once
// From a verdict to a mail in the outbox, or to the reasons why there is none.

#include "reports/identity.hpp"
#include "reports/load_report.hpp"
#include "reports/mail_store.hpp"
#include "reports/policy.hpp"
#include "reports/render.hpp"
#include "reports/template_set.hpp"
#include "store/blob_store.hpp"
#include "tracker/queries.hpp"
#include "util/clock.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::reports {

struct ReporterConfig {
  Policy policy;
  Identity identity;
  Links links;
  ClassRules classes;
  std::filesystem::path opt_out_file;  // empty: none
};

// Faults of the whole, one sentence each; empty: none. A policy without rules has none.
std::vector<std::string> check_config(const ReporterConfig& config, const TemplateSet& templates);

// What would be mailed, byte for byte, and why.
struct Preview {
  Report report;  // as it is mailed: without what policy leaves out
  Decision decision;
  std::string mail_template;
  std::optional<StoredMail> mail;  // absent: no mail of its own
};

class Reporter {
 public:
  // All outlive the reporter. One thread at a time.
  Reporter(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
           ReporterConfig config, TemplateSet templates);

  // Changes nothing. The Date of a mail that waits is the moment it may go. Errors: not_found (no
  // verdict yet), and what a template or the mails of the series cannot give.
  Result<Preview> preview(const tracker::Series& series, const VerdictContext& context);

  // Decides about the verdict the series has now and puts mail and digest entries into the store.
  // Call it inside the transaction that sets the verdict, so that both are there or none. Called
  // again for the same verdict it changes nothing.
  Result<Decision> report(const tracker::Series& series, const VerdictContext& context);

  // Makes the digests that are due into mails in the outbox; returns how many.
  Result<int> make_digests();

  [[nodiscard]] MailStore& mails() { return m_mails; }
  [[nodiscard]] const ReporterConfig& config() const { return m_config; }

 private:
  Result<std::vector<mail::Message>> load_mails(const tracker::Series& series);
  Result<History> history_of(const tracker::Series& series, const std::string& thread,
                             const std::vector<mail::Message>& mails, const People& people);
  Result<StoredMail> compose(const tracker::Series& series, const Preview& preview,
                             const std::vector<mail::Message>& mails, const People& people,
                             int sequence);
  Result<bool> make_digest(const std::string& person);

  store::Database& m_database;
  tracker::Queries m_queries;
  pipeline::NodeStore m_nodes;
  const Clock& m_clock;
  ReporterConfig m_config;
  TemplateSet m_templates;
  MailStore m_mails;
};

// The report without the entries the decision leaves out.
Report visible(const Report& report, const Decision& decision);

// For pages and `plan --mail --json`.
std::string decision_json(const Decision& decision);

}  // namespace patchmill::reports
