#include "mail/body.hpp"

#include "mail/charset.hpp"
#include "mail/diff.hpp"
#include "mail/line_ends.hpp"
#include "mail/lines.hpp"
#include "mail/text_forms.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <optional>

namespace patchmill::mail {

namespace {

constexpr std::string_view k_nul_note = "text has NUL bytes; removed";

bool has_patch_name(const Content& content) {
  const std::string name = to_lower(content.filename);
  return name.ends_with(".patch") || name.ends_with(".diff");
}

bool is_patch_part(const Content& content) {
  if (content.type == "text" || content.type == "application") {
    const std::string& subtype = content.subtype;
    if (subtype == "x-patch" || subtype == "x-diff" || subtype == "patch" || subtype == "diff") {
      return true;
    }
  }
  return has_patch_name(content) &&
         (content.is("text", "plain") || content.is("application", "octet-stream") ||
          content.is("application", "text"));
}

// A patch, packed.
bool is_packed_patch(const Content& content) {
  const std::string name = to_lower(content.filename);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos) {
    return false;
  }
  const std::string_view packer = std::string_view(name).substr(dot);
  const std::string_view inner = std::string_view(name).substr(0, dot);
  return (packer == ".gz" || packer == ".bz2" || packer == ".xz" || packer == ".zst" ||
          packer == ".zip") &&
         (inner.ends_with(".patch") || inner.ends_with(".diff"));
}

bool header_has_cr(std::string_view diff) {
  return Lines(diff).next().ends_with('\r');
}

bool is_text_part(const Content& content) {
  return content.is("text", "plain") || content.is("text", "x-plain") ||
         content.is("text", "markdown");
}

class Reader {
 public:
  Body run(const std::vector<Part>& parts) {
    bool html = false;
    for (const Part& part : parts) {
      if (part.preamble) {
        preamble(part, parts.size() == 1);
      } else if (is_patch_part(part.content) && !part.in_digest) {
        attached(part);
      } else if (is_text_part(part.content)) {
        inline_text(part);
      } else if (is_packed_patch(part.content)) {
        unread("its attachment is a compressed patch, which is not read");
      } else {
        html = html || part.content.is("text", "html");
      }
    }
    compose();
    if (html && m_body.text.empty() && m_body.diff.empty()) {
      unread("has only HTML, which is not read");
    }
    if (m_body.diff.empty() && !m_unread.empty()) {
      note(m_unread);
      m_body.unread = std::move(m_unread);
    }
    return std::move(m_body);
  }

 private:
  struct Piece {
    std::string text;                         // UTF-8, without the diff
    std::string whole;                        // with it, only when there is one
    std::size_t diff_at = std::string::npos;  // in `text`
    std::string diff;
    bool attached = false;
    bool has_nul = false;  // `whole` had
  };

  void note(std::string what) {
    if (std::ranges::find(m_body.mended, what) == m_body.mended.end()) {
      m_body.mended.push_back(std::move(what));
    }
  }

  void unread(std::string why) {
    if (m_unread.empty()) {
      m_unread = std::move(why);
    }
  }

  // Transfer encoding undone; line ends are \n unless only some lines of an encoded part had \r\n:
  // then these are content, as git-mailinfo(1) has it.
  std::string_view decode(const Part& part) {
    if (part.content.encoding == TransferEncoding::identity) {
      return part.body;
    }
    m_decoded = decode_transfer(part.body, part.content.encoding);
    if (line_ends(m_decoded) == LineEnds::crlf) {
      m_decoded = undo_crlf(m_decoded);
    }
    return m_decoded;
  }

  // `has_nul`: where to say so rather than in a note, as not all of it may become text.
  std::string utf8(std::string_view bytes, const Content& content, bool* has_nul = nullptr) {
    Decoded decoded = to_utf8(bytes, content.charset);
    if (!decoded.mended.empty()) {
      note("text " + decoded.mended);
    }
    std::string& text = decoded.text;
    if (text.find('\0') != std::string::npos) {
      std::erase(text, '\0');
      if (has_nul != nullptr) {
        *has_nul = true;
      } else {
        note(std::string(k_nul_note));
      }
    }
    if (text.find('\r') != std::string::npos) {
      text = undo_crlf(text);
    }
    return std::move(text);
  }

