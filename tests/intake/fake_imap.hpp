#pragma once
// An IMAP server in memory that does what tests tell it to, mistakes included.

#include "intake/fake_server.hpp"
#include "intake/imap_feed.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace patchmill::test {

struct FakeImap : FakeServer {
  std::string capabilities = "IMAP4rev1 IDLE SASL-IR AUTH=PLAIN";
  std::string greeting = "* OK ready\r\n";
  std::uint32_t uid_validity = 7;
  std::uint32_t uid_next = 1;
  bool tells_uid_next = true;
  std::map<std::uint32_t, std::string> mails;
  std::set<std::uint32_t> seen;
  std::set<std::uint32_t> broken;  // are not given, and spoil what is asked with them
  std::string expected_auth;       // the command that logs in
  bool unsolicited = false;        // talks about other things in between
  bool backwards = false;          // gives mails in descending order
  // Answers a command instead; nothing: as usual.
  std::function<std::optional<std::string>(const std::string& tag, const std::string& command)>
      hook;

  void deliver(const std::string& mail) {
    const std::lock_guard lock(mutex);
    mails[uid_next++] = mail;
  }
  // Like a mailbox that was deleted and made again.
  void renumber(std::uint32_t validity) {
    const std::lock_guard lock(mutex);
    auto old = std::move(mails);
    mails.clear();
    uid_validity = validity;
    uid_next = 1;
    for (auto& [uid, mail] : old) {
      mails[uid_next++] = std::move(mail);
    }
  }
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex);
    return commands;
  }
  bool was_said(std::string_view part) {
    for (const auto& command : said()) {
      if (command.find(part) != std::string::npos) {
        return true;
      }
    }
    return false;
  }
  intake::OpenStream opener();
};

class FakeImapStream final : public FakeStream {
 public:
  FakeImapStream(FakeImap& server, intake::Waiter& waiter)
      : FakeStream(server, waiter), m_server(server) {
    const std::lock_guard lock(m_server.mutex);
    m_exists = m_server.mails.size();
    say(m_server.greeting);
  }

