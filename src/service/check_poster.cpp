#include "service/check_poster.hpp"

#include "patchwork/post_delegate.hpp"
#include "patchwork/post_state.hpp"
#include "service/holder.hpp"
#include "util/hash.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::service {
namespace {

using patchwork::Posting;

// Longer than a request takes with all its waiting.
constexpr std::chrono::minutes k_post_lease{15};
constexpr std::chrono::seconds k_first_post_retry{5};
constexpr std::chrono::seconds k_longest_post_retry{300};
// Of one check that fails while others are taken; then it is given up.
constexpr std::chrono::seconds k_longest_asked_wait{3600};
constexpr int k_most_attempts = 100;
constexpr int k_share = 50;  // of each kind in one pass
constexpr std::chrono::hours k_refused_again{1};
constexpr int k_most_refusals = 5;  // of one that may be the only one
constexpr std::string_view k_changes = "changes";
constexpr std::string_view k_delegates = "delegates";

std::chrono::seconds doubled(unsigned times, std::chrono::seconds longest) {
  return std::min<std::chrono::seconds>(longest, k_first_post_retry * (1 << std::min(times, 12U)));
}

reports::PatchworkReporterConfig reporter_config(const std::string& name,
                                                 const intake::PatchworkSpec& spec,
                                                 const patchwork::Instance& instance,
                                                 const reports::Links& links) {
  return {name,  instance.name(), {spec.projects.begin(), spec.projects.end()}, spec.check_prefix,
          links, spec.checks,     {spec.states.begin(), spec.states.end()},     spec.delegates};
}

std::string digest_of(const intake::Secret& secret) {
  const auto token = intake::read_secret(secret);
  return token ? sha256_hex(*token) : std::string();
}

}  // namespace

CheckPoster::CheckPoster(const app::Config& config, const std::string& name,
                         const intake::PatchworkSpec& spec, patchwork::Instance& instance,
                         const reports::Links& links, const Clock& clock, CheckPosterState& state)
    : m_spec(spec),
      m_instance(instance),
      m_clock(clock),
      m_state(state),
      m_database(store::Database::open(config.store_url)),
      m_blobs(config.data / "blobs"),
      m_reporter(*m_database, m_blobs, clock, reporter_config(name, spec, instance, links)),
      m_checks(*m_database, clock),
      m_states(*m_database, clock),
      m_delegates(*m_database, clock) {
  // A process that was killed had something under way.
  const auto is_gone = gone_holders(config, *m_database);
  store::take_back(*m_database, [&](std::string_view kind, std::string_view holder) {
    return kind.starts_with("patchwork-") && is_gone(holder) &&
           std::ranges::any_of(spec.projects, [&](const std::string& project) {
             return kind.ends_with(fmt::format(" {} {}", instance.name(), project));
           });
  });
}

std::string CheckPosterState::refusals() const {
  std::string text;
  for (const auto& [lane, refusal] : refused) {
    text += text.empty() ? "" : "; ";
    text += refusal.only.empty() ? fmt::format("no {} are posted to {}", lane.second, lane.first)
                                 : fmt::format("{} is refused by {}", refusal.only, lane.first);
    text += ": " + refusal.reason;
  }
  return text;
}

bool CheckPoster::may_post(const Lane& lane) {
  const Timestamp now = m_clock.now();
  for (const auto what : {k_changes, lane.what}) {
    const auto found = m_state.refused.find({lane.project, std::string(what)});
    if (found == m_state.refused.end()) {
      continue;
    }
    // A configuration that is read again lifts all; a new token is seen here.
    if (digest_of(m_spec.credential()) != found->second.token_digest) {
      m_state.refused.erase(found);
    } else if (now < found->second.again && found->second.again <= now + k_refused_again) {
      return false;
    }
  }
  return now >= m_state.not_before ||
         m_state.not_before > now + k_longest_post_retry;  // the clock was set back
}

bool CheckPoster::post_check(const Lane& lane, const std::stop_token& stop) {
  const auto due = m_checks.claim(m_instance.name(), lane.project, holder_name(), k_post_lease);
  if (!due) {
    return false;
  }
  step("claimed");
  const auto token = digest_of(m_spec.credential());
  const auto outcome = patchwork::post_check(m_instance, due->wish, due->may_be_there());
  step("posted");
  if (outcome.posting == Posting::done) {
    m_checks.posted(*due);
    done(lane);
    return true;
  }
  return not_done(lane,
                  {outcome, fmt::format("check {} of {}", due->wish.context, due->wish.target()),
                   token, due->item.attempts,
                   [&](std::string_view reason, std::optional<Timestamp> again) {
                     m_checks.failed(*due, reason, again);
                   }},
                  stop);
}

bool CheckPoster::post_state(const Lane& lane, const std::stop_token& stop) {
  const auto due = m_states.claim(m_instance.name(), lane.project, holder_name(), k_post_lease);
  if (!due) {
    return false;
  }
  step("claimed state");
  const auto token = digest_of(m_spec.credential());
  const auto [outcome, other] = patchwork::post_state(m_instance, m_states, *due);
  step("posted state");
  if (outcome.posting == Posting::done) {
    if (other.empty()) {
      m_states.set(*due);
    } else {
      log::info("patch {} on {} has the state {} from somebody else; it is left alone",
                due->wish.patch, m_instance.name(), escape_terminal(ellipsize(other, 60)));
      m_states.leave(*due, other);
    }
    done(lane);
    return true;
  }
  const bool refused = outcome.posting == Posting::refused || outcome.posting == Posting::unfit;
  return not_done(lane,
                  {outcome, fmt::format("state {} of patch {}", due->wish.wanted, due->wish.patch),
                   token, due->item.attempts,
                   [&](std::string_view reason, std::optional<Timestamp> again) {
                     m_states.failed(*due, reason, again, refused);
                   }},
                  stop);
}

