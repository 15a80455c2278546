#include "mail/header_block.hpp"

#include "mail/lines.hpp"
#include "util/text.hpp"

namespace patchmill::mail {

namespace {

// Length of the field name before the colon, 0 when the line is no header.
std::size_t name_length(std::string_view line) {
  std::size_t pos = 0;
  while (pos < line.size() && line[pos] > ' ' && line[pos] < 0x7F && line[pos] != ':') {
    ++pos;
  }
  const std::size_t length = pos;
  while (pos < line.size() && (line[pos] == ' ' || line[pos] == '\t')) {
    ++pos;  // obsolete: white space before the colon
  }
  return pos < line.size() && line[pos] == ':' && length > 0 ? length : 0;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

HeaderBlock read_header(std::string_view mail, std::size_t start, std::size_t max_bytes, bool top) {
  HeaderBlock block;
  Lines lines(mail, start);
  if (top) {
    while (!lines.done() && is_blank(lines.peek())) {
      lines.next();
    }
    if (lines.peek().starts_with("From ") || lines.peek().starts_with(">From ")) {
      lines.next();
    }
  }
  const std::size_t first = lines.pos();
  while (!lines.done()) {
    const std::size_t line_start = lines.pos();
    const std::string_view line = lines.peek();
    if (line_start + line.size() - first > max_bytes) {
      block.too_large = true;
      break;
    }
    if (line.empty()) {
      lines.next();
      break;
    }
    if ((line[0] == ' ' || line[0] == '\t') && !block.fields.empty()) {
      std::string_view& value = block.fields.back().value;
      const std::size_t offset = static_cast<std::size_t>(value.data() - mail.data());
      lines.next();
      value = mail.substr(offset, line_start + line.size() - offset);
      continue;
    }
    const std::size_t length = name_length(line);
    if (length == 0) {
      if (top && (line.starts_with(">From ") || line.starts_with("From "))) {
        lines.next();  // a delivery agent put it between the headers
        continue;
      }
      block.broken_line = true;
      break;
    }
    lines.next();
    const std::size_t colon = line.find(':', length);
    block.fields.push_back({line.substr(0, length), line.substr(colon + 1)});
  }
  block.body = lines.pos();
  return block;
}

std::optional<std::string_view> find_field(const HeaderBlock& block, std::string_view name) {
  for (const HeaderField& field : block.fields) {
    if (field.name.size() == name.size() && iequals(field.name, name)) {
      return field.value;
    }
  }
  return std::nullopt;
}

std::string unfold(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : trim(value)) {
    if (c == '\n' || c == '\r' || c == '\t') {
      if (out.empty() || out.back() != ' ') {
        out += ' ';
      }
    } else if (c != '\0' && !(c == ' ' && !out.empty() && out.back() == ' ')) {
      out += c;
    }
  }
  return out;
}

}  // namespace patchmill::mail