  intake::Waiter::Woken wait(std::chrono::milliseconds at_most) override {
    using Woken = intake::Waiter::Woken;
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < end) {
      {
        const std::lock_guard lock(m_server.mutex);
        if (m_server.mails.size() != m_exists) {
          m_exists = m_server.mails.size();
          say(fmt::format("* {} EXISTS\r\n", m_exists));
        }
        if (anything_to_read()) {
          return Woken::ready;
        }
      }
      const auto woken = m_waiter.wait(std::chrono::milliseconds(3));
      if (woken != Woken::timeout) {
        return woken;
      }
    }
    return Woken::timeout;
  }

 private:
  void say(const std::string& text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size() - 1) + 1;
      say_one(text.substr(begin, end - begin));
      begin = end;
    }
  }

  void handle(const std::string& line) override {
    if (m_idle_tag.empty() || line != "DONE") {
      m_server.commands.push_back(line);
    }
    if (!m_idle_tag.empty()) {
      say(line == "DONE" ? m_idle_tag + " OK done\r\n" : m_idle_tag + " BAD not now\r\n");
      m_idle_tag.clear();
      return;
    }
    const auto space = line.find(' ');
    const auto tag = line.substr(0, space);
    const auto command = space == std::string::npos ? std::string() : line.substr(space + 1);
    if (m_server.hook) {
      if (const auto answer = m_server.hook(tag, command)) {
        say(*answer);
        return;
      }
    }
    if (m_server.unsolicited) {
      say("* 3 RECENT\r\n* FLAGS (\\Seen \"odd\\\" one\")\r\n* 1 FETCH (FLAGS (\\Seen (x)) MODSEQ "
          "(9))\r\n"
          "* OK [ALERT] the disk {12}\r\n* XUNKNOWN {5}\r\nab\r\nc (\"d\" NIL)\r\n");
    }
    answer(tag, command);
  }

  void answer(const std::string& tag, const std::string& command) {
    const auto ok = tag + " OK done\r\n";
    if (command == "CAPABILITY") {
      say("* CAPABILITY " + m_server.capabilities + "\r\n" + ok);
    } else if (command.starts_with("LOGIN ") || command.starts_with("AUTHENTICATE ")) {
      const bool right = m_server.expected_auth.empty() || command == m_server.expected_auth;
      say(right ? ok : tag + " NO [AUTHENTICATIONFAILED] no such user\r\n");
    } else if (command.starts_with("EXAMINE ") || command.starts_with("SELECT ")) {
      m_exists = m_server.mails.size();
      say(fmt::format("* {} EXISTS\r\n* OK [UIDVALIDITY {}] ok\r\n", m_exists,
                      m_server.uid_validity));
      say(m_server.tells_uid_next ? fmt::format("* OK [UIDNEXT {}] ok\r\n", m_server.uid_next)
                                  : "");
      say(tag + (command[0] == 'E' ? " OK [READ-ONLY] done\r\n" : " OK [READ-WRITE] done\r\n"));
    } else if (command.starts_with("UID SEARCH UID ")) {
      const auto first = parse_uint(command.substr(15, command.find(':') - 15)).value_or(0);
      std::string found;
      for (const auto& [uid, mail] : m_server.mails) {
        // "n:*" is also the last mail.
        found +=
            uid >= first || uid == m_server.mails.rbegin()->first ? fmt::format(" {}", uid) : "";
      }
      say("* SEARCH" + found + "\r\n" + ok);
    } else if (command.starts_with("UID FETCH ")) {
      fetch(tag, command.substr(10, command.find(' ', 10) - 10));
    } else if (command.starts_with("UID STORE ")) {
      for (const auto uid : uids_of(command.substr(10, command.find(' ', 10) - 10))) {
        m_server.seen.insert(uid);
      }
      say(ok);
    } else if (command == "IDLE") {
      m_idle_tag = tag;
      say("+ idling\r\n");
    } else if (command == "LOGOUT") {
      say("* BYE\r\n" + ok);
    } else if (command == "NOOP") {
      if (m_server.mails.size() != m_exists) {
        m_exists = m_server.mails.size();
        say(fmt::format("* {} EXISTS\r\n", m_exists));
      }
      say(ok);
    } else {
      say(tag + " BAD what?\r\n");
    }
  }

  std::vector<std::uint32_t> uids_of(const std::string& set) const {
    std::vector<std::uint32_t> uids;
    for (const auto part : split(set, ',')) {
      const auto first = parse_uint(part.substr(0, part.find(':'))).value_or(0);
      const auto last = parse_uint(part.substr(part.find(':') + 1)).value_or(first);
      for (const auto& [uid, mail] : m_server.mails) {
        if (uid >= first && uid <= last) {
          uids.push_back(uid);
        }
      }
    }
    if (m_server.backwards) {
      std::reverse(uids.begin(), uids.end());
    }
    return uids;
  }

  void fetch(const std::string& tag, const std::string& set) {
    bool spoilt = false;
    for (const auto uid : uids_of(set)) {
      if (m_server.broken.contains(uid)) {
        spoilt = true;
        break;
      }
      const auto& mail = m_server.mails[uid];
      std::string wire;
      for (const char c : mail) {
        wire += c == '\n' ? "\r\n" : std::string(1, c);
      }
      if (m_server.unsolicited) {
        say("* 9 FETCH (FLAGS ())\r\n* 2 EXPUNGE\r\n");
      }
      say(fmt::format("* {} FETCH (UID {} BODY[]<0> {{{}}}\r\n{})\r\n", uid, uid, wire.size(),
                      wire));
    }
    say(tag + (spoilt ? " NO [SERVERBUG] a mail is broken\r\n" : " OK done\r\n"));
  }

  FakeImap& m_server;
  std::string m_idle_tag;
  std::size_t m_exists = 0;
};

inline intake::OpenStream FakeImap::opener() {
  return [this](intake::Waiter& waiter) -> Result<std::unique_ptr<intake::ByteStream>> {
    return std::make_unique<FakeImapStream>(*this, waiter);
  };
}

}  // namespace patchmill::test
