#pragma once
// Everything there is to do about checks, states and delegates on one instance of Patchwork at one
// moment.

#include "app/config.hpp"
#include "intake/source_spec.hpp"
#include "patchwork/check_store.hpp"
#include "patchwork/delegate_store.hpp"
#include "patchwork/instance.hpp"
#include "patchwork/post_check.hpp"
#include "patchwork/state_store.hpp"
#include "reports/patchwork_reporter.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace patchmill::service {

// What a person should know; kept by whoever runs the passes, across new connections to the store.
struct CheckPosterState {
  struct Refusal {
    std::string reason;        // one sentence, with what to do
    std::string token_digest;  // of the token that was refused
    Timestamp again{};         // tried then, once: somebody may have mended it there
    std::string only = {};     // what alone is refused so far: nothing else is held up
  };
  // By project and what was refused: "checks", "states", "delegates" or (no right) "changes".
  std::map<std::pair<std::string, std::string>, Refusal> refused;
  std::string trouble;     // why the last attempt failed; empty: it did not
  unsigned failures = 0;   // in a row
  Timestamp not_before{};  // the instance is left alone until then
  std::int64_t posted = 0, waiting = 0;

  // What is refused, for people; empty: nothing.
  [[nodiscard]] std::string refusals() const;
};

class CheckPoster {
 public:
  // `name` is that of the source. All outlive it. Opens a connection to the store of its own;
  // throws DatabaseError. Nobody else posts for this source on this machine or from this data
  // folder (app::lock_runs): what an earlier process had under way is due again at once, and looked
  // for there before it is posted. In a store that others may share, what another machine has stays
  // its own until its lease ends.
  CheckPoster(const app::Config& config, const std::string& name, const intake::PatchworkSpec& spec,
              patchwork::Instance& instance, const reports::Links& links, const Clock& clock,
              CheckPosterState& state);

  // Decides what is to be posted and posts what is due, a number of each kind, so that neither news
  // nor what people are told waits for a long queue. True: more may be due already. One thread at a
  // time. Throws DatabaseError.
  bool pass(const std::stop_token& stop);

  // Somebody may have mended what was refused or failed: nothing of it waits any longer. Throws
  // DatabaseError.
  void try_again();

  // For tests: called with the name of each step it has just done.
  std::function<void(std::string_view)> on_step;

 private:
  // One kind of what is posted in one project.
  struct Lane {
    std::string project;
    std::string_view what;  // as in CheckPosterState::refused
  };
  // What was claimed, posted and not done.
  struct Attempt {
    patchwork::PostOutcome outcome;
    std::string what;   // for people
    std::string token;  // its digest
    int attempts = 0;
    std::function<void(std::string_view reason, std::optional<Timestamp> again)> failed;
  };

  bool may_post(const Lane& lane);
  void done(const Lane& lane);
  // These say: false: no more now.
  bool not_done(const Lane& lane, const Attempt& attempt, const std::stop_token& stop);
  bool post_check(const Lane& lane, const std::stop_token& stop);
  bool post_state(const Lane& lane, const std::stop_token& stop);
  bool post_delegate(const Lane& lane, const std::stop_token& stop);
  void step(std::string_view name) const {
    if (on_step) {
      on_step(name);
    }
  }

  const intake::PatchworkSpec& m_spec;
  patchwork::Instance& m_instance;
  const Clock& m_clock;
  CheckPosterState& m_state;
  std::unique_ptr<store::Database> m_database;
  store::BlobStore m_blobs;
  reports::PatchworkReporter m_reporter;
  patchwork::CheckStore m_checks;
  patchwork::StateStore m_states;
  patchwork::DelegateStore m_delegates;
  std::map<std::string, std::int64_t> m_users;  // numbers there, by username
};

}  // namespace patchmill::service
