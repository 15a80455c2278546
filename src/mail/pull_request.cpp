#include "mail/pull_request.hpp"

#include "mail/lines.hpp"
#include "util/text.hpp"

#include <cstddef>

namespace patchmill::mail {

namespace {

bool in(char c, std::string_view more) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         more.find(c) != std::string_view::npos;
}

std::string_view run_of(std::string_view text, std::string_view more) {
  std::size_t length = 0;
  while (length < text.size() && in(text[length], more)) {
    ++length;
  }
  return text.substr(0, length);
}

// "scheme://rest", "user@host:path"
std::string_view read_url(std::string_view text) {
  const std::string_view scheme = run_of(text, "+-.");
  std::string_view rest = text.substr(scheme.size());
  std::size_t separator = 0;
  if (rest.starts_with("://")) {
    separator = 3;
  } else if (rest.starts_with("@")) {
    separator = 1;
  }
  if (scheme.empty() || separator == 0) {
    return {};
  }
  const std::string_view tail = run_of(rest.substr(separator), "/.@:~-+%=");
  return tail.empty() ? std::string_view()
                      : text.substr(0, scheme.size() + separator + tail.size());
}

}  // namespace

std::string find_pull_url(std::string_view text) {
  bool asked = false;
  std::string found;
  for (Lines lines(text); !lines.done();) {
    const std::string_view line = without_cr(lines.next());
    if (istarts_with(line, "The following changes since commit")) {
      asked = true;
      continue;
    }
    if (!asked || !istarts_with(line, "are available in the git repository at:")) {
      continue;
    }
    // The URL may be on this line, or on the next one that is not empty; the ref may be wrapped
    // to the line after it, with or without a backslash.
    std::string_view place = trim(line.substr(line.find(':') + 1));
    while (place.empty() && !lines.done()) {
      place = trim(lines.next());
    }
    const std::string_view url = read_url(place);
    if (url.empty()) {
      continue;
    }
    std::string_view ref = trim(place.substr(url.size()));
    bool continued = false;
    while (!ref.empty() && ref.back() == '\\') {
      ref = trim(ref.substr(0, ref.size() - 1));
      continued = true;
    }
    if (ref.empty() && !lines.done()) {
      const std::string_view next = trim(lines.peek());
      const bool is_ref = !next.empty() && run_of(next, "/.+-@~#=%,:").size() == next.size() &&
                          (continued || next.find('/') != std::string_view::npos ||
                           next.find('.') != std::string_view::npos);
      if (is_ref && !istarts_with(next, "for")) {
        ref = next;
      }
    }
    if (run_of(ref, "/.+-@~#=%,:").size() != ref.size()) {
      continue;  // prose, not a ref
    }
    found = std::string(url);
    if (!ref.empty()) {
      found += ' ';
      found += ref;
    }
  }
  return found;
}

}  // namespace patchmill::mail
