#pragma once
// One connection to an IMAP server, from the greeting to the logout (RFC 3501, 2177, 4959).

#include "intake/byte_stream.hpp"
#include "intake/imap_response.hpp"
#include "util/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

enum class ImapAuth {
  best,     // PLAIN where offered, else LOGIN
  login,    // the LOGIN command
  plain,    // AUTHENTICATE PLAIN
  xoauth2,  // the secret is an access token
};

struct ImapMailbox {
  std::uint32_t uid_validity = 0;         // 0: the server gives none
  std::optional<std::uint32_t> uid_next;  // not every server tells
  std::uint32_t exists = 0;
};

// Errors of all calls: infrastructure for what the next attempt may do better, invalid for what
// somebody must change (a wrong password, a folder that is not there), limit for hostile answers.
// After an error the session is not used any more.
class ImapSession {
 public:
  // `longest_mail`: bytes kept of one.
  ImapSession(std::unique_ptr<ByteStream> stream, std::size_t longest_mail);

  // Reads the greeting, unless it was read already, and asks for the capabilities.
  Result<void> start(bool greeting_was_read);
  // Does nothing when the server knows us already (PREAUTH).
  Result<void> login(ImapAuth auth, const std::string& user, const std::string& secret);
  // EXAMINE when read-only, else SELECT.
  Result<ImapMailbox> open_folder(std::string_view folder, bool read_only);
  // UIDs that are there, from `first` on, ascending.
  Result<std::vector<std::uint32_t>> search(std::uint32_t first);

  // Asks for mails; they arrive in any order.
  Result<void> begin_fetch(std::span<const std::uint32_t> uids);
  struct Mail {
    std::uint32_t uid = 0;
    std::string raw;  // with the line ends of the wire
  };
  // The next mail of begin_fetch(); nothing at the end, refused() tells how it ended.
  Result<std::optional<Mail>> next_fetched();
  [[nodiscard]] const std::string& refused() const { return m_refused; }  // empty: OK

  // Adds \Seen; for folders that are not opened read-only.
  Result<void> mark_seen(std::span<const std::uint32_t> uids);
  [[nodiscard]] bool can_idle() const { return has_capability("IDLE"); }
  // Until something changed, at the latest after `at_most` (RFC 2177 wants less than 29 minutes),
  // or until the waiter has news.
  Result<void> idle(std::chrono::milliseconds at_most);
  Result<void> noop();
  void logout();  // does not wait for the answer
  [[nodiscard]] bool has_capability(std::string_view name) const;

 private:
  using OnData = std::function<Result<void>(const ImapResponse&)>;
  Result<void> send(std::string_view command);
  Result<ImapResponse> receive();
  // Answers up to the tagged one, which is returned.
  Result<ImapResponse> finish(const OnData& on_data = {});
  Result<ImapResponse> command(std::string_view text, const OnData& on_data = {});
  Result<void> ask_capabilities();
  Result<ImapResponse> authenticate(std::string_view mechanism, const std::string& message);
  void learn_capabilities(const ImapResponse& response);

  std::unique_ptr<ByteStream> m_stream;
  StreamReader m_reader;
  std::size_t m_longest_mail;
  std::set<std::string> m_capabilities;  // upper case
  bool m_authenticated = false;
  unsigned m_commands = 0;
  std::string m_tag;
  std::size_t m_answers = 0;  // to the running command
  std::string m_refused;
  bool m_news = false;  // mails came since the last search began
};

}  // namespace patchmill::intake
