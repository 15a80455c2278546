#include "api/xmlrpc/read_call.hpp"

#include "mail/transfer.hpp"
#include "util/text.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

namespace patchmill::api::xmlrpc {
namespace {

constexpr std::string_view k_scalar = "a scalar";

// Which element may be in which.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> k_form = {{
    {"", "methodCall"},
    {"methodCall", "methodName"},
    {"methodCall", "params"},
    {"params", "param"},
    {"param", "value"},
    {"value", "array"},
    {"value", "struct"},
    {"array", "data"},
    {"data", "value"},
    {"struct", "member"},
    {"member", "name"},
    {"member", "value"},
}};
constexpr std::array<std::string_view, 10> k_scalars = {
    "int", "i4", "i8", "boolean", "string", "double", "dateTime.iso8601", "base64", "ex:nil", "nil",
};

std::optional<std::int64_t> parse_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

std::optional<Value> scalar(std::string_view type, std::string text) {
  if (type == "int" || type == "i4" || type == "i8") {
    const auto number = parse_number(text);
    return number ? std::optional(Value{*number}) : std::nullopt;
  }
  if (type == "boolean") {
    const std::string_view word = trim(text);
    return word == "0" || word == "1" ? std::optional(Value{word == "1"}) : std::nullopt;
  }
  if (type == "nil" || type == "ex:nil") {
    return Value{};
  }
  return Value{type == "base64" ? mail::decode_base64(text) : std::move(text)};
}

// An element that is open.
struct Frame {
  std::string_view element;  // of the tables above, or k_scalar
  std::string_view type;     // of a scalar
  std::string text;
  std::optional<std::string> name;  // of a member
  std::optional<Value> value;       // of a value, param or member
  Array items;                      // of an array's data
  Struct members;
};

class Reader {
 public:
  Reader() : m_parser(XML_ParserCreate(nullptr), XML_ParserFree) { m_frames.emplace_back(); }

  Result<Call> read(std::string_view body) {
    XML_SetUserData(m_parser.get(), this);
    XML_SetStartDoctypeDeclHandler(m_parser.get(), on_doctype);
    XML_SetElementHandler(m_parser.get(), on_start, on_end);
    XML_SetCharacterDataHandler(m_parser.get(), on_text);
    const auto status =
        XML_Parse(m_parser.get(), body.data(), static_cast<int>(body.size()), XML_TRUE);
    if (status != XML_STATUS_OK || !m_error.empty()) {
      return fail(
          ErrorKind::invalid,
          fmt::format("the request is no XML-RPC call: {} (line {}, column {})",
                      m_error.empty() ? XML_ErrorString(XML_GetErrorCode(m_parser.get())) : m_error,
                      XML_GetCurrentLineNumber(m_parser.get()),
                      XML_GetCurrentColumnNumber(m_parser.get())));
    }
    if (m_call.method.empty()) {
      return fail(ErrorKind::invalid, "the request is no XML-RPC call: it names no method");
    }
    return std::move(m_call);
  }

 private:
  static void on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Reader*>(self)->refuse("a document type is not accepted");
  }
  static void on_start(void* self, const XML_Char* name, const XML_Char**) {
    static_cast<Reader*>(self)->start(name);
  }
  static void on_end(void* self, const XML_Char*) { static_cast<Reader*>(self)->end(); }
  static void on_text(void* self, const XML_Char* text, int size) {
    static_cast<Reader*>(self)->m_frames.back().text.append(text, static_cast<std::size_t>(size));
  }

  void refuse(std::string why) {
    if (m_error.empty()) {
      m_error = std::move(why);
    }
    XML_StopParser(m_parser.get(), XML_FALSE);
  }

  // Expat still reports the end of an empty element that was refused.
  [[nodiscard]] bool refused() const { return !m_error.empty(); }

  void start(std::string_view name) {
    const std::string_view parent = m_frames.back().element;
    Frame frame;
    for (const auto& [outer, inner] : k_form) {
      if (outer == parent && inner == name) {
        frame.element = inner;
      }
    }
    if (const auto* type = std::find(k_scalars.begin(), k_scalars.end(), name);
        parent == "value" && type != k_scalars.end()) {
      frame.element = k_scalar;
      frame.type = *type;
    }
    if (frame.element.empty() || m_frames.back().value) {
      refuse(fmt::format("<{}> cannot be there", ellipsize(name, 40)));
    } else if (name == "value" && ++m_depth > k_deepest) {
      refuse(fmt::format("values are nested deeper than {}", k_deepest));
    } else {
      m_frames.push_back(std::move(frame));
    }
  }

  void end() {
    if (refused()) {
      return;
    }
    Frame done = std::move(m_frames.back());
    m_frames.pop_back();
    Frame& parent = m_frames.back();
    if (done.element == k_scalar) {
      parent.value = scalar(done.type, std::move(done.text));
      if (!parent.value) {
        refuse(fmt::format("<{}> holds none", done.type));
      }
    } else if (done.element == "value") {
      --m_depth;
      end_value(parent, done.value ? *std::move(done.value) : Value{std::move(done.text)});
    } else if (done.element == "data") {
      parent.items = std::move(done.items);
    } else if (done.element == "array") {
      parent.value = Value{std::move(done.items)};
    } else if (done.element == "struct") {
      parent.value = Value{std::move(done.members)};
    } else if (done.element == "name") {
      parent.name = std::move(done.text);
    } else if (done.element == "member") {
      end_member(parent.members, std::move(done));
    } else if (done.element == "param") {
      end_param(std::move(done));
    } else if (done.element == "methodName") {
      m_call.method = std::string(trim(done.text));
    }
  }

  static void end_value(Frame& parent, Value value) {
    if (parent.element == "data") {
      parent.items.push_back(std::move(value));
    } else {
      parent.value = std::move(value);
    }
  }

  void end_member(Struct& members, Frame done) {
    if (!done.name || !done.value) {
      return refuse("a <member> needs a <name> and a <value>");
    }
    const auto known = std::find_if(members.begin(), members.end(),
                                    [&](const Member& one) { return one.name == *done.name; });
    if (known != members.end()) {
      known->value = *std::move(done.value);
    } else if (members.size() == k_most_members) {
      refuse(fmt::format("a struct has more than {} members", k_most_members));
    } else {
      members.push_back({*std::move(done.name), *std::move(done.value)});
    }
  }

  void end_param(Frame done) {
    if (!done.value) {
      refuse("a <param> has no <value>");
    } else if (m_call.params.size() == k_most_params) {
      refuse(fmt::format("there are more than {} params", k_most_params));
    } else {
      m_call.params.push_back(*std::move(done.value));
    }
  }

  std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> m_parser;
  std::vector<Frame> m_frames;
  std::size_t m_depth = 0;
  std::string m_error;
  Call m_call;
};

}  // namespace

Result<Call> read_call(std::string_view body) {
  return Reader().read(body);
}

}  // namespace patchmill::api::xmlrpc