  // UTF-16 and the like must become UTF-8 before lines can be told apart.
  std::string_view readable(std::string_view bytes, Content& content) {
    if (!hides_ascii(content.charset)) {
      return bytes;
    }
    m_converted = utf8(bytes, content);
    content.charset = "utf-8";
    return m_converted;
  }

  void inline_text(const Part& part) {
    Content content = part.content;
    std::string_view bytes = readable(decode(part), content);
    if (is_clear_signed(bytes)) {
      m_unwrapped = unwrap_clear_signed(bytes);
      bytes = m_unwrapped;
    }
    Piece piece;
    if (part.in_digest) {
      piece.text = utf8(bytes, content);
      m_pieces.push_back(std::move(piece));
      return;
    }
    SplitBody split = content.flowed ? split_flowed(bytes, content.delsp) : split_diff(bytes);
    if (split.diff.empty()) {
      if (auto other = split_despite_lies(part, bytes)) {
        split = std::move(*other);
        bytes = m_undone;
      }
    }
    add(std::move(split), bytes, content, false);
  }

  // Where no diff is found: the encoding may be named, but not used, or lines may end in CR only.
  std::optional<SplitBody> split_despite_lies(const Part& part, std::string_view bytes) {
    if (part.content.encoding != TransferEncoding::identity) {
      m_undone = part.body;
      if (SplitBody split = split_diff(m_undone); !split.diff.empty()) {
        note("its Content-Transfer-Encoding is a lie; read as if there were none");
        return split;
      }
    }
    if (bytes.find('\r') != std::string_view::npos) {
      m_undone = undo_crlf(bytes);
      std::ranges::replace(m_undone, '\r', '\n');
      if (SplitBody split = split_diff(m_undone); !split.diff.empty()) {
        note("its lines end in CR only; read as line ends");
        return split;
      }
    }
    return std::nullopt;
  }

  // Read only where there is nothing else to read, or nothing else has a diff.
  void preamble(const Part& part, bool alone) {
    const bool any_diff =
        std::ranges::any_of(m_pieces, [](const Piece& piece) { return !piece.diff.empty(); });
    if (alone) {
      note("no part found for its boundary; read as plain text");
      inline_text(part);
    } else if (!any_diff && !split_diff(part.body).diff.empty()) {
      note("its diff stands before its first part");
      inline_text(part);
    }
  }

  // A soft line break inside a diff is either a long line that was wrapped or a line that ends in
  // a space. Joined as git does it, the diff is right in the first case, only unstuffed in the
  // second: the hunks' counts tell which.
  SplitBody split_flowed(std::string_view bytes, bool delsp) {
    m_unflowed = unflow(bytes, delsp);
    SplitBody joined = split_diff(m_unflowed);
    if (joined.diff.empty() || parse_diff(joined.diff)) {
      return joined;
    }
    SplitBody kept = split_diff(unstuff(bytes));
    if (!kept.diff.empty() && parse_diff(kept.diff)) {
      note("diff in format=flowed with spaces at line ends; not joined");
      joined.diff = std::move(kept.diff);
      return joined;
    }
    // Declared as flowed by a program that never stuffed a space.
    SplitBody plain = split_diff(bytes);
    if (!plain.diff.empty() && parse_diff(plain.diff)) {
      note("declared as format=flowed, but is not");
      return plain;
    }
    return joined;
  }

  void attached(const Part& part) {
    Content content = part.content;
    const std::string_view bytes = readable(decode(part), content);
    SplitBody split = split_diff(bytes);
    if (split.diff.empty() && part.content.type != "text") {
      note("attachment named as a patch has no diff");
      return;
    }
    add(std::move(split), bytes, content, true);
  }

