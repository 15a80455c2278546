#pragma once
// Answers as XML.

#include "api/xmlrpc/value.hpp"

#include <string>
#include <string_view>

namespace patchmill::api::xmlrpc {

// Whether a string of XML can hold this as it is: UTF-8 without control characters besides tab and
// line ends.
bool fits_xml(std::string_view text);

// A <methodResponse>. What XML cannot hold becomes U+FFFD.
std::string answer(const Value& value);
// The same with a fault as Patchwork words it: code 1, "<class 'Exception'>:" and the text.
std::string fault(std::string_view text);

}  // namespace patchmill::api::xmlrpc
