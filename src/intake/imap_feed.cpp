#include "intake/imap_feed.hpp"

#include "intake/wire_mail.hpp"
#include "store/cursors.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>

namespace patchmill::intake {
namespace {

// Asked for with one command: few enough that not much is fetched again after a cut.
constexpr std::size_t uids_a_fetch = 100;

// So often is a mail asked for, in new connections, before it is left out.
constexpr int most_refusals = 3;

// What a folder's sources have in common.
struct Folder {
  std::string key;  // of the cursor
  std::string name;
  std::vector<std::uint32_t> given;            // since they were marked as read
  std::map<std::uint32_t, int> refusals = {};  // by UID
};

// Everything from the first UID given on, in the order of the UIDs as far as the server keeps it.
class ImapSource final : public Source {
 public:
  ImapSource(ImapSession& session, Folder& folder, std::uint32_t validity, std::uint32_t first,
             std::vector<std::uint32_t> uids)
      : m_session(session),
        m_folder(folder),
        m_validity(validity),
        m_uids(std::move(uids)),
        m_done(first - 1),
        m_highest(first - 1) {}

  std::string name() const override { return m_folder.name; }
  Result<void> resume(Positions&) override { return {}; }
  Result<std::optional<std::string>> next() override;
  std::function<void(store::Database&)> checkpoint() override {
    return
        [key = m_folder.key, value = fmt::format("{} {}", m_validity, std::min(m_done, m_highest))](
            store::Database& database) { store::set_cursor(database, key, value); };
  }
  SourceProgress progress() const override { return {m_count, m_uids.size()}; }

 private:
  Result<void> begin(std::span<const std::uint32_t> uids);
  Result<void> end_of_fetch();

  ImapSession& m_session;
  Folder& m_folder;
  std::uint32_t m_validity;
  std::vector<std::uint32_t> m_uids;
  std::size_t m_next = 0;               // not asked for yet
  std::set<std::uint32_t> m_pending;    // asked for, not given
  std::vector<std::uint32_t> m_singly;  // to be asked for one by one, descending
  bool m_fetching = false;
  bool m_alone = false;  // the running command asks for one mail
  std::uint32_t m_done;  // everything up to this UID was given or is gone
  // The highest UID known to be real. The cursor never goes beyond: a number that a server made up
  // would hide all mails below it.
  std::uint32_t m_highest;
  std::size_t m_count = 0;
};

Result<void> ImapSource::begin(std::span<const std::uint32_t> uids) {
  m_pending.insert(uids.begin(), uids.end());
  m_fetching = true;
  return m_session.begin_fetch(uids);
}

// What was asked for and did not come: deleted meanwhile, or one of them is broken on the server,
// which then may refuse all that were asked for together.
Result<void> ImapSource::end_of_fetch() {
  m_fetching = false;
  if (m_alone) {
    m_alone = false;
    for (const auto uid : m_pending) {
      ++m_count;
      if (m_session.refused().empty()) {
        continue;
      }
      const int refusals = ++m_folder.refusals[uid];
      if (refusals < most_refusals) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("the server does not give the mail with UID {} ({}); after {} "
                                "attempts it is left out",
                                uid, m_session.refused(), most_refusals));
      }
      m_highest = std::max(m_highest, uid);
      log::warning("{}: the server does not give the mail with UID {} ({}); it is left out",
                   m_folder.name, uid, m_session.refused());
    }
  } else {
    m_singly.assign(m_pending.rbegin(), m_pending.rend());
  }
  m_pending.clear();
  if (!m_singly.empty()) {
    m_done = m_singly.back() - 1;
  } else if (m_next > 0) {
    m_done = m_uids[m_next - 1];
  }
  return {};
}

Result<std::optional<std::string>> ImapSource::next() {
  while (true) {
    if (!m_fetching && !m_singly.empty()) {
      const auto uid = m_singly.back();
      m_singly.pop_back();
      m_alone = true;
      PM_TRY(begin(std::span(&uid, 1)));
    } else if (!m_fetching) {
      const auto count = std::min(uids_a_fetch, m_uids.size() - m_next);
      if (count == 0) {
        return std::optional<std::string>();
      }
      PM_TRY(begin(std::span(m_uids).subspan(m_next, count)));
      m_next += count;
    }
    PM_TRY_ASSIGN(auto mail, m_session.next_fetched());
    if (!mail) {
      PM_TRY(end_of_fetch());
      continue;
    }
    if (m_pending.erase(mail->uid) == 0) {
      continue;  // nobody asked for it
    }
    ++m_count;
    m_folder.given.push_back(mail->uid);
    m_highest = std::max(m_highest, mail->uid);
    if (!m_alone && !m_pending.empty()) {
      m_done = *m_pending.begin() - 1;
    } else if (m_singly.empty()) {
      m_done = m_uids[m_next - 1];
    } else {
      m_done = m_singly.back() - 1;
    }
    const auto raw = with_unix_line_ends(std::move(mail->raw));
    return std::optional(std::string(without_from_line(raw)));
  }
}

