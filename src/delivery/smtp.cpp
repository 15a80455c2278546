#include "delivery/smtp.hpp"

#include "delivery/curl_stream.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <algorithm>

namespace patchmill::delivery {
namespace {

using std::chrono::steady_clock;

// A server that cannot be reached is not tried anew for each of many mails.
constexpr std::chrono::seconds k_pause{15};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

class SmtpTransport final : public Transport {
 public:
  SmtpTransport(SmtpConfig config, std::stop_token stop)
      : m_config(std::move(config)), m_stop(std::move(stop)) {}

  std::vector<RecipientOutcome> deliver(const Mailing& mailing,
                                        const PointOfNoReturn& point) override {
    if (m_stop.stop_requested()) {
      return all_deferred(mailing, "not begun: patchmill is stopping");
    }
    const auto deadline = steady_clock::now() + m_config.total_timeout;
    // A kept connection may have been closed by the server meanwhile; that is no failure.
    if (m_stream) {
      TransactionResult result = attempt(mailing, point, deadline);
      if (result.began) {
        return std::move(result.recipients);
      }
    }
    if (steady_clock::now() < m_pause_until) {
      return all_deferred(mailing, m_last_error);
    }
    auto stream = CurlStream::connect(m_config, m_stop);
    if (!stream) {
      m_last_error = stream.error().message;
      if (m_stop.stop_requested()) {
        return all_deferred(mailing, m_last_error);
      }
      m_pause_until = steady_clock::now() + k_pause;
      return all_deferred(mailing, m_last_error);
    }
    m_stream = *std::move(stream);
    return attempt(mailing, point, deadline).recipients;
  }

  void rest() override { m_stream.reset(); }

 private:
  static std::vector<RecipientOutcome> all_deferred(const Mailing& mailing,
                                                    const std::string& reply) {
    std::vector<RecipientOutcome> outcomes;
    for (const auto& address : mailing.recipients) {
      outcomes.push_back({address, Outcome::deferred, reply});
    }
    return outcomes;
  }

  TransactionResult attempt(const Mailing& mailing, const PointOfNoReturn& point,
                            steady_clock::time_point deadline) {
    m_stream->set_deadline(deadline);
    try {
      auto result =
          run_transaction(*m_stream, m_stream->capabilities(), mailing, m_config.patience, point);
      if (!result.usable) {
        m_stream->abandon();
        m_stream.reset();
      }
      return result;
    } catch (...) {
      m_stream->abandon();
      m_stream.reset();
      throw;
    }
  }

  SmtpConfig m_config;
  std::stop_token m_stop;
  std::unique_ptr<CurlStream> m_stream;
  std::string m_last_error;
  steady_clock::time_point m_pause_until{};
};

}  // namespace

std::vector<std::string> check_smtp(const SmtpConfig& config) {
  std::vector<std::string> faults;
  if (config.host.empty()) {
    faults.emplace_back("the SMTP server has no host");
  } else if (has_control(config.host) || config.host.find_first_of("/@?#") != std::string::npos) {
    faults.push_back("'" + escape_terminal(config.host) +
                     "' is not the name or address of an SMTP server");
  }
  if (has_control(config.helo)) {
    faults.emplace_back("'helo' must be a host name without blanks");
  }
  if (!config.user.empty() && !config.password.given()) {
    faults.emplace_back("'user' is set, but no 'password' (a file or an environment variable)");
  }
  if (config.user.empty() && config.password.given()) {
    faults.emplace_back("'password' is set, but no 'user'");
  }
  const bool may_be_plain = config.tls == Tls::never || config.tls == Tls::opportunistic;
  if (!config.user.empty() && may_be_plain && !config.login_without_tls &&
      !is_this_machine(config.host)) {
    faults.emplace_back(
        "the password would travel without TLS; use 'tls: required' or 'implicit', or allow it "
        "with 'login-without-tls: true'");
  }
  return faults;
}

std::unique_ptr<Transport> make_smtp_transport(SmtpConfig config, std::stop_token stop) {
  return std::make_unique<SmtpTransport>(std::move(config), std::move(stop));
}

}  // namespace patchmill::delivery
