#pragma once
// From the verdict of a series to the mail about it, within one workspace.

#include "app/workspace.hpp"
#include "reports/reporter.hpp"
#include "reports/undecided.hpp"

#include <memory>

namespace patchmill::app {

// Project and base of the last try of a series (series_runs), without maintainers; empty where
// they are not known.
reports::VerdictContext verdict_base(Workspace& workspace, std::int64_t series);

// To be called inside the transaction that sets the verdict: writes down that its mail is to be
// decided, with what is known about the base and its maintainers at that moment. An error says what
// was not found out; the verdict stands all the same, and so does the mail. Of the store's trouble
// it throws DatabaseError.
Result<void> note_verdict(Workspace& workspace, const tracker::Series& series);

// From now on every verdict that is judged in this workspace is noted, where its configuration
// mails at all. What could not be found out is logged.
void note_verdicts(Workspace& workspace);

// Decides and shows; one a workspace.
class MailStage {
 public:
  // Null: the configuration mails nothing. Error (invalid): the templates cannot be used.
  // `workspace` outlives it. One thread at a time, that of the workspace.
  static Result<std::unique_ptr<MailStage>> make(Workspace& workspace);

  // Decides what note_verdict() wrote down, here or in a process that died: after the transaction,
  // where no service::MailThread does it. Returns how many were decided.
  int decide();

  // What would be mailed about the verdict the series has now. Errors as of Reporter::preview().
  Result<reports::Preview> preview(const tracker::Series& series);

  [[nodiscard]] reports::MailStore& mails() { return m_reporter.mails(); }
  [[nodiscard]] reports::Reporter& reporter() { return m_reporter; }

 private:
  MailStage(Workspace& workspace, reports::TemplateSet templates);
  Workspace& m_workspace;
  reports::Reporter m_reporter;
  reports::Undecided m_undecided;
};

}  // namespace patchmill::app
