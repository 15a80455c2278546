#pragma once
// The mail transaction of SMTP (RFC 5321 sections 3.3 and 4.2), over any stream of lines.
//
// Greeting, EHLO, TLS and login are over when it starts; what is here decides who got the mail.

#include "delivery/transport.hpp"
#include "util/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::delivery {

// What the server offered in its last answer to EHLO.
struct Capabilities {
  bool eight_bit = false;          // 8BITMIME (RFC 6152)
  bool size = false;               // SIZE (RFC 1870)
  std::uint64_t largest_mail = 0;  // the server's limit; 0: none told
};
Capabilities parse_capabilities(const std::vector<std::string>& ehlo_lines);

// The connection as the transaction sees it. Both calls end by themselves after `patience`.
class SmtpStream {
 public:
  virtual ~SmtpStream() = default;
  // Everything or an error; an error says nothing about how much the other side got.
  virtual Result<void> write(std::string_view bytes, std::chrono::milliseconds patience) = 0;
  // One line without its end. Error (infrastructure) when the connection is gone or too slow,
  // (invalid) when the line is longer than any reply may be.
  virtual Result<std::string> read_line(std::chrono::milliseconds patience) = 0;
};

// RFC 5321 section 4.5.3.2 asks for at least these.
struct Patience {
  std::chrono::milliseconds command = std::chrono::minutes(5);
  std::chrono::milliseconds data = std::chrono::minutes(3);        // each block of the mail
  std::chrono::milliseconds final_dot = std::chrono::minutes(10);  // giving up here causes doubt
};

struct SmtpReply {
  int code = 0;
  std::string text;  // "550 5.1.1 no such user": all lines, joined, cleaned, bounded
};
// Errors: those of read_line, and invalid for what is no reply.
Result<SmtpReply> read_reply(SmtpStream& stream, std::chrono::milliseconds patience);

struct TransactionResult {
  std::vector<RecipientOutcome> recipients;
  bool usable = false;  // the connection may carry a further transaction
  bool began = false;   // the server answered at least once
};

// One transaction. Never throws but for `point`.
TransactionResult run_transaction(SmtpStream& stream, const Capabilities& capabilities,
                                  const Mailing& mailing, const Patience& patience,
                                  const PointOfNoReturn& point);

// The mail as it stands between DATA and the final dot: CRLF line ends, dots doubled at line
// starts (RFC 5321 section 4.5.2), ends with CRLF.
std::string to_wire(std::string_view mail);

}  // namespace patchmill::delivery
