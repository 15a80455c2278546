#include "mail/mime_parts.hpp"

#include "mail/lines.hpp"

#include <algorithm>
#include <unordered_map>

namespace patchmill::mail {

namespace {

// RFC 2046 allows 70 characters; longer ones exist, endless ones do not.
constexpr std::size_t max_boundary = 1000;

class Walker {
 public:
  Walker(std::string_view mail, const Limits& limits) : m_mail(mail), m_limits(limits) {}

  Result<std::vector<Part>> run(const HeaderBlock& header) {
    Lines lines(m_mail, header.body);
    PM_TRY(open(read_content(header), lines));
    const bool multipart = !m_open.empty();
    const std::size_t preamble = lines.pos();
    std::size_t preamble_end = m_mail.size();
    while (!lines.done()) {
      const std::size_t start = lines.pos();
      const std::string_view line = lines.next();
      if (m_open.empty()) {
        break;  // nothing can end the part that is being read
      }
      if (!line.starts_with("--") || line.size() > max_boundary + 8) {
        continue;
      }
      const auto [level, last] = match(line.substr(2));
      if (level == 0) {
        continue;
      }
      close_leaf(start);
      preamble_end = std::min(preamble_end, start);
      while (m_open.size() > level || (last && m_open.size() >= level)) {
        pop();
      }
      if (!last) {
        PM_TRY(open_part(lines));
      }
    }
    close_leaf(m_mail.size());
    if (multipart && preamble < preamble_end) {
      Part part;
      part.body = m_mail.substr(preamble, preamble_end - preamble);
      part.preamble = true;
      m_parts.push_back(std::move(part));
    }
    return std::move(m_parts);
  }

 private:
  struct Multipart {
    std::string boundary;
    bool digest = false;
    bool in_mail = false;
    std::size_t hidden = 0;  // the level of an outer multipart with the same boundary
  };
  struct Match {
    std::size_t level = 0;  // 1-based; 0: no boundary
    bool last = false;
  };

  Match match(std::string_view text) const {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
      text.remove_suffix(1);
    }
    if (const auto found = m_levels.find(std::string(text)); found != m_levels.end()) {
      return {found->second, false};
    }
    if (text.ends_with("--")) {
      text.remove_suffix(2);
      if (const auto found = m_levels.find(std::string(text)); found != m_levels.end()) {
        return {found->second, true};
      }
    }
    return {};
  }

  void pop() {
    const Multipart& top = m_open.back();
    if (top.hidden > 0) {
      m_levels[top.boundary] = top.hidden;
    } else {
      m_levels.erase(top.boundary);
    }
    m_open.pop_back();
  }

  // Behind a boundary: the headers of a part.
  Result<void> open_part(Lines& lines) {
    const HeaderBlock header = read_header(m_mail, lines.pos(), m_limits.header_bytes, false);
    if (header.too_large) {
      return fail(ErrorKind::limit, "a part's header is longer than " +
                                        std::to_string(m_limits.header_bytes) + " bytes");
    }
    Content content = read_content(header);
    if (m_open.back().digest && !find_field(header, "Content-Type")) {
      content.type = "message";
      content.subtype = "rfc822";
    }
    lines = Lines(m_mail, header.body);
    return open(std::move(content), lines);
  }

  // A part whose body starts at `lines`. Enters multiparts and enclosed mails.
  Result<void> open(Content content, Lines& lines) {
    bool in_mail = !m_open.empty() && m_open.back().in_mail;
    std::size_t depth = m_open.size();
    while (content.is("message", "rfc822") && content.encoding == TransferEncoding::identity) {
      if (++depth > m_limits.depth) {
        return too_deep();
      }
      const HeaderBlock inner = read_header(m_mail, lines.pos(), m_limits.header_bytes, true);
      if (inner.too_large) {
        return fail(ErrorKind::limit, "the header of an enclosed mail is longer than " +
                                          std::to_string(m_limits.header_bytes) + " bytes");
      }
      in_mail = true;
      content = read_content(inner);
      lines = Lines(m_mail, inner.body);
    }
    const bool digest = !m_open.empty() && m_open.back().digest;
    if (content.type == "multipart" && !content.boundary.empty() &&
        content.boundary.size() <= max_boundary) {
      if (depth >= m_limits.depth) {
        return too_deep();
      }
      Multipart multipart;
      multipart.boundary = content.boundary;
      multipart.digest = digest || content.subtype == "digest";
      multipart.in_mail = in_mail;
      m_open.push_back(multipart);
      std::size_t& level = m_levels[content.boundary];
      m_open.back().hidden = level;
      level = m_open.size();
      return {};
    }
    if (content.type == "multipart") {
      // Without a boundary nothing can be cut up: read it as text, like the mail programs do.
      content.type = "text";
      content.subtype = "plain";
    }
    if (m_parts.size() >= m_limits.parts) {
      return fail(ErrorKind::limit,
                  "the mail has more than " + std::to_string(m_limits.parts) + " parts");
    }
    m_leaf_start = lines.pos();
    m_leaf_open = true;
    m_parts.push_back({std::move(content), {}, digest, in_mail});
    return {};
  }

  tl::unexpected<Error> too_deep() const {
    return fail(ErrorKind::limit, "the parts of the mail are nested more than " +
                                      std::to_string(m_limits.depth) + " levels deep");
  }

  // The line break before a boundary belongs to the boundary by RFC 2046; it stays here, because
  // the last line of a diff needs it and nothing else minds it.
  void close_leaf(std::size_t end) {
    if (!m_leaf_open) {
      return;
    }
    m_leaf_open = false;
    m_parts.back().body = m_mail.substr(m_leaf_start, end - m_leaf_start);
  }

  std::string_view m_mail;
  const Limits& m_limits;
  std::vector<Multipart> m_open;
  std::unordered_map<std::string, std::size_t> m_levels;  // boundary -> its level
  std::vector<Part> m_parts;
  std::size_t m_leaf_start = 0;
  bool m_leaf_open = false;
};

}  // namespace

Result<std::vector<Part>> find_parts(std::string_view mail, const HeaderBlock& header,
                                     const Limits& limits) {
  return Walker(mail, limits).run(header);
}

}  // namespace patchmill::mail
