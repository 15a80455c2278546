#include "delivery/command.hpp"

#include "util/cancel.hpp"
#include "util/fd.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <sys/timerfd.h>
#include <sysexits.h>

#include <algorithm>

namespace patchmill::delivery {
namespace {

constexpr std::size_t k_output = 16u << 10;
constexpr long k_last_chance_ns = 400'000'000;  // ns after a stop

// Readable a moment after the stop, so that a program that is about to end leaves no doubt.
class LateStop {
 public:
  explicit LateStop(const std::stop_token& stop)
      : m_timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
        m_scope(m_timer.get()),
        m_on_stop(stop, Start{m_timer.get()}) {}

 private:
  struct Start {
    int timer;
    void operator()() const {
      const itimerspec once{{0, 0}, {0, k_last_chance_ns}};
      ::timerfd_settime(timer, 0, &once, nullptr);
    }
  };
  Fd m_timer;
  CancelScope m_scope;
  std::stop_callback<Start> m_on_stop;
};

Outcome outcome_of_exit(int status) {
  switch (status) {
    case EX_OK:
      return Outcome::accepted;
    case EX_DATAERR:
    case EX_NOUSER:
    case EX_NOHOST:
    case EX_UNAVAILABLE:
    case EX_NOPERM:
      return Outcome::rejected;
    default:
      // A program that is set up wrongly says nothing about the mail.
      return Outcome::deferred;
  }
}

class CommandTransport final : public Transport {
 public:
  CommandTransport(CommandConfig config, ProcessRunner& processes, std::stop_token stop)
      : m_config(std::move(config)), m_processes(processes), m_stop(std::move(stop)) {}

  std::vector<RecipientOutcome> deliver(const Mailing& mailing,
                                        const PointOfNoReturn& point) override {
    // Words that look like options or files would be ours, not addresses.
    const bool safe = std::none_of(
        mailing.recipients.begin(), mailing.recipients.end(),
        [](const std::string& address) { return address.empty() || address.front() == '-'; });
    if (!safe || mailing.sender.starts_with("-")) {
      return all(mailing, Outcome::rejected, "an address starts with '-'");
    }
    if (!find_program(m_config.argv.empty() ? "" : m_config.argv.front())) {
      return all(mailing, Outcome::deferred,
                 fmt::format("there is no program '{}'",
                             m_config.argv.empty() ? "" : m_config.argv.front()));
    }
    if (m_stop.stop_requested()) {
      return all(mailing, Outcome::deferred, "not begun: patchmill is stopping");
    }
    if (!point(mailing.recipients)) {
      return all(mailing, Outcome::deferred,
                 "broken off before the end: somebody else has taken over");
    }
    const LateStop late_stop(m_stop);
    const auto done = m_processes.run(command_for(mailing));
    if (!done) {
      return all(mailing, Outcome::deferred, done.error().message);
    }
    const std::string words = escape_terminal(trim(collapse_whitespace(mend_utf8(done->out))));
    if (done->timed_out || done->cancelled || done->signal != 0) {
      return all(mailing, Outcome::in_doubt,
                 fmt::format("{} {}; it may have taken the mail", m_config.argv.front(),
                             done->cancelled   ? "was ended, as patchmill is stopping"
                             : done->timed_out ? "did not end in time"
                                               : "was killed"));
    }
    return all(mailing, outcome_of_exit(done->status),
               fmt::format("{} ended with status {}{}{}", m_config.argv.front(), done->status,
                           words.empty() ? "" : ": ", ellipsize(words, 300)));
  }

 private:
  static std::vector<RecipientOutcome> all(const Mailing& mailing, Outcome outcome,
                                           const std::string& reply) {
    std::vector<RecipientOutcome> outcomes;
    for (const auto& address : mailing.recipients) {
      outcomes.push_back({address, outcome, reply});
    }
    return outcomes;
  }

  [[nodiscard]] Command command_for(const Mailing& mailing) const {
    Command command;
    for (const auto& word : m_config.argv) {
      if (word == "{recipients}") {
        command.argv.insert(command.argv.end(), mailing.recipients.begin(),
                            mailing.recipients.end());
      } else {
        command.argv.push_back(word == "{sender}" ? mailing.sender : word);
      }
    }
    command.input = mailing.mail;
    command.timeout = m_config.timeout;
    command.max_output = k_output;
    command.merge_stderr = true;
    return command;
  }

  CommandConfig m_config;
  ProcessRunner& m_processes;
  std::stop_token m_stop;
};

}  // namespace

std::unique_ptr<Transport> make_command_transport(CommandConfig config, ProcessRunner& processes,
                                                  std::stop_token stop) {
  return std::make_unique<CommandTransport>(std::move(config), processes, std::move(stop));
}

}  // namespace patchmill::delivery
