#include "mail/line_ends.hpp"

#include <cstddef>

namespace patchmill::mail {

LineEnds line_ends(std::string_view text) {
  bool with = false, without = false;
  for (std::size_t pos = text.find('\n'); pos != std::string_view::npos;
       pos = text.find('\n', pos + 1)) {
    (pos > 0 && text[pos - 1] == '\r' ? with : without) = true;
    if (with && without) {
      return LineEnds::mixed;
    }
  }
  return with ? LineEnds::crlf : LineEnds::lf;
}

std::string undo_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t start = 0;
  for (std::size_t pos = text.find('\r'); pos != std::string_view::npos;
       pos = text.find('\r', pos + 1)) {
    if (pos + 1 < text.size() && text[pos + 1] == '\n') {
      out += text.substr(start, pos - start);
      start = pos + 1;
    }
  }
  out += text.substr(start);
  return out;
}

}  // namespace patchmill::mail
