#include "delivery/smtp_dialogue.hpp"

#include "util/ascii.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::delivery {
namespace {

constexpr std::size_t k_reply_lines = 100;
constexpr std::size_t k_reply_text = 500;
constexpr std::size_t k_block = 64u << 10;

// An address that cannot end the line it stands in.
bool is_plain(std::string_view address) {
  return !address.empty() && address.size() <= 254 &&
         std::all_of(address.begin(), address.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '<' && c != '>'; });
}

Outcome outcome_of_reply(int code) {
  if (code / 100 == 2) {
    return Outcome::accepted;
  }
  return code / 100 == 5 ? Outcome::rejected : Outcome::deferred;
}

class Transaction {
 public:
  Transaction(SmtpStream& stream, const Capabilities& capabilities, const Mailing& mailing,
              const Patience& patience)
      : m_stream(stream), m_capabilities(capabilities), m_mailing(mailing), m_patience(patience) {
    for (const auto& address : mailing.recipients) {
      m_result.recipients.push_back({address, Outcome::deferred, ""});
    }
  }

  TransactionResult run(const PointOfNoReturn& point) {
    if (begin() && name_recipients() && announce_data() && hand_over()) {
      finish(point);
    }
    return std::move(m_result);
  }

 private:
  // The outcome of everybody who was not decided otherwise.
  void settle_rest(Outcome outcome, const std::string& reply) {
    for (auto& recipient : m_result.recipients) {
      if (recipient.reply.empty() || recipient.outcome == Outcome::accepted) {
        recipient.outcome = outcome;
        recipient.reply = reply;
      }
    }
  }

  bool give_up(Outcome outcome, const std::string& reply) {
    settle_rest(outcome, reply);
    return false;
  }

  bool lost(std::string_view during, const Error& error) {
    m_result.usable = false;
    return give_up(Outcome::deferred, fmt::format("{}: {}", during, error.message));
  }

  // After a refusal the server must forget this transaction before the next.
  bool refused(Outcome outcome, const std::string& reply) {
    settle_rest(outcome, reply);
    const auto reset = command("RSET\r\n", m_patience.command);
    m_result.usable = reset && reset->code / 100 == 2;
    return false;
  }

  Result<SmtpReply> command(const std::string& line, std::chrono::milliseconds patience) {
    PM_TRY(m_stream.write(line, patience));
    auto reply = read_reply(m_stream, patience);
    m_result.began = m_result.began || reply.has_value();
    return reply;
  }

  bool begin() {
    const bool eight_bit = std::any_of(m_mailing.mail.begin(), m_mailing.mail.end(),
                                       [](char c) { return static_cast<signed char>(c) < 0; });
    if (!m_mailing.sender.empty() && !is_plain(m_mailing.sender)) {
      m_result.usable = true;
      return give_up(Outcome::rejected, "the sender's address cannot be used in SMTP");
    }
    if (eight_bit && !m_capabilities.eight_bit) {
      m_result.usable = true;
      return give_up(Outcome::rejected,
                     "the server takes no 8-bit mail (no 8BITMIME); use the transfer encoding "
                     "'auto'");
    }
    m_wire = to_wire(m_mailing.mail);
    if (m_capabilities.largest_mail != 0 && m_wire.size() > m_capabilities.largest_mail) {
      m_result.usable = true;
      return give_up(Outcome::rejected, fmt::format("the mail has {} bytes, the server takes {}",
                                                    m_wire.size(), m_capabilities.largest_mail));
    }
    std::string line = fmt::format("MAIL FROM:<{}>", m_mailing.sender);
    line += m_capabilities.size ? fmt::format(" SIZE={}", m_wire.size()) : "";
    line += eight_bit ? " BODY=8BITMIME" : "";
    const auto reply = command(line + "\r\n", m_patience.command);
    if (!reply) {
      return lost("MAIL FROM", reply.error());
    }
    if (reply->code == 421) {
      // A connection kept too long; a new one may do.
      m_result.began = false;
      return lost("MAIL FROM", {ErrorKind::infrastructure, reply->text});
    }
    return outcome_of_reply(reply->code) == Outcome::accepted ||
           refused(outcome_of_reply(reply->code), reply->text);
  }

  bool name_recipients() {
    bool anybody = false;
    for (auto& recipient : m_result.recipients) {
      if (!is_plain(recipient.address)) {
        recipient.outcome = Outcome::rejected;
        recipient.reply = "the address cannot be used in SMTP";
        continue;
      }
      const auto reply =
          command(fmt::format("RCPT TO:<{}>\r\n", recipient.address), m_patience.command);
      if (!reply) {
        return lost("RCPT TO", reply.error());
      }
      if (reply->code == 421) {
        return lost("RCPT TO", {ErrorKind::infrastructure, reply->text});
      }
      recipient.outcome = outcome_of_reply(reply->code);
      recipient.reply = reply->text;
      // Too many at once, as RFC 5321 section 4.5.3.1.10 tells older servers from full mailboxes.
      if (reply->code == 552) {
        recipient.outcome = Outcome::deferred;
      }
      anybody = anybody || recipient.outcome == Outcome::accepted;
    }
    return anybody || refused(Outcome::deferred, "nobody was accepted");
  }

