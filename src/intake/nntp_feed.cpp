#include "intake/nntp_feed.hpp"

#include "intake/nntp_session.hpp"
#include "intake/wire_mail.hpp"
#include "store/cursors.hpp"
#include "util/hash.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

namespace patchmill::intake {
namespace {

// Articles asked for before the first answer is read: the way there and back is paid once.
constexpr std::size_t articles_ahead = 16;
constexpr std::uint64_t numbers_a_list = 500;
constexpr std::uint64_t longest_gap_step = 65536;
constexpr int most_article_refusals = 3;
// Servers end connections that are quiet for a few minutes.
constexpr std::chrono::minutes longest_quiet(2);

struct Group {
  std::string key;  // of the cursor
  std::string name;
  std::map<std::uint64_t, int> refusals = {};
};

std::string mark_of(std::string_view message_id) {
  return message_id.empty() ? "-" : sha256_hex(message_id).substr(0, 16);
}

class NntpSource final : public Source {
 public:
  NntpSource(NntpSession& session, Group& group, std::uint64_t first, std::uint64_t high)
      : m_session(session), m_group(group), m_first(first), m_listed(first - 1), m_high(high) {
    m_done = m_listed;
  }

  std::string name() const override { return m_group.name; }
  Result<void> resume(Positions&) override { return {}; }
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override {
    return [key = m_group.key, value = fmt::format("{} {}", m_done, m_mark)](
               store::Database& database) { store::set_cursor(database, key, value); };
  }
  SourceProgress progress() const override { return {m_done - m_first + 1, m_high - m_first + 1}; }

 private:
  Result<void> list_more();
  Result<void> ask_more();
  void done_up_to(std::uint64_t number, std::string mark);

  NntpSession& m_session;
  Group& m_group;
  std::uint64_t m_first;
  std::uint64_t m_listed;  // numbers up to here were listed
  std::uint64_t m_high;
  std::uint64_t m_step = numbers_a_list;
  std::deque<std::uint64_t> m_numbers;  // listed, not asked for
  std::deque<std::uint64_t> m_asked;    // asked for, not answered
  std::uint64_t m_done;                 // everything up to here was given
  std::string m_mark = "-";
};

Result<void> NntpSource::list_more() {
  while (m_numbers.empty() && m_listed < m_high) {
    const auto last = std::min(m_high, m_listed + m_step);
    PM_TRY_ASSIGN(const auto numbers, m_session.numbers(m_listed + 1, last));
    m_numbers.assign(numbers.begin(), numbers.end());
    m_step = numbers.empty() ? std::min(m_step * 2, longest_gap_step) : numbers_a_list;
    m_listed = last;
  }
  return {};
}

Result<void> NntpSource::ask_more() {
  if (m_asked.empty()) {
    PM_TRY(list_more());
  }
  while (!m_numbers.empty() && m_asked.size() < articles_ahead) {
    PM_TRY(m_session.ask_article(m_numbers.front()));
    m_asked.push_back(m_numbers.front());
    m_numbers.pop_front();
  }
  return {};
}

void NntpSource::done_up_to(std::uint64_t number, std::string mark) {
  m_done = number;
  m_mark = std::move(mark);
}

Result<std::optional<std::string>> NntpSource::next() {
  while (true) {
    PM_TRY(ask_more());
    if (m_asked.empty()) {
      if (m_done < m_high) {
        done_up_to(m_high, "-");  // the last ones are gone
      }
      return std::optional<std::string>();
    }
    const auto number = m_asked.front();
    PM_TRY_ASSIGN(auto article, m_session.read_article());
    m_asked.pop_front();
    if (article.code == 220) {
      done_up_to(number, mark_of(article.message_id));
      const auto raw = with_unix_line_ends(std::move(article.raw));
      return std::optional(std::string(without_from_line(raw)));
    }
    const bool gone = article.code == 420 || article.code == 423 || article.code == 430;
    if (!gone && ++m_group.refusals[number] < most_article_refusals) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("the news server does not give article {} ({}); after {} attempts it "
                              "is left out",
                              number, article.text, most_article_refusals));
    }
    if (!gone) {
      log::warning("{}: the news server does not give article {} ({}); it is left out",
                   m_group.name, number, article.text);
    }
    done_up_to(number, "-");
  }
}

