#pragma once
// Finding the mails in the stream of an mbox (mboxo, mboxrd, CRLF ones, and worse).

#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

// Reads up to `size` bytes; 0 at the end.
using ReadBytes = std::function<Result<std::size_t>(char* buffer, std::size_t size)>;

// A mail starts at a line "From …" after an empty line that has a time and a year (as programs
// write it) or is followed by a header (what Python, MAILER-DAEMONs and people write), or at one
// that has both without an empty line before it (the mail before was cut off). Any "From " line
// will do at the very beginning, and none is needed there. Lines ">From " lose the mark that mboxo
// and mboxrd put there. So do ">>From " and so on behind a "From " line: only mboxrd writes them,
// except where somebody quoted a mail marked by mboxo.
class MboxSplitter {
 public:
  // `offset`: position in the file of the first byte that `read` gives. `bound`: bytes kept of a
  // mail; memory used is a small multiple.
  MboxSplitter(ReadBytes read, std::size_t bound, std::uint64_t offset = 0);

  Result<std::optional<std::string>> next();
  // Where the mail after the last one given starts.
  [[nodiscard]] std::uint64_t offset() const { return m_offset; }
  // Whether the last mail given was ended by the end of the input.
  [[nodiscard]] bool at_end() const { return m_end_of_input && window().empty(); }

 private:
  Result<bool> need(std::size_t bytes);
  Result<std::size_t> find_end();
  [[nodiscard]] bool separates(std::size_t at) const;
  [[nodiscard]] std::string_view window() const;
  void keep_head();
  void consume(std::size_t bytes);

  ReadBytes m_read;
  std::size_t m_bound;
  std::uint64_t m_offset;
  bool m_at_start;
  bool m_end_of_input = false;
  std::vector<char> m_chunk;
  std::string m_buffer;
  std::size_t m_begin = 0;  // of the unread part of m_buffer
  std::string m_head;       // the kept beginning of a mail longer than the bound
};

// Where in `mails` a second mail begins as programs write it: a From line with a time and a year,
// behind an empty line and before the header of a mail.
std::optional<std::size_t> find_second_mail(std::string_view mails);

// "From " with a time and a year, as every program writes it.
bool is_from_line(std::string_view line);

}  // namespace patchmill::intake
