#include "intake/imap_session.hpp"

#include "intake/imap_text.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::intake {
namespace {

using Status = ImapResponse::Status;
using Kind = ImapResponse::Kind;

// To one command. A folder's worth of flag changes is fewer.
constexpr std::size_t most_answers = 5'000'000;
constexpr std::size_t most_capabilities = 1000;

std::string words_of(const ImapResponse& response) {
  auto text = response.text.empty() ? response.code : response.text;
  return ellipsize(escape_terminal(mend_utf8(text)), 300);
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

// RFC 5530: what only looks like a refusal.
bool is_passing(const ImapResponse& response) {
  return istarts_with(response.code, "UNAVAILABLE") || istarts_with(response.code, "INUSE") ||
         istarts_with(response.code, "LIMIT") || istarts_with(response.code, "SERVERBUG");
}

}  // namespace

ImapSession::ImapSession(std::unique_ptr<ByteStream> stream, std::size_t longest_mail)
    : m_stream(std::move(stream)), m_reader(*m_stream), m_longest_mail(longest_mail) {}

bool ImapSession::has_capability(std::string_view name) const {
  return m_capabilities.contains(to_upper(name));
}

Result<void> ImapSession::send(std::string_view command) {
  m_tag = fmt::format("p{}", ++m_commands);
  m_answers = 0;
  return m_stream->write(fmt::format("{} {}\r\n", m_tag, command));
}

void ImapSession::learn_capabilities(const ImapResponse& response) {
  std::vector<std::string> names;
  if (response.is_data("CAPABILITY")) {
    for (const auto& token : response.tokens) {
      names.push_back(token.text);
    }
  } else if (istarts_with(response.code, "CAPABILITY ")) {
    for (const auto name : split(response.code, ' ')) {
      names.emplace_back(name);
    }
  } else {
    return;
  }
  m_capabilities.clear();
  for (std::size_t i = 1; i < std::min(names.size(), most_capabilities); ++i) {
    m_capabilities.insert(to_upper(names[i]));
  }
}

Result<ImapResponse> ImapSession::receive() {
  PM_TRY_ASSIGN(auto response, read_imap_response(m_reader, m_longest_mail));
  if (++m_answers > most_answers) {
    return fail(ErrorKind::limit, "the server talks without end; the connection is given up");
  }
  if (response.kind == Kind::untagged && response.status == Status::bye) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the server ends the connection: {}", words_of(response)));
  }
  if (response.kind == Kind::tagged && response.tag != m_tag) {
    return fail(ErrorKind::infrastructure, "the server answers a command that was not given");
  }
  learn_capabilities(response);
  m_news = m_news || response.number_of("EXISTS").has_value();
  return response;
}

Result<ImapResponse> ImapSession::finish(const OnData& on_data) {
  while (true) {
    PM_TRY_ASSIGN(auto response, receive());
    if (response.kind == Kind::tagged) {
      return response;
    }
    if (response.kind == Kind::continuation) {
      return fail(ErrorKind::infrastructure, "the server waits for more where there is no more");
    }
    if (on_data) {
      PM_TRY(on_data(response));
    }
  }
}

Result<ImapResponse> ImapSession::command(std::string_view text, const OnData& on_data) {
  PM_TRY(send(text));
  return finish(on_data);
}

Result<void> ImapSession::ask_capabilities() {
  PM_TRY_ASSIGN(const auto done, command("CAPABILITY"));
  if (done.status != Status::ok) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the server does not tell what it can do: {}", words_of(done)));
  }
  return {};
}

Result<void> ImapSession::start(bool greeting_was_read) {
  if (!greeting_was_read) {
    PM_TRY_ASSIGN(const auto greeting, receive());
    if (greeting.kind != Kind::untagged ||
        (greeting.status != Status::ok && greeting.status != Status::preauth)) {
      return fail(ErrorKind::infrastructure,
                  "the server does not greet as an IMAP server; check host and port");
    }
    m_authenticated = greeting.status == Status::preauth;
  }
  return m_capabilities.empty() ? ask_capabilities() : Result<void>();
}

