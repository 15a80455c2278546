#pragma once
// How a Message-ID stands in an address. "." and ".." keep their angle brackets there: clients fold
// away such a segment, coded or not (RFC 3986 section 6.2.2, WHATWG URL), and ask for another page.

#include <string>
#include <string_view>

namespace patchmill::registry {

inline bool keeps_brackets(std::string_view msgid) {
  return msgid == "." || msgid == "..";
}

// Still to be percent-coded.
inline std::string segment_of_msgid(std::string_view msgid) {
  return keeps_brackets(msgid) ? "<" + std::string(msgid) + ">" : std::string(msgid);
}

// The Message-ID that a decoded segment names, with or without its brackets, as people paste it. No
// Message-ID that is stored ends with one.
inline std::string_view msgid_of_segment(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with('<') && segment.ends_with('>')
             ? segment.substr(1, segment.size() - 2)
             : segment;
}

}  // namespace patchmill::registry
