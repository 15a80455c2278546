#include "delivery/smtp_dialogue.hpp"

#include <doctest/doctest.h>

#include <deque>

namespace patchmill::delivery {
namespace {

using std::chrono::milliseconds;

// Answers from a list; "" hangs up.
class ScriptedStream final : public SmtpStream {
 public:
  explicit ScriptedStream(std::deque<std::string> lines) : m_lines(std::move(lines)) {}
  Result<void> write(std::string_view bytes, milliseconds) override {
    if (m_write_fails_at && written.size() >= *m_write_fails_at) {
      return fail(ErrorKind::infrastructure, "the connection broke");
    }
    written += bytes;
    return {};
  }
  Result<std::string> read_line(milliseconds) override {
    if (m_lines.empty() || m_lines.front().empty()) {
      return fail(ErrorKind::infrastructure, "the server hung up");
    }
    std::string line = m_lines.front();
    m_lines.pop_front();
    return line;
  }
  std::string written;
  std::optional<std::size_t> m_write_fails_at;

 private:
  std::deque<std::string> m_lines;
};

struct Outcomes {
  TransactionResult result;
  std::string written;
  std::vector<std::vector<std::string>> points;
};

Outcomes talk(std::deque<std::string> lines, std::vector<std::string> recipients = {"a@x", "b@x"},
              bool go_on = true, std::string_view mail = "Subject: x\n\nbody\n",
              const Capabilities& capabilities = {}) {
  ScriptedStream stream(std::move(lines));
  Outcomes out;
  const Mailing mailing{"ci@x", std::move(recipients), mail, "name"};
  out.result = run_transaction(stream, capabilities, mailing, {}, [&](const auto& accepted) {
    out.points.push_back(accepted);
    return go_on;
  });
  out.written = stream.written;
  return out;
}

std::string states(const TransactionResult& result) {
  std::string text;
  for (const auto& recipient : result.recipients) {
    text += (text.empty() ? "" : " ") + std::string(to_string(recipient.outcome));
    CHECK(!recipient.reply.empty());
  }
  return text;
}

TEST_CASE("delivery::run_transaction: everybody gets it") {
  const auto out = talk({"250 ok", "250 ok", "251 forwarded", "354 go", "250 2.0.0 queued as 7"});
  CHECK(states(out.result) == "accepted accepted");
  CHECK(out.result.recipients[0].reply == "250 2.0.0 queued as 7");
  CHECK(out.result.usable);
  CHECK(out.points == std::vector<std::vector<std::string>>{{"a@x", "b@x"}});
  CHECK(out.written ==
        "MAIL FROM:<ci@x>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: "
        "x\r\n\r\nbody\r\n.\r\n");
}

TEST_CASE("delivery::run_transaction: partial acceptance keeps everybody's own answer") {
  const auto out =
      talk({"250 ok", "250 ok", "550 5.1.1 no such user", "450 greylisted", "354 go", "250 done"},
           {"a@x", "b@x", "c@x"});
  CHECK(states(out.result) == "accepted rejected deferred");
  CHECK(out.result.recipients[1].reply == "550 5.1.1 no such user");
  CHECK(out.result.recipients[2].reply == "450 greylisted");
  CHECK(out.points == std::vector<std::vector<std::string>>{{"a@x"}});
}

TEST_CASE("delivery::run_transaction: refusals of the whole") {
  CHECK(states(talk({"451 later", "250 reset"}).result) == "deferred deferred");
  CHECK(states(talk({"550 not you", "250 reset"}).result) == "rejected rejected");
  CHECK(states(talk({"250 ok", "550 no", "450 later", "250 reset"}).result) == "rejected deferred");
  CHECK(states(talk({"250 ok", "250 ok", "250 ok", "451 disk full", "250 reset"}).result) ==
        "deferred deferred");
  CHECK(states(talk({"250 ok", "250 ok", "250 ok", "554 no", "250 reset"}).result) ==
        "rejected rejected");
  // At the final dot both are certain: the server has said no.
  CHECK(states(talk({"250 ok", "250 ok", "250 ok", "354 go", "451 later"}).result) ==
        "deferred deferred");
  CHECK(states(talk({"250 ok", "250 ok", "250 ok", "354 go", "554 spam"}).result) ==
        "rejected rejected");
  // 552 in answer to RCPT means "too many" (RFC 5321 section 4.5.3.1.10).
  CHECK(states(talk({"250 ok", "250 ok", "552 too many", "354 go", "250 ok"}).result) ==
        "accepted deferred");
}

TEST_CASE("delivery::run_transaction: a cut before the dot is certain, after it is not") {
  const std::deque<std::string> good = {"250 ok", "250 ok", "250 ok", "354 go"};
  for (std::size_t answers = 0; answers < good.size(); ++answers) {
    auto lines =
        std::deque<std::string>(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(answers));
    const auto out = talk(lines);
    CHECK(states(out.result) == "deferred deferred");
    CHECK(out.points.empty());
    CHECK_FALSE(out.result.usable);
    CHECK(out.written.find("\r\n.\r\n") == std::string::npos);
  }
  const auto out = talk(good);
  CHECK(states(out.result) == "in-doubt in-doubt");
  CHECK(out.points.size() == 1);
  // Whoever was refused before is in no doubt.
  CHECK(states(talk({"250 ok", "550 no", "250 ok", "354 go"}).result) == "rejected in-doubt");
}

TEST_CASE("delivery::run_transaction: 421 closes the connection and blames nobody") {
  for (std::size_t at = 0; at < 4; ++at) {
    std::deque<std::string> lines = {"250 ok", "250 ok", "250 ok", "354 go"};
    lines.resize(at);
    lines.push_back("421 4.3.2 shutting down");
    const auto out = talk(lines);
    CHECK(states(out.result) == "deferred deferred");
    CHECK_FALSE(out.result.usable);
  }
}

TEST_CASE("delivery::run_transaction: the caller may break off; then there is no dot") {
  const auto out =
      talk({"250 ok", "250 ok", "250 ok", "354 go", "250 done"}, {"a@x", "b@x"}, false);
  CHECK(states(out.result) == "deferred deferred");
  CHECK(out.written.ends_with("body\r\n"));
  CHECK_FALSE(out.result.usable);
}

TEST_CASE("delivery::run_transaction: no address ends its line") {
  const auto out = talk({"250 ok", "250 ok", "354 go", "250 done"},
                        {"a@x>\r\nRCPT TO:<victim@x", "", "j\xC3\xB6@x", "good@x"});
  CHECK(states(out.result) == "rejected rejected rejected accepted");
  CHECK(out.written.find("victim") == std::string::npos);
}

TEST_CASE("delivery::run_transaction: senseless answers") {
  CHECK(states(talk({"hello"}).result) == "deferred deferred");
  CHECK(states(talk({"250-ok", "550 or not"}).result) == "deferred deferred");
  CHECK(states(talk({"999 what"}).result) == "deferred deferred");
  CHECK(states(talk({"250 ok", "250 ok", "250 ok", "250 no data wanted"}).result) ==
        "deferred deferred");
  CHECK(states(talk({"250 ok", "250 ok", "250 ok", "354 go", "garbage"}).result) ==
        "in-doubt in-doubt");
  CHECK(states(talk({"250 ok", "250 ok", "250 ok", "354 go", "354 more"}).result) ==
        "in-doubt in-doubt");
  std::deque<std::string> endless(500, "250-on and on");
  CHECK(states(talk(endless).result) == "deferred deferred");
}

TEST_CASE("delivery::run_transaction: what the server offered is respected") {
  Capabilities offered = parse_capabilities({"test.example.org", "SIZE 1000", "8bitmime", "HELP"});
  CHECK(offered.eight_bit);
  CHECK(offered.size);
  CHECK(offered.largest_mail == 1000);
  const std::deque<std::string> good = {"250 ok", "250 ok", "250 ok", "354 go", "250 done"};
  CHECK(talk(good, {"a@x", "b@x"}, true, "x: y\n\n\xC3\xBC\n", offered)
            .written.starts_with("MAIL FROM:<ci@x> SIZE=12 BODY=8BITMIME\r\n"));
  const auto eight = talk(good, {"a@x"}, true, "x: y\n\n\xC3\xBC\n");
  CHECK(states(eight.result) == "rejected");
  CHECK(eight.written.empty());
  const std::string large = "x: y\n\n" + std::string(2000, 'z') + "\n";
  CHECK(states(talk(good, {"a@x"}, true, large, offered).result) == "rejected");
}

TEST_CASE("delivery::read_reply: several lines, cleaned and bounded") {
  ScriptedStream stream({"250-first", "250-\x1b[31mred", "250 last"});
  CHECK(read_reply(stream, milliseconds(1000))->text == "250 first \\x1b[31mred last");
  ScriptedStream bare({"250"});
  CHECK(read_reply(bare, milliseconds(1000))->code == 250);
  ScriptedStream longest({"550 " + std::string(3000, 'x')});
  CHECK(read_reply(longest, milliseconds(1000))->text.size() < 600);
}

TEST_CASE("delivery::to_wire: CRLF, doubled dots, no smuggling") {
  CHECK(to_wire("a\n.\n..b\nc.\n") == "a\r\n..\r\n...b\r\nc.\r\n");
  CHECK(to_wire("no end") == "no end\r\n");
  CHECK(to_wire("crlf\r\nbare\rcr\n") == "crlf\r\nbare cr\r\n");
  CHECK(to_wire("x\n.\r\nMAIL FROM:<evil@x>\n") == "x\r\n..\r\nMAIL FROM:<evil@x>\r\n");
}

}  // namespace
}  // namespace patchmill::delivery