class ImapFeed final : public Feed {
 public:
  ImapFeed(ImapAccount account, std::string folder, OpenStream open_stream)
      : m_account(std::move(account)),
        m_name(std::move(folder)),
        m_open_stream(std::move(open_stream)) {
    m_folder.name = place();
    // By what stays the same when the server is reached in another way.
    m_folder.key =
        fmt::format("imap:{}@{}/{}", m_account.user, to_lower(m_account.server.host), m_name);
  }

  std::string place() const override {
    return fmt::format("{}, folder {}", to_string(m_account.server, "imap"),
                       escape_terminal(m_name));
  }
  Result<std::vector<std::unique_ptr<Source>>> open(Positions& positions, Waiter& waiter) override;
  Result<void> wait(Waiter& waiter) override;
  void reset() override {
    if (m_session) {
      m_session->logout();
    }
    m_session.reset();
    m_folder.given.clear();
  }

 private:
  Result<void> connect(Waiter& waiter);
  std::uint32_t first_unread(Positions& positions);

  ImapAccount m_account;
  std::string m_name;
  OpenStream m_open_stream;
  Folder m_folder;
  std::unique_ptr<ImapSession> m_session;
  ImapMailbox m_mailbox;
  bool m_fresh = false;  // nothing was asked since the folder was opened
};

Result<void> ImapFeed::connect(Waiter& waiter) {
  std::string secret;
  if (!m_account.secret.empty()) {
    PM_TRY_ASSIGN(secret, read_secret(m_account.secret));
  }
  PM_TRY_ASSIGN(auto stream,
                m_open_stream ? m_open_stream(waiter) : Connection::open(m_account.server, waiter));
  auto session = std::make_unique<ImapSession>(std::move(stream), most_bytes_of_a_mail);
  PM_TRY(session->start(!m_open_stream && m_account.server.security == Security::starttls));
  PM_TRY(session->login(m_account.auth, m_account.user, secret));
  PM_TRY_ASSIGN(m_mailbox, session->open_folder(m_name, !m_account.mark_seen));
  m_session = std::move(session);
  m_fresh = true;
  return {};
}

// Cursors are "UIDVALIDITY UID".
std::uint32_t ImapFeed::first_unread(Positions& positions) {
  const auto cursor = positions.cursor(m_folder.key);
  if (!cursor) {
    return 1;
  }
  const auto words = split(*cursor, ' ');
  const auto validity = imap_number(words.front());
  const auto last = words.size() == 2 ? imap_number(words[1]) : std::nullopt;
  if (!validity || !last || *validity != m_mailbox.uid_validity) {
    log::info("{}: the server has numbered the mails anew; reading all of the folder again",
              m_folder.name);
    return 1;
  }
  if (m_mailbox.uid_next && *m_mailbox.uid_next > 0 && *last >= *m_mailbox.uid_next && m_fresh) {
    log::warning(
        "{}: the server has fewer mails than before without saying that it numbered them "
        "anew; reading all of the folder again",
        m_folder.name);
    return 1;
  }
  return *last == std::numeric_limits<std::uint32_t>::max() ? *last : *last + 1;
}

Result<std::vector<std::unique_ptr<Source>>> ImapFeed::open(Positions& positions, Waiter& waiter) {
  std::vector<std::unique_ptr<Source>> sources;
  if (!m_session) {
    if (auto connected = connect(waiter); !connected) {
      return fail_with(place(), connected.error());
    }
  }
  const auto first = first_unread(positions);
  const bool nothing_new = m_fresh && m_mailbox.uid_next && first >= *m_mailbox.uid_next;
  m_fresh = false;
  if (nothing_new) {
    return sources;
  }
  auto uids = m_session->search(first);
  if (!uids) {
    return fail_with(place(), uids.error());
  }
  if (!uids->empty()) {
    sources.push_back(std::make_unique<ImapSource>(*m_session, m_folder, m_mailbox.uid_validity,
                                                   first, std::move(*uids)));
  }
  return sources;
}

Result<void> ImapFeed::wait(Waiter& waiter) {
  const auto done = [&]() -> Result<void> {
    if (m_account.mark_seen && !m_folder.given.empty()) {
      std::sort(m_folder.given.begin(), m_folder.given.end());
      PM_TRY(m_session->mark_seen(m_folder.given));
    }
    m_folder.given.clear();
    if (m_session->can_idle()) {
      return m_session->idle(m_account.idle_renewal);
    }
    waiter.wait(m_account.interval);
    return waiter.stopped() ? Result<void>() : m_session->noop();
  }();
  return done ? done : fail_with(place(), done.error());
}

}  // namespace

std::unique_ptr<Feed> follow_imap(ImapAccount account, std::string folder, OpenStream open_stream) {
  return std::make_unique<ImapFeed>(std::move(account), std::move(folder), std::move(open_stream));
}

}  // namespace patchmill::intake
