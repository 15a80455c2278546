#pragma once
// Bodies of requests as values: JSON, urlencoded and multipart forms.

#include "http/message.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::http {

// The body as JSON. Error invalid when it is not: the Content-Type is another one (absent is
// taken for JSON), the text is malformed, deeper than 32 levels or not UTF-8; says where.
Result<boost::json::value> json_body(const Request& request);

struct FormFile {
  std::string field;         // name of the form field
  std::string file_name;     // as the client calls it, the last path component; hostile
  std::string content_type;  // as the client says
  std::string_view content;  // in Request::body
};
struct Form {
  Params fields;
  std::vector<FormFile> files;
};
// An urlencoded or multipart body (RFC 7578); at most 1000 fields, 100 of them in a multipart.
Result<Form> form_body(const Request& request);

namespace detail {
Result<Form> parse_multipart(std::string_view body, std::string_view boundary);
// The value of a parameter of a header such as `form-data; name="x"`; quotes removed.
std::optional<std::string> header_parameter(std::string_view header, std::string_view name);
}  // namespace detail

}  // namespace patchmill::http