bool CheckPoster::post_delegate(const Lane& lane, const std::stop_token& stop) {
  const auto due = m_delegates.claim(m_instance.name(), lane.project, holder_name(), k_post_lease);
  if (!due) {
    return false;
  }
  step("claimed delegate");
  const auto token = digest_of(m_spec.credential());
  const auto outcome = patchwork::post_delegate(m_instance, due->patch, due->username, m_users);
  step("posted delegate");
  if (outcome.posting == Posting::done) {
    m_delegates.done(*due);
    done(lane);
    return true;
  }
  return not_done(lane,
                  {outcome, fmt::format("delegate {} of patch {}", due->username, due->patch),
                   token, due->item.attempts,
                   [&](std::string_view reason, std::optional<Timestamp> again) {
                     m_delegates.failed(*due, reason, again);
                   }},
                  stop);
}

void CheckPoster::done(const Lane& lane) {
  ++m_state.posted;
  m_state.failures = 0;
  m_state.trouble.clear();
  for (const auto what : {k_changes, lane.what}) {
    m_state.refused.erase({lane.project, std::string(what)});
  }
}

bool CheckPoster::not_done(const Lane& lane, const Attempt& attempt, const std::stop_token& stop) {
  const Timestamp now = m_clock.now();
  const auto& [posting, reason] = attempt.outcome;
  if (posting == Posting::gone) {
    log::info("{}: {}; it is not posted", attempt.what, reason);
    attempt.failed(reason, std::nullopt);
    return true;
  }
  if (posting == Posting::refused || posting == Posting::unfit) {
    const bool all = posting == Posting::refused;
    const auto what = all ? k_changes : lane.what;
    auto& refusal = m_state.refused[{lane.project, std::string(what)}];
    const bool is_first = refusal.reason.empty();
    // Each delegate is of a rule of its own, and set once or never. Of the others, a second one
    // that is refused with nothing taken in between says that it is not about the one.
    const bool is_delegate = !all && what == k_delegates;
    const bool only_this = is_delegate || (!all && (is_first || refusal.only == attempt.what));
    const bool never = is_delegate || (!all && attempt.attempts >= k_most_refusals);
    attempt.failed(reason, never ? std::nullopt : std::optional(all ? now : now + k_refused_again));
    if (only_this && is_first) {
      log::error("{}: {} is refused by {}: {}; {}", m_instance.name(), attempt.what, lane.project,
                 reason, never ? "it is given up" : "it is tried again in an hour");
    } else if (is_first || (!only_this && !refusal.only.empty())) {
      log::error(
          "{}: no {} are posted to {}: {}; tried again once an hour, when the token changes, and "
          "when the configuration is read again (SIGHUP)",
          m_instance.name(), what, lane.project, reason);
    }
    refusal = {reason, attempt.token, only_this ? now : now + k_refused_again,
               only_this ? attempt.what : std::string()};
    return only_this;
  }
  if (stop.stop_requested()) {
    attempt.failed("stopped", now);
    return false;
  }
  m_state.not_before = now + doubled(m_state.failures++, k_longest_post_retry);
  if (m_state.trouble != reason) {
    log::warning("{} on {}: {}; tried again", lane.what, m_instance.name(), reason);
  }
  m_state.trouble = reason;
  // Others first: it may be this patch alone that the instance stumbles over.
  const auto due =
      std::max(m_state.not_before + std::chrono::seconds(1),
               now + doubled(static_cast<unsigned>(attempt.attempts) - 1, k_longest_asked_wait));
  attempt.failed(reason, attempt.attempts < k_most_attempts ? std::optional(due) : std::nullopt);
  return false;
}

void CheckPoster::try_again() {
  for (const auto& project : m_spec.projects) {
    m_checks.try_again(m_instance.name(), project);
    m_states.try_again(m_instance.name(), project);
    m_delegates.try_again(m_instance.name(), project);
  }
  m_state.refused.clear();
  m_state.not_before = {};
}

bool CheckPoster::pass(const std::stop_token& stop) {
  for (bool more = true; more && !stop.stop_requested();) {
    m_reporter.pass(more);
  }
  m_state.waiting = 0;
  bool more_due = false;
  for (const auto& project : m_spec.projects) {
    for (const auto& [what, post] :
         {std::pair(std::string_view("checks"), &CheckPoster::post_check),
          std::pair(std::string_view("states"), &CheckPoster::post_state),
          std::pair(k_delegates, &CheckPoster::post_delegate)}) {
      const Lane lane{project, what};
      int left = k_share;
      while (left > 0 && !stop.stop_requested() && may_post(lane) && (this->*post)(lane, stop)) {
        --left;
      }
      more_due = more_due || left == 0;
    }
    m_state.waiting += m_checks.waiting(m_instance.name(), project) +
                       m_states.waiting(m_instance.name(), project) +
                       m_delegates.waiting(m_instance.name(), project);
  }
  return more_due;
}

}  // namespace patchmill::service