Result<ImapResponse> ImapSession::authenticate(std::string_view mechanism,
                                               const std::string& message) {
  const bool at_once = has_capability("SASL-IR");
  PM_TRY(send(
      fmt::format("AUTHENTICATE {}{}{}", mechanism, at_once ? " " : "", at_once ? message : "")));
  bool sent = at_once;
  while (true) {
    PM_TRY_ASSIGN(auto response, receive());
    if (response.kind == Kind::tagged) {
      return response;
    }
    if (response.kind == Kind::continuation) {
      // A second one carries the reason for a refusal; the empty answer asks for the refusal.
      PM_TRY(m_stream->write((std::exchange(sent, true) ? std::string() : message) + "\r\n"));
    }
  }
}

Result<void> ImapSession::login(ImapAuth auth, const std::string& user, const std::string& secret) {
  if (m_authenticated) {
    return {};
  }
  if (auth == ImapAuth::best) {
    auth = has_capability("AUTH=PLAIN") ? ImapAuth::plain : ImapAuth::login;
  }
  if (auth == ImapAuth::login && has_capability("LOGINDISABLED")) {
    return fail(
        ErrorKind::invalid,
        "the server takes no passwords over this connection; use security: tls or starttls");
  }
  m_capabilities.erase("IDLE");  // what is offered now counts
  const auto before = m_capabilities;
  Result<ImapResponse> done = fail(ErrorKind::invalid, "");
  if (auth == ImapAuth::login) {
    PM_TRY_ASSIGN(const auto name, imap_quoted(user));
    PM_TRY_ASSIGN(const auto password, imap_quoted(secret));
    done = command(fmt::format("LOGIN {} {}", name, password));
  } else if (auth == ImapAuth::plain) {
    done = authenticate("PLAIN", sasl_plain(user, secret));
  } else {
    done = authenticate("XOAUTH2", sasl_xoauth2(user, secret));
  }
  PM_TRY(done);
  if (done->status != Status::ok) {
    const bool passing = is_passing(*done);
    return fail(passing ? ErrorKind::infrastructure : ErrorKind::invalid,
                fmt::format("the server refuses the login of {}: {}; {}", escape_terminal(user),
                            words_of(*done),
                            passing                     ? "it is tried again"
                            : auth == ImapAuth::xoauth2 ? "renew the token, or check user and auth"
                                                        : "check user, password and auth"));
  }
  m_authenticated = true;
  return m_capabilities == before ? ask_capabilities() : Result<void>();
}

Result<ImapMailbox> ImapSession::open_folder(std::string_view folder, bool read_only) {
  PM_TRY_ASSIGN(const auto encoded, imap_folder_name(folder));
  PM_TRY_ASSIGN(const auto name, imap_quoted(encoded));
  ImapMailbox mailbox;
  const auto read = [&](const ImapResponse& response) -> Result<void> {
    if (const auto number = response.code_number("UIDVALIDITY")) {
      mailbox.uid_validity = *number;
    } else if (const auto next = response.code_number("UIDNEXT")) {
      mailbox.uid_next = next;
    } else if (const auto exists = response.number_of("EXISTS")) {
      mailbox.exists = *exists;
    }
    return {};
  };
  PM_TRY_ASSIGN(const auto done,
                command(fmt::format("{} {}", read_only ? "EXAMINE" : "SELECT", name), read));
  if (done.status != Status::ok) {
    const bool passing = is_passing(done);
    return fail(passing ? ErrorKind::infrastructure : ErrorKind::invalid,
                fmt::format("the server does not open the folder \"{}\": {}{}",
                            escape_terminal(folder), words_of(done),
                            passing ? "" : "; check its name (INBOX, Lists/ltp, Lists.ltp)"));
  }
  m_news = false;
  return mailbox;
}

