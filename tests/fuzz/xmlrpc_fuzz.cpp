// XML-RPC from bytes to a call and its filters, and texts of a call back into an answer, which has
// to be XML that holds the same.

#include "api/xmlrpc/lookup.hpp"
#include "api/xmlrpc/read_call.hpp"
#include "api/xmlrpc/write_answer.hpp"
#include "check.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace patchmill;
using namespace patchmill::api::xmlrpc;

namespace {

void look_up(const Member& member) {
  const auto [field, lookup] = parse_key(member.name);
  FUZZ_CHECK(field.find("__") == std::string_view::npos);
  if (!lookup) {
    return;
  }
  for (const Kind kind : {Kind::text, Kind::number, Kind::date}) {
    const auto condition = Condition::make(member.name, kind, *lookup, member.value);
    if (!condition) {
      FUZZ_CHECK(is_valid_utf8(condition.error().message));
      continue;
    }
    const Operand date{"2023-11-15 12:00:00", 1'700'049'600'000'000};
    condition->fits(date);
    FUZZ_CHECK(!condition->fits(std::nullopt) || *lookup == Lookup::isnull);
  }
}

std::size_t depth_of(const Value& value) {
  std::size_t deepest = 0;
  if (const auto* items = value.array()) {
    for (const Value& item : *items) {
      deepest = std::max(deepest, depth_of(item));
    }
  } else if (const auto* members = value.fields()) {
    FUZZ_CHECK(members->size() <= k_most_members);
    for (const Member& member : *members) {
      look_up(member);
      deepest = std::max(deepest, depth_of(member.value));
    }
  }
  return deepest + 1;
}

// An answer with the value in it as a call with it: the same writer's words, another frame.
std::string as_call(const std::string& answer) {
  const auto from = answer.find("<params>");
  const auto to = answer.find("</methodResponse>");
  FUZZ_CHECK(from != std::string::npos && to != std::string::npos);
  return "<methodCall><methodName>m</methodName>" + answer.substr(from, to - from) +
         "</methodCall>";
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto call = read_call(input);
  if (!call) {
    FUZZ_CHECK(!call.error().message.empty());
    FUZZ_CHECK(read_call(as_call(answer({call.error().message}))).has_value());
  } else {
    FUZZ_CHECK(!call->method.empty() && call->params.size() <= k_most_params);
    for (const Value& param : call->params) {
      FUZZ_CHECK(depth_of(param) <= k_deepest);
      const auto again = read_call(as_call(answer(param)));
      FUZZ_CHECK(again.has_value() && again->params.size() == 1);
      FUZZ_CHECK(again->params.front().is.index() == param.is.index());
    }
  }
  const std::string text(input.substr(0, 200));
  const auto again = read_call(as_call(answer({text})));
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(!fits_xml(text) || *again->params.front().text() == text);
  FUZZ_CHECK(fault(text).find("<class") == std::string::npos);
  return 0;
}
