#include "http/body.hpp"

#include "util/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>

namespace patchmill::http {
namespace {

constexpr std::size_t k_most_parts = 100;
constexpr std::size_t k_part_head = 8u << 10;

std::string last_component(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

Result<void> add_part(Form& form, std::string_view head, std::string_view content) {
  std::string disposition;
  std::string type;
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return fail(ErrorKind::invalid, "a part of the form has a malformed header");
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (iequals(line.substr(0, colon), "Content-Disposition")) {
      disposition = value;
    } else if (iequals(line.substr(0, colon), "Content-Type")) {
      type = value;
    }
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
  }
  const auto name = detail::header_parameter(disposition, "name");
  if (!istarts_with(disposition, "form-data") || !name) {
    return fail(ErrorKind::invalid, "a part of the form has no name");
  }
  const auto file = detail::header_parameter(disposition, "filename");
  if (!is_valid_utf8(*name) || (file && !is_valid_utf8(*file))) {
    return fail(ErrorKind::invalid, "a name in the form is not UTF-8");
  }
  if (file) {
    form.files.push_back({*name, last_component(*file), type, content});
  } else {
    if (!is_valid_utf8(content) || content.find('\0') != std::string_view::npos) {
      return fail(ErrorKind::invalid,
                  "the field '" + ellipsize(*name, 80) + "' is not text in UTF-8");
    }
    form.fields.add(*name, std::string(content));
  }
  return {};
}

}  // namespace

namespace detail {

std::optional<std::string> header_parameter(std::string_view header, std::string_view name) {
  auto at = header.find(';');
  while (at != std::string_view::npos) {
    header.remove_prefix(at + 1);
    const auto equals = header.find('=');
    if (equals == std::string_view::npos) {
      return std::nullopt;
    }
    const std::string_view key = trim(header.substr(0, equals));
    header.remove_prefix(equals + 1);
    std::string value;
    if (header.starts_with('"')) {
      std::size_t i = 1;
      while (i < header.size() && header[i] != '"') {
        // Browsers write %22 for quotes, and Windows paths have single backslashes.
        if (header[i] == '\\' && i + 1 < header.size() &&
            (header[i + 1] == '"' || header[i + 1] == '\\')) {
          ++i;
        }
        value += header[i++];
      }
      if (i >= header.size()) {
        return std::nullopt;
      }
      header.remove_prefix(i + 1);
    } else {
      value = trim(header.substr(0, header.find(';')));
    }
    if (iequals(key, name)) {
      return value;
    }
    at = header.find(';');
  }
  return std::nullopt;
}

Result<Form> parse_multipart(std::string_view body, std::string_view boundary) {
  if (boundary.empty() || boundary.size() > 70) {  // RFC 2046 section 5.1.1
    return fail(ErrorKind::invalid, "the multipart boundary must have 1 to 70 characters");
  }
  const std::string first = "--" + std::string(boundary);
  const std::string delimiter = "\r\n" + first;
  if (!body.starts_with(first)) {
    return fail(ErrorKind::invalid, "the form does not begin with its boundary");
  }
  body.remove_prefix(first.size());
  Form form;
  std::size_t parts = 0;
  while (!body.starts_with("--")) {
    if (++parts > k_most_parts) {
      return fail(ErrorKind::limit, "more than 100 parts in one form");
    }
    if (!body.starts_with("\r\n")) {
      return fail(ErrorKind::invalid, "a boundary of the form is followed by other text");
    }
    body.remove_prefix(2);
    std::string_view head;
    if (body.starts_with("\r\n")) {
      body.remove_prefix(2);
    } else {
      const auto end = body.substr(0, k_part_head).find("\r\n\r\n");
      if (end == std::string_view::npos) {
        return fail(ErrorKind::invalid, "the head of a part of the form is too long or has no end");
      }
      head = body.substr(0, end);
      body.remove_prefix(end + 4);
    }
    // The delimiter's CR LF may be the one that ended the head, when the part is empty.
    const auto end = body.starts_with(first) ? 0 : body.find(delimiter);
    if (end == std::string_view::npos) {
      return fail(ErrorKind::invalid, "the form has no closing boundary");
    }
    PM_TRY(add_part(form, head, body.substr(0, end)));
    body.remove_prefix(end + (body.starts_with(first) ? first.size() : delimiter.size()));
  }
  return form;
}

}  // namespace detail

Result<boost::json::value> json_body(const Request& request) {
  const std::string type = request.content_type();
  if (!type.empty() && type != "application/json" && !type.ends_with("+json")) {
    return fail(ErrorKind::invalid,
                "the body must be application/json, not " + ellipsize(type, 80));
  }
  if (request.body.empty()) {
    return fail(ErrorKind::invalid, "the body is empty; JSON is expected");
  }
  boost::json::parse_options options;
  options.max_depth = 32;
  boost::json::stream_parser parser({}, options);
  boost::system::error_code error;
  const std::size_t used = parser.write_some(request.body.data(), request.body.size(), error);
  if (!error && used == request.body.size()) {
    parser.finish(error);
  }
  if (error || used != request.body.size()) {
    return fail(ErrorKind::invalid,
                "the body is not JSON: byte " + std::to_string(used) + ": " +
                    (error ? error.message() : std::string("text behind the end")));
  }
  return parser.release();
}

Result<Form> form_body(const Request& request) {
  const std::string type = request.content_type();
  if (type == "application/x-www-form-urlencoded") {
    Form form;
    PM_TRY_ASSIGN(form.fields, parse_query(request.body));
    return form;
  }
  if (type == "multipart/form-data") {
    const auto boundary = detail::header_parameter(request.header("Content-Type"), "boundary");
    return detail::parse_multipart(request.body, boundary.value_or(""));
  }
  return fail(ErrorKind::invalid,
              "the body must be application/x-www-form-urlencoded or multipart/form-data");
}

}  // namespace patchmill::http