class NntpFeed final : public Feed {
 public:
  NntpFeed(NntpAccount account, std::string group, OpenStream open_stream)
      : m_account(std::move(account)),
        m_name(std::move(group)),
        m_open_stream(std::move(open_stream)) {
    m_group.name = place();
    m_group.key = fmt::format("nntp:{}/{}", to_lower(m_account.server.host), m_name);
  }

  std::string place() const override {
    return fmt::format("{}/{}", to_string(m_account.server, "nntp"), escape_terminal(m_name));
  }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override;
  Result<void> wait(Waiter& waiter) override;
  void reset() override {
    if (m_session) {
      m_session->quit();
    }
    m_session.reset();
  }

 private:
  Result<void> connect(Waiter& waiter);
  Result<NntpGroup> open_group(Waiter& waiter);
  Result<std::uint64_t> first_unread(Positions& positions, const NntpGroup& group);

  NntpAccount m_account;
  std::string m_name;
  OpenStream m_open_stream;
  Group m_group;
  std::unique_ptr<NntpSession> m_session;
  bool m_fresh = false;  // the cursor was not compared with this connection's numbers
};

Result<void> NntpFeed::connect(Waiter& waiter) {
  std::string secret;
  if (!m_account.user.empty()) {
    PM_TRY_ASSIGN(secret, read_secret(m_account.secret));
  }
  PM_TRY_ASSIGN(auto stream,
                m_open_stream ? m_open_stream(waiter) : Connection::open(m_account.server, waiter));
  auto session = std::make_unique<NntpSession>(std::move(stream), most_bytes_of_a_mail);
  PM_TRY(session->start(m_account.user, secret));
  m_session = std::move(session);
  m_fresh = true;
  return {};
}

// A connection that was quiet may have been cut: that is nobody's fault.
Result<NntpGroup> NntpFeed::open_group(Waiter& waiter) {
  if (m_session) {
    if (auto group = m_session->open_group(m_name)) {
      return group;
    }
    m_session.reset();
  }
  PM_TRY(connect(waiter));
  return m_session->open_group(m_name);
}

// Cursors are "NUMBER MARK".
Result<std::uint64_t> NntpFeed::first_unread(Positions& positions, const NntpGroup& group) {
  const auto cursor = positions.cursor(m_group.key);
  if (!cursor) {
    return group.low;
  }
  const auto words = split(*cursor, ' ');
  const auto last = words.size() == 2 ? parse_uint(words[0]) : std::nullopt;
  bool renumbered = !last || *last > std::max(group.high, group.low == 0 ? 0 : group.low - 1);
  if (!renumbered && m_fresh && words[1] != "-") {
    PM_TRY_ASSIGN(const auto message_id, m_session->message_id(*last));
    renumbered = message_id && mark_of(*message_id) != words[1];
  }
  m_fresh = false;
  if (renumbered) {
    log::info("{}: the server has numbered the articles anew; reading the group from its beginning",
              m_group.name);
    return group.low;
  }
  return std::max(*last + 1, group.low);
}

Result<std::vector<std::unique_ptr<Source>>> NntpFeed::open(Positions& positions, Waiter& waiter) {
  const auto group = open_group(waiter);
  if (!group) {
    return fail_with(place(), group.error());
  }
  const auto first = first_unread(positions, *group);
  if (!first) {
    return fail_with(place(), first.error());
  }
  std::vector<std::unique_ptr<Source>> sources;
  if (*first <= group->high) {
    sources.push_back(std::make_unique<NntpSource>(
        *m_session, m_group, std::max<std::uint64_t>(*first, 1), group->high));
  }
  return sources;
}

Result<void> NntpFeed::wait(Waiter& waiter) {
  if (m_account.interval > longest_quiet) {
    reset();
  }
  waiter.wait(m_account.interval);
  return {};
}

}  // namespace

std::unique_ptr<Feed> follow_nntp(NntpAccount account, std::string group, OpenStream open_stream) {
  return std::make_unique<NntpFeed>(std::move(account), std::move(group), std::move(open_stream));
}

}  // namespace patchmill::intake
