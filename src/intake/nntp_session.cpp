#include "intake/nntp_session.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::intake {
namespace {

constexpr std::size_t longest_reply = 8192;                       // RFC 3977: 512
constexpr std::uint64_t highest_number = std::uint64_t{1} << 53;  // RFC 3977: 2^31 - 1
constexpr std::uint64_t beyond_reason = highest_number + 1;
constexpr std::size_t longest_list = std::size_t{64} << 20;

std::string words_of(const NntpReply& reply) {
  return ellipsize(escape_terminal(mend_utf8(fmt::format("{} {}", reply.code, reply.text))), 300);
}

tl::unexpected<Error> unexpected_reply(std::string_view to, const NntpReply& reply) {
  return fail(ErrorKind::infrastructure,
              fmt::format("the news server answers {} with \"{}\"", to, words_of(reply)));
}

// What goes into a command may not end it.
bool is_one_word(std::string_view text) {
  return !text.empty() && text.size() <= 400 && std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

}  // namespace

NntpSession::NntpSession(std::unique_ptr<ByteStream> stream, std::size_t longest_mail)
    : m_stream(std::move(stream)), m_reader(*m_stream), m_longest_mail(longest_mail) {}

Result<NntpReply> NntpSession::reply() {
  PM_TRY_ASSIGN(const std::string line, m_reader.line(longest_reply));
  const auto code =
      line.size() >= 3 ? parse_uint(std::string_view(line).substr(0, 3)) : std::nullopt;
  if (!code || *code < 100 || (line.size() > 3 && line[3] != ' ')) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the server does not speak NNTP: \"{}\"; check host and port",
                            ellipsize(escape_terminal(mend_utf8(line)), 100)));
  }
  NntpReply reply{static_cast<int>(*code), line.size() > 4 ? line.substr(4) : std::string()};
  if (reply.code == 400) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the news server ends the connection: {}", words_of(reply)));
  }
  return reply;
}

Result<NntpReply> NntpSession::command(std::string_view text) {
  PM_TRY(m_stream->write(fmt::format("{}\r\n", text)));
  return reply();
}

bool NntpSession::has_capability(std::string_view name) const {
  return std::find(m_capabilities.begin(), m_capabilities.end(), name) != m_capabilities.end();
}

Result<void> NntpSession::learn_capabilities() {
  m_capabilities.clear();
  PM_TRY_ASSIGN(const auto told, command("CAPABILITIES"));
  if (told.code != 101) {
    return {};  // as old as RFC 977
  }
  PM_TRY_ASSIGN(const std::string list, m_reader.dotted(std::size_t{1} << 16));
  for (const auto line : split_lines(list)) {
    std::string word(trim(line).substr(0, trim(line).find(' ')));
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    m_capabilities.push_back(std::move(word));
  }
  return {};
}

Result<void> NntpSession::start(const std::string& user, const std::string& secret) {
  PM_TRY_ASSIGN(const auto greeting, reply());
  if (greeting.code != 200 && greeting.code != 201) {
    return fail(greeting.code == 502 ? ErrorKind::invalid : ErrorKind::infrastructure,
                fmt::format("the news server does not let us in: {}", words_of(greeting)));
  }
  PM_TRY(learn_capabilities());
  if (m_capabilities.empty() || (!has_capability("READER") && has_capability("MODE-READER"))) {
    PM_TRY_ASSIGN(const auto mode, command("MODE READER"));
    if (mode.code == 502) {
      return fail(ErrorKind::invalid,
                  fmt::format("the news server has no articles for readers: {}", words_of(mode)));
    }
    if (!m_capabilities.empty()) {
      PM_TRY(learn_capabilities());
    }
  }
  if (!user.empty()) {
    PM_TRY(login(user, secret));
  }
  return {};
}

