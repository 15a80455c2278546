// Patchwork's states (field names in brackets): text [0], header [1], minus [2], plus [3],
// hunk [4, 5], extended [6], binary [7]. What differs from Patchwork is marked "mended".

#include "mail/diff.hpp"
#include "mail/diff_grammar.hpp"
#include "mail/lines.hpp"

#include <cstddef>

namespace patchmill::mail {

namespace {

enum class State { text, header, minus, plus, after_hunk, hunk, extended, binary, binary_gap };

class Splitter {
 public:
  explicit Splitter(std::string_view body) : m_body(body) {}

  SplitBody run() {
    Lines lines(m_body);
    while (!lines.done()) {
      m_start = lines.pos();
      const std::string_view line = lines.next();
      m_end = lines.pos();
      while (!step(line)) {
      }
    }
    m_start = m_end;
    flush(m_result.text);
    return std::move(m_result);
  }

 private:
  // Lines from m_held up to the current one wait until it is known where they belong.
  void flush(std::string& to) {
    to += m_body.substr(m_held, m_start - m_held);
    m_held = m_start;
  }
  void take(std::string& to) {
    if (&to == &m_result.diff && to.empty()) {
      m_result.diff_at = m_result.text.size();
    }
    to += m_body.substr(m_held, m_end - m_held);
    m_held = m_end;
  }

  // One line in one state; false when the state changed and the line must be looked at again.
  bool step(std::string_view line) {
    switch (m_state) {
      case State::text:
        return in_text(line);
      case State::header:
        return in_header(line);
      case State::minus:
        if (line.starts_with("+++ ")) {
          m_state = State::plus;
          return true;
        }
        return give_back();
      case State::plus:
        return begin_hunk(line) || give_back();
      case State::after_hunk:
        if (line.starts_with("\\ ")) {
          take(m_result.diff);
          return true;
        }
        if (begin_hunk(line)) {
          return true;
        }
        m_state = State::text;
        return false;
      case State::hunk:
        return in_hunk(line);
      case State::extended:
        return in_extended(line);
      case State::binary:
      case State::binary_gap:
        return in_binary(line);
    }
    return true;
  }

  bool in_text(std::string_view line) {
    if (line.starts_with("diff ") || line.starts_with("Index: ")) {
      m_state = State::header;
      // "diff " in prose is followed by more prose, a command line by headers.
      m_weak_header = line.starts_with("diff ") && !line.starts_with("diff -");
      m_index_header = line.starts_with("Index: ");
      return true;
    }
    if (line.starts_with("--- ")) {
      m_state = State::minus;
      return true;
    }
    // Mended: a fragment that a blank line cut off from its file stays in the diff, where the
    // parser refuses it as git does; as text it would be lost unnoticed.
    if (m_hunk_seen && parse_hunk_header(line)) {
      return begin_hunk(line);
    }
    take(m_result.text);
    return true;
  }

  bool in_header(std::string_view line) {
    if (line.starts_with("--- ")) {
      m_state = State::minus;
      return true;
    }
    if (is_extended_header(line)) {
      take(m_result.diff);
      m_state = State::extended;
      return true;
    }
    // Mended: Patchwork keeps collecting, so prose between two diffs ends up in the second one.
    const bool restart = line.starts_with("Index: ") ||
                         (line.starts_with("diff ") && !m_index_header) || without_cr(line).empty();
    if (restart || m_weak_header) {
      return give_back();
    }
    if (line.starts_with("diff ")) {
      m_index_header = false;
    }
    return true;
  }

  bool give_back() {
    flush(m_result.text);
    m_state = State::text;
    return false;
  }

  bool begin_hunk(std::string_view line) {
    const auto header = parse_hunk_header(line);
    if (!header) {
      return false;
    }
    take(m_result.diff);
    m_hunk_seen = true;
    m_old_left = header->old_count;
    m_new_left = header->new_count;
    m_state = m_old_left <= 0 && m_new_left <= 0 ? State::after_hunk : State::hunk;
    return true;
  }

  bool in_hunk(std::string_view line) {
    take(m_result.diff);
    if (line.starts_with('-')) {
      --m_old_left;
    } else if (line.starts_with('+')) {
      --m_new_left;
    } else if (!line.starts_with("\\ ")) {
      --m_old_left;
      --m_new_left;
    }
    if (m_old_left <= 0 && m_new_left <= 0) {
      m_state = State::after_hunk;
    }
    return true;
  }

  bool in_extended(std::string_view line) {
    if (line.starts_with("--- ")) {
      m_state = State::minus;
      return true;
    }
    if (is_extended_header(line)) {
      take(m_result.diff);
      return true;
    }
    if (line.starts_with("GIT binary patch")) {
      take(m_result.diff);
      m_state = State::binary_gap;
      return true;
    }
    m_state = State::text;
    // Mended: without this line nobody can tell that the content is missing.
    if (is_binary_notice(line)) {
      take(m_result.diff);
      return true;
    }
    return false;
  }

  // Mended: Patchwork takes everything up to the next "diff" as binary data, signature included.
  bool in_binary(std::string_view line) {
    if (m_state == State::binary_gap && is_binary_block_start(line)) {
      m_state = State::binary;
      take(m_result.diff);
      return true;
    }
    if (m_state == State::binary && without_cr(line).empty()) {
      m_state = State::binary_gap;
      take(m_result.diff);
      return true;
    }
    if (m_state == State::binary && is_base85(line)) {
      take(m_result.diff);
      return true;
    }
    m_state = State::text;
    return false;
  }

  std::string_view m_body;
  SplitBody m_result;
  State m_state = State::text;
  std::size_t m_held = 0, m_start = 0, m_end = 0;
  int m_old_left = 0, m_new_left = 0;
  bool m_hunk_seen = false;
  bool m_weak_header = false;
  bool m_index_header = false;
};

}  // namespace

SplitBody split_diff(std::string_view body) {
  return Splitter(body).run();
}

}  // namespace patchmill::mail
