#include "service/doubt_mails.hpp"

#include "app/mail_stage.hpp"
#include "reports/collected_mail.hpp"
#include "reports/mail_store.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace patchmill::service {
namespace {

int doubt_queued(reports::MailStore& mails, std::string_view what_it_was) {
  constexpr std::size_t k_at_once = 1000;
  int count = 0;
  while (true) {
    const auto queued = mails.in_state(reports::MailState::queued, k_at_once);
    for (const auto& mail : queued) {
      for (const auto& recipient : mail.recipients) {
        if (recipient.state == reports::RecipientState::pending) {
          mails.set_recipient(mail.id, recipient.address, reports::RecipientState::in_doubt,
                              fmt::format("{} when the backup was made", what_it_was));
        }
      }
      mails.set_state(
          mail.id, reports::MailState::in_doubt,
          fmt::format("it was {} when the backup was made, and may have been sent since",
                      what_it_was));
      ++count;
    }
    if (queued.size() < k_at_once) {
      return count;
    }
  }
}

// Not in one transaction: what cannot be decided must not take with it what can.
Result<void> make_mails(app::Workspace& workspace) {
  PM_TRY_ASSIGN(const auto stage, app::MailStage::make(workspace));
  if (!stage) {
    return {};
  }
  reports::make_undecided_due(workspace.database());
  stage->decide();
  int made = 1;
  while (made > 0) {
    reports::make_digests_due(workspace.database());
    PM_TRY_ASSIGN(made, stage->reporter().make_digests());
  }
  return {};
}

void drop_the_rest(store::Database& database, reports::MailStore& mails, const Clock& clock) {
  const auto dropped = reports::drop_collected_mail(database);
  for (const auto series : dropped.series) {
    reports::Decision decision;
    decision.not_before = clock.now();
    decision.reasons = {
        "given up: it was not decided yet when the backup was made that was restored, and may have "
        "been sent since"};
    mails.set_decision(series, reports::decision_json(decision));
  }
  if (!dropped.series.empty() || dropped.collected > 0) {
    log::warning(
        "{} undecided and {} collected for digests when the backup was made, and may have "
        "been sent since: they are not mailed",
        count_of(dropped.series.size(), "verdict was", "verdicts were"),
        count_of(dropped.collected, "report was", "reports were"));
  }
}

}  // namespace

int doubt_mails(app::Workspace& workspace, const Clock& clock) {
  store::Database& database = workspace.database();
  reports::MailStore mails(database, clock);
  const std::int64_t held = mails.count(reports::MailState::held);
  int count = 0;
  {
    store::Transaction transaction(database);
    count = doubt_queued(mails, "queued");
    transaction.commit();
  }
  if (const auto made = make_mails(workspace); !made) {
    log::warning("mails that were being collected cannot be made: {}", made.error().message);
  }
  store::Transaction transaction(database);
  count += doubt_queued(mails, "being collected");
  drop_the_rest(database, mails, clock);
  transaction.commit();
  if (held > 0) {
    log::warning(
        "{} held when the backup was made, and may have been released and sent since: "
        "look into the archive of the list before you release one",
        count_of(held, "mail was", "mails were"));
  }
  return count;
}

}  // namespace patchmill::service
