#include "api/xmlrpc/write_answer.hpp"

#include "mail/transfer_encode.hpp"
#include "util/text.hpp"

#include <limits>

namespace patchmill::api::xmlrpc {
namespace {

constexpr std::string_view k_head = "<?xml version='1.0'?>\n<methodResponse>\n";
constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

// The length of a character at the start of `text` that XML has no place for; 0: it has.
std::size_t misfit(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x20 && first != '\t' && first != '\n' && first != '\r') {
    return 1;
  }
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF") ? 3 : 0;
}

void put_text(std::string& out, std::string_view text) {
  const std::string mended = is_valid_utf8(text) ? std::string() : mend_utf8(text);
  if (!mended.empty()) {
    text = mended;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (const auto length = misfit(text.substr(at))) {
      out += k_replacement;
      at += length - 1;
      continue;
    }
    switch (text[at]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':  // else a reader makes a line feed of it
        out += "&#13;";
        break;
      default:
        out += text[at];
    }
  }
}

void put(std::string& out, const Value& value);

void put_number(std::string& out, std::int64_t number) {
  const bool small = number >= std::numeric_limits<std::int32_t>::min() &&
                     number <= std::numeric_limits<std::int32_t>::max();
  const std::string_view type = small ? "int" : "i8";
  ((((out += '<') += type) += '>') += std::to_string(number)) += "</";
  (out += type) += '>';
}

struct Put {
  std::string& out;
  void operator()(std::monostate) const { out += "<nil/>"; }
  void operator()(bool value) const {
    out += value ? "<boolean>1</boolean>" : "<boolean>0</boolean>";
  }
  void operator()(std::int64_t number) const { put_number(out, number); }
  void operator()(const std::string& text) const {
    out += "<string>";
    put_text(out, text);
    out += "</string>";
  }
  void operator()(const Binary& binary) const {
    out += "<base64>\n";
    out += mail::encode_base64(binary.bytes);
    out += "</base64>";
  }
  void operator()(const Array& items) const {
    out += "<array><data>\n";
    for (const Value& item : items) {
      put(out, item);
    }
    out += "</data></array>";
  }
  void operator()(const Struct& members) const {
    out += "<struct>\n";
    for (const Member& member : members) {
      out += "<member>\n<name>";
      put_text(out, member.name);
      out += "</name>\n";
      put(out, member.value);
      out += "</member>\n";
    }
    out += "</struct>";
  }
};

void put(std::string& out, const Value& value) {
  out += "<value>";
  std::visit(Put{out}, value.is);
  out += "</value>\n";
}

}  // namespace

bool fits_xml(std::string_view text) {
  if (!is_valid_utf8(text)) {
    return false;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (misfit(text.substr(at)) != 0) {
      return false;
    }
  }
  return true;
}

std::string answer(const Value& value) {
  std::string out(k_head);
  out += "<params>\n<param>\n";
  put(out, value);
  out += "</param>\n</params>\n</methodResponse>\n";
  return out;
}

std::string fault(std::string_view text) {
  std::string out(k_head);
  out += "<fault>\n";
  put(out, {Struct{{"faultCode", {std::int64_t{1}}},
                   {"faultString", {"<class 'Exception'>:" + std::string(text)}}}});
  out += "</fault>\n</methodResponse>\n";
  return out;
}

}  // namespace patchmill::api::xmlrpc
