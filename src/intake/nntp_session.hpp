#pragma once
// One connection to a news server (RFC 3977, 4643; RFC 2980 where the server is that old).

#include "intake/byte_stream.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

struct NntpGroup {
  std::uint64_t low = 0;
  std::uint64_t high = 0;  // less than low: empty
};

struct NntpReply {
  int code = 0;  // three digits
  std::string text;
};

// Errors as of ImapSession.
class NntpSession {
 public:
  NntpSession(std::unique_ptr<ByteStream> stream, std::size_t longest_mail);

  // Greeting, capabilities, MODE READER where it is needed, login where a user is given.
  Result<void> start(const std::string& user, const std::string& secret);
  Result<NntpGroup> open_group(const std::string& name);
  // The numbers that are there, ascending, of a range of the open group (OVER, else XOVER, else
  // all numbers of the range are returned).
  Result<std::vector<std::uint64_t>> numbers(std::uint64_t first, std::uint64_t last);
  // The Message-ID of an article of the open group, without downloading it; nothing: it is gone.
  Result<std::optional<std::string>> message_id(std::uint64_t number);

  // Articles may be asked for ahead; the answers come in that order.
  Result<void> ask_article(std::uint64_t number);
  struct Article {
    int code = 0;            // 220, or why there is none (423, 430: gone)
    std::string text;        // what the server said to that
    std::string message_id;  // as the server gives it
    std::string raw;         // with the line ends of the wire
  };
  Result<Article> read_article();
  void quit();  // does not wait for the answer

 private:
  Result<NntpReply> reply();
  Result<NntpReply> command(std::string_view text);
  Result<void> learn_capabilities();
  Result<void> login(const std::string& user, const std::string& secret);
  [[nodiscard]] bool has_capability(std::string_view name) const;

  std::unique_ptr<ByteStream> m_stream;
  StreamReader m_reader;
  std::size_t m_longest_mail;
  std::vector<std::string> m_capabilities;  // first words, upper case; empty: not told
  std::string m_overview = "OVER";          // empty: there is none
};

}  // namespace patchmill::intake
