#pragma once
// The mails of one look at a project of a Patchwork of the freedesktop edition.

#include "intake/freedesktop_mails.hpp"
#include "intake/freedesktop_position.hpp"
#include "intake/source.hpp"
#include "patchwork/freedesktop.hpp"
#include "patchwork/instance.hpp"
#include "patchwork/patch_map.hpp"
#include "patchwork/revision_store.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace patchmill::intake {

// What lasts from look to look. Names and cursor are kept under `key`.
struct FreedesktopPlace {
  patchwork::Instance& instance;
  patchwork::Project project;
  std::string wanted;  // the project, as the configuration calls it
  std::string key;
  std::map<std::string, int>& refusals;  // of revisions that could not be had
};

// What is to be had of a revision.
struct RevisionPlan {
  std::int64_t series = 0;
  int version = 0;
  int origin = 0;  // the version whose patches it repeats; its own, if they are its own
  std::vector<std::int64_t> patches;
  std::vector<std::int64_t> before;  // those of the one it changes some of; empty: it is a whole
  std::set<std::int64_t> fresh;      // of its patches, those whose mails are not here yet
  std::string cover;                 // the text of its cover letter, where that is not here yet
  std::string root;                  // the Message-ID that letter has here; empty: there is none
  std::int64_t anchor = 0;           // KnownRevision::patch
  bool again = false;                // only another test of what is here is wanted
  std::optional<Error> trouble;      // why it could not even be planned
};

struct FreedesktopStep {
  std::optional<RevisionPlan> revision;                // is fetched
  std::optional<patchwork::freedesktop::Event> event;  // is done with afterwards
};

std::string revision_name(std::int64_t series, int version);  // "revision/7/2"
std::string cover_name(std::int64_t series, int version);
std::string patch_name(std::int64_t patch);

class FreedesktopSource final : public Source {
 public:
  // `position` is before the first step. `place` outlives it.
  FreedesktopSource(FreedesktopPlace& place, std::vector<FreedesktopStep> steps,
                    FreedesktopPosition position);

  std::string name() const override;
  Result<void> resume(Positions&) override { return {}; }
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override;
  SourceProgress progress() const override { return {m_at, m_steps.size()}; }
  std::vector<Error> take_left_out() override;

 private:
  struct Ready {
    std::string mail, name;
    std::optional<patchwork::KnownPatch> patch;
  };
  Result<void> fetch(const RevisionPlan& plan, int& status);
  Result<std::vector<FreedesktopPatch>> patches_of(const RevisionPlan& plan,
                                                   const std::string& mbox, int& status);
  Result<std::string> parent_of(const RevisionPlan& plan,
                                const std::vector<FreedesktopPatch>& patches, std::size_t at,
                                int& status);
  Result<FreedesktopPatch> patch(std::int64_t id, int& status);
  Result<std::string> state_of(std::int64_t patch, int& status);
  // An error when nothing more can be had either.
  Result<void> not_had(const RevisionPlan& plan, const Error& error, int status);
  void pass(const FreedesktopStep& step, bool had);

  FreedesktopPlace& m_place;
  std::vector<FreedesktopStep> m_steps;
  FreedesktopPosition m_position;
  std::size_t m_at = 0;    // steps before it are done with
  bool m_fetched = false;  // the step at m_at is
  std::deque<Ready> m_ready;
  // Since the last checkpoint.
  std::vector<std::string> m_names;
  std::vector<patchwork::KnownPatch> m_patches;
  std::vector<patchwork::KnownRevision> m_revisions;
  std::vector<std::int64_t> m_again;                     // anchors
  std::vector<patchwork::freedesktop::Event> m_changes;  // of states
  std::vector<Error> m_left_out;
};

}  // namespace patchmill::intake