Result<std::vector<std::uint32_t>> ImapSession::search(std::uint32_t first) {
  std::vector<std::uint32_t> uids;
  const auto read = [&](const ImapResponse& response) -> Result<void> {
    for (const auto uid : numbers_of_search(response)) {
      if (uid >= first) {  // "7:*" is also the last mail, whatever its number
        uids.push_back(uid);
      }
    }
    return {};
  };
  m_news = false;
  PM_TRY_ASSIGN(const auto done, command(fmt::format("UID SEARCH UID {}:*", first), read));
  if (done.status != Status::ok) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the server does not list the folder's mails: {}", words_of(done)));
  }
  std::sort(uids.begin(), uids.end());
  uids.erase(std::unique(uids.begin(), uids.end()), uids.end());
  return uids;
}

Result<void> ImapSession::begin_fetch(std::span<const std::uint32_t> uids) {
  m_refused.clear();
  // PEEK does not set \Seen. A part of a mail: no server sends more than we keep.
  return send(fmt::format("UID FETCH {} (UID BODY.PEEK[]<0.{}>)", imap_set(uids), m_longest_mail));
}

Result<std::optional<ImapSession::Mail>> ImapSession::next_fetched() {
  while (true) {
    PM_TRY_ASSIGN(auto response, receive());
    if (response.kind == Kind::tagged) {
      if (response.status != Status::ok) {
        m_refused = words_of(response);
        m_refused = m_refused.empty() ? "no reason given" : m_refused;
      }
      return std::optional<Mail>();
    }
    if (response.kind == Kind::continuation) {
      return fail(ErrorKind::infrastructure, "the server waits for more where there is no more");
    }
    if (auto fetched = fetched_of(response); fetched && fetched->uid > 0 && fetched->body) {
      return std::optional(Mail{fetched->uid, std::move(*fetched->body)});
    }
  }
}

Result<void> ImapSession::mark_seen(std::span<const std::uint32_t> uids) {
  PM_TRY_ASSIGN(const auto done,
                command(fmt::format("UID STORE {} +FLAGS.SILENT (\\Seen)", imap_set(uids))));
  if (done.status != Status::ok) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the server does not mark mails as read: {}; give the user that right "
                            "or leave out mark-seen",
                            words_of(done)));
  }
  return {};
}

Result<void> ImapSession::idle(std::chrono::milliseconds at_most) {
  PM_TRY(send("IDLE"));
  while (true) {
    PM_TRY_ASSIGN(const auto response, receive());
    if (response.kind == Kind::continuation) {
      break;
    }
    if (response.kind == Kind::tagged) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("the server offers IDLE and refuses it: {}", words_of(response)));
    }
  }
  const auto until = std::chrono::steady_clock::now() + at_most;
  bool stopped = false;
  bool ended = m_news;
  while (!ended) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const auto woken = m_reader.has_buffered() ? Waiter::Woken::ready
                                               : m_stream->wait(std::max(left, left.zero()));
    stopped = woken == Waiter::Woken::stopped;
    ended = woken != Waiter::Woken::ready || left.count() <= 0;
    if (woken == Waiter::Woken::ready) {
      PM_TRY_ASSIGN(const auto response, receive());
      if (response.kind == Kind::tagged) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("the server ended IDLE by itself: {}", words_of(response)));
      }
      ended = ended || m_news;
    }
  }
  PM_TRY(m_stream->write("DONE\r\n"));
  if (stopped) {
    return {};
  }
  PM_TRY_ASSIGN(const auto done, finish());
  return {};
}

Result<void> ImapSession::noop() {
  PM_TRY(command("NOOP"));
  return {};
}

void ImapSession::logout() {
  [[maybe_unused]] const auto sent = send("LOGOUT");
}

}  // namespace patchmill::intake
