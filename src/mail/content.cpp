#include "mail/encoded_words.hpp"
#include "mail/mime_parts.hpp"
#include "util/text.hpp"

#include <gmime/gmime.h>

#include <memory>

namespace patchmill::mail {

namespace {

// More parameters than fit here are an attack on GMime's list of them.
constexpr std::size_t max_value = 8192;

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : text;
}

void read_type(std::string_view raw, Content& content) {
  const std::string value = unfold(raw.substr(0, max_value));
  if (value.find('/') == std::string::npos) {
    return;  // "text", "plain" and nothing at all mean text/plain
  }
  init_gmime();
  const std::unique_ptr<GMimeContentType, Unref> type(
      g_mime_content_type_parse(nullptr, value.c_str()));
  content.type = to_lower(text_or_empty(g_mime_content_type_get_media_type(type.get())));
  content.subtype = to_lower(text_or_empty(g_mime_content_type_get_media_subtype(type.get())));
  const auto parameter = [&](const char* name) {
    return text_or_empty(g_mime_content_type_get_parameter(type.get(), name));
  };
  if (content.type == "text") {
    content.charset = parameter("charset");
    if (content.subtype == "plain") {
      content.flowed = iequals(trim(parameter("format")), "flowed");
      content.delsp = iequals(trim(parameter("delsp")), "yes");
    }
  } else if (content.type == "multipart") {
    content.boundary = parameter("boundary");
    while (!content.boundary.empty() && content.boundary.back() == ' ') {
      content.boundary.pop_back();
    }
  }
  content.filename = parameter("name");
}

void read_disposition(std::string_view raw, Content& content) {
  const std::string value = unfold(raw.substr(0, max_value));
  init_gmime();
  const std::unique_ptr<GMimeContentDisposition, Unref> disposition(
      g_mime_content_disposition_parse(nullptr, value.c_str()));
  content.attachment = iequals(
      text_or_empty(g_mime_content_disposition_get_disposition(disposition.get())), "attachment");
  const std::string name =
      text_or_empty(g_mime_content_disposition_get_parameter(disposition.get(), "filename"));
  if (!name.empty()) {
    content.filename = name;
  }
}

}  // namespace

Content read_content(const HeaderBlock& header) {
  Content content;
  if (const auto value = find_field(header, "Content-Type")) {
    read_type(*value, content);
  }
  if (const auto value = find_field(header, "Content-Disposition")) {
    read_disposition(*value, content);
  }
  if (const auto value = find_field(header, "Content-Transfer-Encoding")) {
    content.encoding = parse_transfer_encoding(*value);
  }
  return content;
}

}  // namespace patchmill::mail