  bool announce_data() {
    const auto reply = command("DATA\r\n", m_patience.command);
    if (!reply) {
      return lost("DATA", reply.error());
    }
    if (reply->code == 354) {
      return true;
    }
    if (reply->code == 421 || reply->code / 100 == 2 || reply->code / 100 == 3) {
      return lost("DATA", {ErrorKind::infrastructure, reply->text});
    }
    return refused(outcome_of_reply(reply->code), reply->text);
  }

  bool hand_over() {
    for (std::size_t at = 0; at < m_wire.size(); at += k_block) {
      const auto written =
          m_stream.write(std::string_view(m_wire).substr(at, k_block), m_patience.data);
      if (!written) {
        // Servers say why before they hang up ("552 too large").
        const auto reply = read_reply(m_stream, std::chrono::seconds(1));
        if (reply && reply->code / 100 == 5) {
          m_result.usable = false;
          return give_up(Outcome::rejected, reply->text);
        }
        return lost("sending the mail",
                    reply ? Error{ErrorKind::infrastructure, reply->text} : written.error());
      }
    }
    return true;
  }

  void finish(const PointOfNoReturn& point) {
    m_result.usable = false;
    std::vector<std::string> accepted;
    for (const auto& recipient : m_result.recipients) {
      if (recipient.outcome == Outcome::accepted) {
        accepted.push_back(recipient.address);
      }
    }
    if (!point(accepted)) {
      give_up(Outcome::deferred, "broken off before the end: somebody else has taken over");
      return;
    }
    if (const auto dot = m_stream.write(".\r\n", m_patience.data); !dot) {
      give_up(Outcome::in_doubt, fmt::format("at the end of the mail: {}", dot.error().message));
      return;
    }
    const auto reply = read_reply(m_stream, m_patience.final_dot);
    if (!reply) {
      give_up(Outcome::in_doubt, fmt::format("no answer to the mail: {}", reply.error().message));
      return;
    }
    if (reply->code / 100 == 2) {
      settle_rest(Outcome::accepted, reply->text);
      m_result.usable = true;
    } else if (reply->code / 100 == 4 || reply->code / 100 == 5) {
      settle_rest(outcome_of_reply(reply->code), reply->text);
      m_result.usable = reply->code != 421;
    } else {
      give_up(Outcome::in_doubt, "a senseless answer to the mail: " + reply->text);
    }
  }

  SmtpStream& m_stream;
  const Capabilities& m_capabilities;
  const Mailing& m_mailing;
  const Patience& m_patience;
  std::string m_wire;
  TransactionResult m_result;
};

}  // namespace

Capabilities parse_capabilities(const std::vector<std::string>& ehlo_lines) {
  Capabilities result;
  for (const auto& line : ehlo_lines) {
    const auto words = split(trim(line), ' ');
    if (iequals(words[0], "8BITMIME")) {
      result.eight_bit = true;
    } else if (iequals(words[0], "SIZE")) {
      result.size = true;
      result.largest_mail = words.size() > 1 ? parse_uint(words[1]).value_or(0) : 0;
    }
  }
  return result;
}

Result<SmtpReply> read_reply(SmtpStream& stream, std::chrono::milliseconds patience) {
  // The patience is for the whole reply: a server that drips lines must not hold us.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  SmtpReply reply;
  for (std::size_t count = 0; count < k_reply_lines; ++count) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return fail(ErrorKind::infrastructure, "the server does not finish its answer");
    }
    PM_TRY_ASSIGN(const std::string line, stream.read_line(left));
    const bool well_formed = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' &&
                             is_digit(line[1]) && is_digit(line[2]) &&
                             (line.size() == 3 || line[3] == ' ' || line[3] == '-');
    const int code = well_formed ? std::stoi(line.substr(0, 3)) : 0;
    if (!well_formed || (reply.code != 0 && code != reply.code)) {
      return fail(ErrorKind::invalid, fmt::format("the server's answer is no SMTP: '{}'",
                                                  escape_terminal(mend_utf8(ellipsize(line, 80)))));
    }
    if (reply.code == 0) {
      reply.text = line.substr(0, 3);
    }
    reply.code = code;
    if (line.size() > 4 && reply.text.size() < k_reply_text) {
      reply.text += " " + escape_terminal(mend_utf8(std::string_view(line).substr(4)));
    }
    if (line.size() == 3 || line[3] == ' ') {
      reply.text = ellipsize(reply.text, k_reply_text);
      return reply;
    }
  }
  return fail(ErrorKind::invalid, "the server's answer does not end");
}

TransactionResult run_transaction(SmtpStream& stream, const Capabilities& capabilities,
                                  const Mailing& mailing, const Patience& patience,
                                  const PointOfNoReturn& point) {
  return Transaction(stream, capabilities, mailing, patience).run(point);
}

std::string to_wire(std::string_view mail) {
  std::string out;
  out.reserve(mail.size() + mail.size() / 30 + 2);
  for (std::string_view line : split_lines(mail)) {
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    if (!line.empty() && line.front() == '.') {
      out += '.';
    }
    // A bare CR inside a line is read as a line end by some servers ("SMTP smuggling").
    for (const char c : line) {
      out += c == '\r' ? ' ' : c;
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace patchmill::delivery