  void add(SplitBody split, std::string_view bytes, const Content& content, bool attached) {
    Piece piece;
    piece.attached = attached;
    piece.diff = std::move(split.diff);
    if (!piece.diff.empty()) {
      // A list's footer makes the line ends mixed, but no diff program ends header lines in CR.
      if (header_has_cr(piece.diff)) {
        piece.diff = undo_crlf(piece.diff);
      }
      if (piece.diff.back() != '\n') {
        piece.diff += '\n';
      }
      const std::string_view text = split.text;
      piece.text = utf8(text.substr(0, split.diff_at), content);
      piece.diff_at = piece.text.size();
      piece.text += utf8(text.substr(split.diff_at), content);
      if (!attached) {
        piece.whole = utf8(bytes, content, &piece.has_nul);
      }
    } else {
      piece.text = utf8(split.text, content);
    }
    m_pieces.push_back(std::move(piece));
  }

  void compose() {
    const bool any_attached =
        std::ranges::any_of(m_pieces, [](const Piece& p) { return p.attached && !p.diff.empty(); });
    for (std::size_t i = 0; i < m_pieces.size(); ++i) {
      Piece& piece = m_pieces[i];
      bool takes = !piece.diff.empty();
      if (takes && any_attached && !piece.attached) {
        // People who attach a patch show it in the text, too, where it is often damaged.
        note("has a diff in its text and another one attached; the attached one is used");
        if (piece.has_nul) {
          note(std::string(k_nul_note));
        }
        piece.text = std::move(piece.whole);
        piece.diff_at = std::string::npos;
        takes = false;
      }
      if (takes && is_duplicate(i)) {
        note("has the same diff twice");
        takes = false;
      }
      if (takes && !m_body.diff.empty()) {
        note("has several diffs; joined in their order, as git am does");
      }
      append(piece, takes);
      if (takes) {
        m_body.diff += piece.diff;
      }
    }
    // The indent of the first line stays: a commit message may start with one.
    std::size_t cut = std::min(m_body.text.find_first_not_of(" \t\r\n\v\f"), m_body.text.size());
    cut = cut == 0 ? 0 : m_body.text.rfind('\n', cut - 1) + 1;  // npos + 1 is 0
    std::string_view trimmed = std::string_view(m_body.text).substr(cut);
    const std::size_t last = trimmed.find_last_not_of(" \t\r\n\v\f");
    trimmed = trimmed.substr(0, last == std::string_view::npos ? 0 : last + 1);
    if (m_body.diff_at != std::string::npos) {
      m_body.diff_at = m_body.diff_at > cut ? m_body.diff_at - cut : 0;
      m_body.diff_at = std::min(m_body.diff_at, trimmed.size());
    }
    const std::size_t length = trimmed.size();
    m_body.text.erase(0, cut);
    m_body.text.resize(length);
  }

  bool is_duplicate(std::size_t index) const {
    for (std::size_t i = 0; i < index; ++i) {
      if (m_pieces[i].attached == m_pieces[index].attached &&
          m_pieces[i].diff == m_pieces[index].diff) {
        return true;
      }
    }
    return false;
  }

  bool has_diff() const {
    return std::ranges::any_of(m_pieces, [](const Piece& piece) { return !piece.diff.empty(); });
  }

  void append(Piece& piece, bool takes) {
    // What stands before a diff is the commit message, as git am has it: nothing ends it there.
    const std::size_t message = piece.diff.empty() ? 0 : std::min(piece.diff_at, piece.text.size());
    const std::size_t footer =
        piece.diff.empty() ? footer_after_trailers(piece.text, has_diff())
                           : message + footer_start(std::string_view(piece.text).substr(message));
    std::string_view text = std::string_view(piece.text).substr(0, footer);
    if (!m_body.text.empty() && !text.empty() && m_body.text.back() != '\n') {
      m_body.text += '\n';
    }
    if (takes && m_body.diff_at == std::string::npos) {
      m_body.diff_at = m_body.text.size() + std::min(piece.diff_at, text.size());
    }
    if (m_body.text.empty()) {
      piece.text.resize(footer);
      m_body.text = std::move(piece.text);
    } else {
      m_body.text += text;
    }
  }

  Body m_body;
  std::vector<Piece> m_pieces;
  std::string m_unread;
  std::string m_decoded, m_converted, m_unwrapped, m_unflowed, m_undone;  // what views point into
};

}  // namespace

Body read_body(const std::vector<Part>& parts) {
  return Reader().run(parts);
}

}  // namespace patchmill::mail
