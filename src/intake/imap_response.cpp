#include "intake/imap_response.hpp"

#include "util/text.hpp"

#include <fmt/format.h>

#include <limits>

namespace patchmill::intake {
namespace {

constexpr std::size_t longest_response = std::size_t{16} << 20;  // literals not counted
constexpr std::uint64_t longest_announced = std::uint64_t{8} << 30;
constexpr std::size_t most_literals = 1000;
constexpr std::size_t most_tokens = 2'000'000;

// What is between literals, and the literals.
struct Piece {
  std::string text;
  bool literal = false;
};

tl::unexpected<Error> no_imap(std::string_view why, std::string_view line) {
  return fail(ErrorKind::infrastructure,
              fmt::format("the server does not speak IMAP as it should ({}): \"{}\"", why,
                          ellipsize(escape_terminal(mend_utf8(line)), 100)));
}

std::string_view take_word(std::string_view& rest) {
  const auto end = std::min(rest.size(), rest.find(' '));
  const auto word = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return word;
}

ImapResponse::Status status_of(std::string_view word) {
  using Status = ImapResponse::Status;
  return iequals(word, "OK")        ? Status::ok
         : iequals(word, "NO")      ? Status::no
         : iequals(word, "BAD")     ? Status::bad
         : iequals(word, "BYE")     ? Status::bye
         : iequals(word, "PREAUTH") ? Status::preauth
                                    : Status::none;
}

void read_text(std::string_view rest, ImapResponse& response) {
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end != std::string_view::npos) {
      response.code = rest.substr(1, end - 1);
      rest.remove_prefix(end + 1);
    }
  }
  response.text = trim(rest);
}

// The number of bytes that follow a line ending in "{123}", "{123+}" or "~{123}".
std::optional<std::uint64_t> announced_literal(std::string_view line) {
  if (!line.ends_with('}')) {
    return std::nullopt;
  }
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) {
    return std::nullopt;
  }
  auto number = line.substr(open + 1, line.size() - open - 2);
  if (number.ends_with('+')) {
    number.remove_suffix(1);
  }
  return parse_uint(number);
}

// An atom goes on to the next space or parenthesis; "BODY[HEADER.FIELDS (A B)]" is one.
std::size_t atom_end(std::string_view text, std::size_t at) {
  bool in_section = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    in_section = c == '[' || (in_section && c != ']');
    if (!in_section && (c == ' ' || c == '(' || c == ')')) {
      break;
    }
  }
  return at;
}

Result<void> tokenize(std::string_view text, std::vector<ImapToken>& tokens) {
  for (std::size_t at = 0; at < text.size();) {
    if (tokens.size() > most_tokens) {
      return no_imap("far too many words", text);
    }
    if (text[at] == ' ') {
      ++at;
    } else if (text[at] == '(' || text[at] == ')') {
      tokens.push_back(
          {text[at] == '(' ? ImapToken::Kind::open : ImapToken::Kind::close, std::string()});
      ++at;
    } else if (text[at] == '"') {
      std::string value;
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        at += text[at] == '\\' && at + 1 < text.size() ? 1u : 0u;
        value += text[at];
      }
      if (at >= text.size()) {
        return no_imap("a quoted string does not end", text);
      }
      ++at;
      tokens.push_back({ImapToken::Kind::string, std::move(value)});
    } else {
      const auto end = atom_end(text, at);
      tokens.push_back({ImapToken::Kind::atom, std::string(text.substr(at, end - at))});
      at = end;
    }
  }
  return {};
}

// The rest of a response whose first line is given.
Result<std::vector<Piece>> read_pieces(StreamReader& reader, std::string line,
                                       std::size_t longest_literal) {
  std::vector<Piece> pieces;
  std::size_t text_bytes = 0;
  std::size_t room = longest_literal;
  while (true) {
    text_bytes += line.size();
    if (text_bytes > longest_response || pieces.size() > 2 * most_literals) {
      return fail(ErrorKind::limit, "the server sent an answer that is far too long");
    }
    const auto size = announced_literal(line);
    if (!size) {
      pieces.push_back({std::move(line), false});
      return pieces;
    }
    if (*size > longest_announced) {
      return fail(ErrorKind::limit,
                  fmt::format("the server announced {} bytes, which nobody can want", *size));
    }
    auto mark = line.rfind('{');
    mark -= mark > 0 && line[mark - 1] == '~' ? 1u : 0u;
    line.resize(mark);
    pieces.push_back({std::move(line), false});
    PM_TRY_ASSIGN(auto literal, reader.bytes(*size, room));
    room -= literal.size();
    pieces.push_back({std::move(literal), true});
    PM_TRY_ASSIGN(line, reader.line(longest_response));
  }
}

}  // namespace

