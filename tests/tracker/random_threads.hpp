#pragma once
// Threads of random shape, as people and tools post them.

#include "tracker/tracker_support.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

namespace patchmill::tracker::test {

// Several works of few authors in one or more threads: deep and shallow, with and without cover,
// references and versions, rerolled, resent, answered.
class ThreadMaker {
 public:
  // `slips`: also lone patches with a counter, and titles that change between versions.
  explicit ThreadMaker(unsigned seed, bool slips = false) : m_random(seed), m_slips(slips) {}

  std::vector<MailSpec> make() {
    const int works = pick(1, 3);
    for (int work = 0; work < works; ++work) {
      m_author = pick(0, 1) == 0 ? "Alice A <alice@example.org>" : "Bob B <bob@example.org>";
      m_title = fmt::format("work {}", pick(0, 1));
      post_work();
    }
    return std::move(m_mails);
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(m_random); }
  bool chance(int percent) { return pick(1, 100) <= percent; }

  void post_work() {
    if (chance(15)) {  // one patch of a series by itself
      m_now += pick(60, 3 * day);
      m_mails.push_back(mail((chance(50) ? "[PATCH] " : "[PATCH 1/1] ") + title(pick(1, 2)), ""));
    }
    m_total = pick(1, 4);
    std::string above;  // what the next version answers
    const int versions = pick(1, m_slips ? 5 : 3);
    for (int version = 1; version <= versions; ++version) {
      m_now += pick(60, 3 * day);
      if (m_slips && version > 1 && chance(25)) {
        m_title = fmt::format("work {}", pick(0, 1));
      }
      if (m_slips && chance(30)) {
        const int real = std::exchange(m_total, 3);
        m_mails.push_back(mail(prefix(version, pick(1, 2)) + title(1), chance(60) ? above : ""));
        m_total = real;
        above = chance(60) ? m_mails.back().msgid : above;
        continue;
      }
      if (version > 1 && m_total > 1 && chance(30)) {
        reroll(version, pick(1, m_total));
        continue;
      }
      const std::string head = post(version, chance(50) ? above : "");
      if (chance(30)) {
        above = answer(head);
      } else if (above.empty() || chance(50)) {
        above = head;
      }
    }
  }

  MailSpec mail(std::string subject, std::string in_reply_to) {
    ++m_count;
    MailSpec spec{
        m_run.empty() ? fmt::format("m{}@x", m_count) : fmt::format("{:040x}.{}@x", m_count, m_run),
        std::move(subject), std::move(in_reply_to)};
    spec.from = !m_run.empty() && chance(50) ? "Dan D <dan@example.org>" : m_author;
    spec.seconds = m_now;
    m_now += pick(0, 2);
    if (!spec.in_reply_to.empty()) {
      // Mailers repeat the whole chain, git send-email only the mail it answers.
      std::string& chain = m_chains[spec.msgid];
      chain = m_chains[spec.in_reply_to] + "<" + spec.in_reply_to + "> ";
      if (chance(50)) {
        spec.references = chain;
      }
    }
    return spec;
  }

  std::string prefix(int version, int number) {
    std::string words = "[PATCH";
    words += version > 1 ? fmt::format(" v{}", version) : "";
    words += chance(5) ? " RESEND" : "";
    words += m_total > 1 || number == 0 ? fmt::format(" {}/{}", number, m_total) : "";
    return words + "] ";
  }

  std::string title(int number) { return fmt::format("{} part {}", m_title, number); }

  // Returns the mail that stands for the posting.
  std::string post(int version, const std::string& in_reply_to) {
    const bool cover = m_total > 1 && chance(60);
    const bool deep = chance(30);
    const bool references = chance(85);
    // git format-patch keeps the authors of commits; its ids show that it was one run.
    m_run = chance(20) ? fmt::format("{}.git.u", 1'700'000'000 + m_now) : "";
    m_ids.assign(static_cast<std::size_t>(m_total) + 1, "");
    std::string parent = in_reply_to;
    std::string head;
    for (int number = cover ? 0 : 1; number <= m_total; ++number) {
      MailSpec spec = mail(prefix(version, number) + (number == 0 ? m_title : title(number)),
                           references ? parent : "");
      spec.diff = number > 0;
      m_ids[static_cast<std::size_t>(number)] = spec.msgid;
      if (head.empty()) {
        head = spec.msgid;
      }
      if (references && (deep || parent == in_reply_to)) {
        // Sometimes every patch answers what the first one answers.
        parent = !in_reply_to.empty() && !cover && chance(20) ? in_reply_to : spec.msgid;
      }
      if (!chance(4)) {  // some mails get lost
        m_mails.push_back(std::move(spec));
      }
    }
    m_run.clear();
    return head;
  }

  void reroll(int version, int number) {
    std::string parent = m_ids.empty() ? ""
                                       : m_ids[static_cast<std::size_t>(std::min<int>(
                                             number, static_cast<int>(m_ids.size()) - 1))];
    if (chance(40) && !parent.empty()) {
      parent = answer(parent);
    }
    if (chance(15)) {
      parent.clear();
    }
    std::string subject =
        chance(40) ? fmt::format("[PATCH v{}] ", version) : prefix(version, number);
    m_mails.push_back(mail(subject + title(number), parent));
  }

  std::string answer(const std::string& to) {
    MailSpec spec = mail("Re: " + m_title, to);
    spec.from = "Carol C <carol@example.org>";
    spec.diff = chance(20);
    m_mails.push_back(spec);
    return spec.msgid;
  }

  std::mt19937 m_random;
  bool m_slips;
  std::vector<MailSpec> m_mails;
  std::vector<std::string> m_ids;
  std::map<std::string, std::string> m_chains;  // References of each mail
  std::string m_author, m_title;
  std::string m_run;  // what the Message-IDs of a posting have in common; empty: nothing
  int m_total = 1;
  int m_now = 0;
  int m_count = 0;
};

}  // namespace patchmill::tracker::test