Result<void> NntpSession::login(const std::string& user, const std::string& secret) {
  if (!is_one_word(user) || !is_one_word(secret)) {
    return fail(ErrorKind::invalid,
                "user and password of a news server may have no spaces and no line ends");
  }
  PM_TRY_ASSIGN(auto done, command("AUTHINFO USER " + user));
  if (done.code == 381) {
    PM_TRY_ASSIGN(done, command("AUTHINFO PASS " + secret));
  }
  if (done.code != 281) {
    return fail(ErrorKind::invalid,
                fmt::format("the news server refuses the login of {}: {}; check user, password and "
                            "security",
                            escape_terminal(user), words_of(done)));
  }
  return {};
}

Result<NntpGroup> NntpSession::open_group(const std::string& name) {
  if (!is_one_word(name)) {
    return fail(ErrorKind::invalid, fmt::format("\"{}\" is not the name of a newsgroup",
                                                ellipsize(escape_terminal(name), 100)));
  }
  PM_TRY_ASSIGN(const auto done, command("GROUP " + name));
  if (done.code == 411 || done.code == 480) {
    return fail(
        ErrorKind::invalid,
        done.code == 411
            ? fmt::format("the news server has no group {}; check its name", escape_terminal(name))
            : fmt::format("the news server wants a login for {}; give user and password",
                          escape_terminal(name)));
  }
  const auto words = split(done.text, ' ');
  if (done.code != 211 || words.size() < 3) {
    return unexpected_reply("GROUP", done);
  }
  const auto number = [&](std::size_t i) { return parse_uint(words[i]).value_or(beyond_reason); };
  const auto low = number(1);
  const auto high = number(2);
  if (low > highest_number || high > highest_number) {
    return fail(ErrorKind::infrastructure,
                fmt::format("the news server counts articles in no way that makes sense: \"{}\"",
                            words_of(done)));
  }
  const bool empty = number(0) == 0 && low >= high;
  return empty ? NntpGroup{high + 1, high} : NntpGroup{low, high};
}

Result<std::vector<std::uint64_t>> NntpSession::numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> found;
  while (!m_overview.empty()) {
    PM_TRY_ASSIGN(const auto done, command(fmt::format("{} {}-{}", m_overview, first, last)));
    if (done.code == 420 || done.code == 423) {
      return found;
    }
    if (done.code == 224) {
      PM_TRY_ASSIGN(const std::string list, m_reader.dotted(longest_list));
      for (const auto line : split_lines(list)) {
        const auto number = parse_uint(line.substr(0, line.find('\t')));
        if (number && *number >= first && *number <= last) {
          found.push_back(*number);
        }
      }
      std::sort(found.begin(), found.end());
      found.erase(std::unique(found.begin(), found.end()), found.end());
      return found;
    }
    if (done.code < 500) {
      return unexpected_reply(m_overview, done);
    }
    m_overview = m_overview == "OVER" ? "XOVER" : "";
  }
  for (auto number = first; number <= last; ++number) {
    found.push_back(number);
  }
  return found;
}

Result<std::optional<std::string>> NntpSession::message_id(std::uint64_t number) {
  PM_TRY_ASSIGN(const auto done, command(fmt::format("STAT {}", number)));
  if (done.code == 420 || done.code == 423 || done.code == 430) {
    return std::optional<std::string>();
  }
  const auto words = split(done.text, ' ');
  if (done.code != 223 || words.size() < 2) {
    return unexpected_reply("STAT", done);
  }
  return std::optional(std::string(words[1]));
}

Result<void> NntpSession::ask_article(std::uint64_t number) {
  return m_stream->write(fmt::format("ARTICLE {}\r\n", number));
}

Result<NntpSession::Article> NntpSession::read_article() {
  PM_TRY_ASSIGN(const auto told, reply());
  Article article{told.code, words_of(told), {}, {}};
  if (told.code == 220) {
    const auto words = split(told.text, ' ');
    article.message_id = words.size() >= 2 ? std::string(words[1]) : std::string();
    PM_TRY_ASSIGN(article.raw, m_reader.dotted(m_longest_mail));
  }
  return article;
}

void NntpSession::quit() {
  [[maybe_unused]] const auto sent = m_stream->write("QUIT\r\n");
}

}  // namespace patchmill::intake
