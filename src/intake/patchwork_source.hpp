#pragma once
// The mails of one look at a project of a Patchwork.

#include "intake/source.hpp"
#include "patchwork/instance.hpp"
#include "patchwork/patch_map.hpp"
#include "patchwork/position.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::intake {

// What lasts from look to look. Names and cursor are kept under `key`.
struct PatchworkPlace {
  patchwork::Instance& instance;
  patchwork::Project project;
  std::string wanted;  // the project, as the configuration calls it
  std::string key;
  std::map<std::string, int>& refusals;  // of mails that could not be had
};

struct PatchworkStep {
  std::optional<patchwork::MailRef> mail;  // is fetched
  std::optional<patchwork::Event> event;   // is done with afterwards
  std::string name;                        // recorded as read afterwards; may be empty
};

class PatchworkSource final : public Source {
 public:
  // `position` is before the first step. `place` outlives it.
  PatchworkSource(PatchworkPlace& place, std::vector<PatchworkStep> steps,
                  patchwork::Position position);

  std::string name() const override;
  Result<void> resume(Positions&) override { return {}; }
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override;
  SourceProgress progress() const override { return {m_at, m_steps.size()}; }
  std::vector<Error> take_left_out() override;

 private:
  void ask_more();
  void pass(const PatchworkStep& step);
  void forget_missed(const patchwork::MailRef& mail);
  // An error when nothing more can be had either.
  Result<void> not_had(const PatchworkStep& step, const Error& error, int status);
  std::string take(const PatchworkStep& step, const patchwork::MailDetail& detail);

  PatchworkPlace& m_place;
  std::vector<PatchworkStep> m_steps;
  patchwork::Position m_position;
  std::size_t m_at = 0;      // steps before it are done with
  std::size_t m_to_ask = 0;  // steps before it were asked for
  std::deque<patchwork::Pending> m_asked;
  // Since the last checkpoint.
  std::vector<std::string> m_names;
  std::vector<patchwork::KnownPatch> m_patches;
  std::vector<patchwork::Event> m_changes;  // of states and delegates
  std::vector<Error> m_left_out;
};

}  // namespace patchmill::intake
