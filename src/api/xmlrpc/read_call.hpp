#pragma once
// From the body of a request to a call.

#include "api/xmlrpc/value.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::api::xmlrpc {

inline constexpr std::size_t k_most_params = 20;
inline constexpr std::size_t k_most_members = 100;  // of one struct
inline constexpr std::size_t k_deepest = 16;        // values within values

struct Call {
  std::string method;
  std::vector<Value> params;
};

// A <methodCall>. Texts are UTF-8 or, from base64, whatever they are; double and dateTime are left
// as text. Error invalid says what is wrong and where: no XML, a document type (so that there are
// no entities but XML's own), another form, or more of anything than the bounds above.
Result<Call> read_call(std::string_view body);

}  // namespace patchmill::api::xmlrpc
