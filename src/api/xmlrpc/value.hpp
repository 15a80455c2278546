#pragma once
// What XML-RPC can say (xmlrpc.com/spec.md, and the extension <nil/>).

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace patchmill::api::xmlrpc {

struct Value;
struct Member;
using Array = std::vector<Value>;
using Struct = std::vector<Member>;  // in order, each name once

// Bytes that are sent as base64. What comes as base64 is read as text.
struct Binary {
  std::string bytes;
  bool operator==(const Binary&) const = default;
};

struct Value {
  std::variant<std::monostate, bool, std::int64_t, std::string, Binary, Array, Struct> is;

  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&is); }
  [[nodiscard]] const std::int64_t* number() const { return std::get_if<std::int64_t>(&is); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&is); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&is); }
  [[nodiscard]] const Struct* fields() const { return std::get_if<Struct>(&is); }
  [[nodiscard]] bool nil() const { return std::holds_alternative<std::monostate>(is); }
};

struct Member {
  std::string name;
  Value value;
};

}  // namespace patchmill::api::xmlrpc