bool ImapToken::is_atom(std::string_view name) const {
  return kind == Kind::atom && iequals(text, name);
}

bool ImapToken::has_text() const {
  return kind == Kind::string || (kind == Kind::atom && !iequals(text, "NIL"));
}

std::optional<std::uint32_t> imap_number(std::string_view text) {
  const auto number = parse_uint(text);
  return number && *number <= std::numeric_limits<std::uint32_t>::max()
             ? std::optional(static_cast<std::uint32_t>(*number))
             : std::nullopt;
}

std::optional<std::uint32_t> ImapResponse::code_number(std::string_view name) const {
  std::string_view rest = code;
  return iequals(take_word(rest), name) ? imap_number(rest) : std::nullopt;
}

std::optional<std::uint32_t> ImapResponse::number_of(std::string_view name) const {
  return tokens.size() >= 2 && tokens[1].is_atom(name) && tokens[0].kind == ImapToken::Kind::atom
             ? imap_number(tokens[0].text)
             : std::nullopt;
}

bool ImapResponse::is_data(std::string_view name) const {
  return kind == Kind::untagged && !tokens.empty() && tokens[0].is_atom(name);
}

Result<ImapResponse> read_imap_response(StreamReader& reader, std::size_t longest_literal) {
  PM_TRY_ASSIGN(std::string line, reader.line(longest_response));
  ImapResponse response;
  std::string_view rest = line;
  const auto tag = take_word(rest);
  if (tag == "+") {
    response.kind = ImapResponse::Kind::continuation;
    response.text = rest;
    return response;
  }
  if (tag.empty()) {
    return no_imap("a line without a tag", line);
  }
  response.kind = tag == "*" ? ImapResponse::Kind::untagged : ImapResponse::Kind::tagged;
  response.tag = tag;
  auto after_word = rest;
  response.status = status_of(take_word(after_word));
  if (response.status != ImapResponse::Status::none) {
    read_text(after_word, response);
    return response;
  }
  if (response.kind == ImapResponse::Kind::tagged) {
    return no_imap("a tagged answer without a result", line);
  }
  PM_TRY_ASSIGN(auto pieces, read_pieces(reader, std::string(rest), longest_literal));
  for (auto& piece : pieces) {
    if (piece.literal) {
      response.tokens.push_back({ImapToken::Kind::string, std::move(piece.text)});
    } else {
      PM_TRY(tokenize(piece.text, response.tokens));
    }
  }
  return response;
}

std::optional<ImapFetched> fetched_of(const ImapResponse& response) {
  using Kind = ImapToken::Kind;
  const auto& tokens = response.tokens;
  if (response.kind != ImapResponse::Kind::untagged || !response.number_of("FETCH") ||
      tokens.size() < 3 || tokens[2].kind != Kind::open) {
    return std::nullopt;
  }
  ImapFetched fetched;
  for (std::size_t i = 3; i + 1 < tokens.size() && tokens[i].kind == Kind::atom;) {
    const auto& name = tokens[i].text;
    const auto& value = tokens[i + 1];
    if (iequals(name, "UID") && value.kind == Kind::atom) {
      fetched.uid = imap_number(value.text).value_or(0);
    } else if ((iequals(name, "BODY[]") || istarts_with(name, "BODY[]<")) && value.has_text()) {
      fetched.body = value.text;
    }
    // Past the value, however deep it is.
    std::size_t depth = 0;
    ++i;
    do {
      depth += tokens[i].kind == Kind::open ? 1u : 0u;
      depth -= tokens[i].kind == Kind::close && depth > 0 ? 1u : 0u;
      ++i;
    } while (depth > 0 && i < tokens.size());
  }
  return fetched;
}

std::vector<std::uint32_t> numbers_of_search(const ImapResponse& response) {
  std::vector<std::uint32_t> numbers;
  if (response.is_data("SEARCH")) {
    for (const auto& token : response.tokens) {
      const auto number =
          token.kind == ImapToken::Kind::atom ? imap_number(token.text) : std::nullopt;
      if (number && *number > 0) {
        numbers.push_back(*number);
      }
    }
  }
  return numbers;
}

}  // namespace patchmill::intake
