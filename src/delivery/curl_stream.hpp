#pragma once
// A connection to an SMTP server that libcurl opened: greeting, EHLO, STARTTLS and AUTH are done.

#include "delivery/smtp.hpp"

#include <memory>
#include <stop_token>
#include <string>

namespace patchmill::delivery {

class CurlStream final : public SmtpStream {
 public:
  // Blocking, at most config.connect_timeout. The error says what failed and with whom, never a
  // password. Half a second after a stop this and every later call ends with an error; what comes
  // within that time still counts.
  static Result<std::unique_ptr<CurlStream>> connect(const SmtpConfig& config,
                                                     std::stop_token stop = {});
  // Says QUIT where that is still possible, at most two seconds.
  ~CurlStream() override;
  CurlStream(const CurlStream&) = delete;
  CurlStream& operator=(const CurlStream&) = delete;

  Result<void> write(std::string_view bytes, std::chrono::milliseconds patience) override;
  Result<std::string> read_line(std::chrono::milliseconds patience) override;
  [[nodiscard]] const Capabilities& capabilities() const;
  // No call lasts beyond this moment.
  void set_deadline(std::chrono::steady_clock::time_point deadline);
  // Hangs up without QUIT: the server must forget what it has of the mail.
  void abandon();

 private:
  struct State;
  explicit CurlStream(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace patchmill::delivery
