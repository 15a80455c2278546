#pragma once
// The methods, one by one.

#include "api/patchwork/registry.hpp"
#include "api/xmlrpc/value.hpp"
#include "http/message.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::api::xmlrpc {

using patchwork::Id;
using patchwork::Registry;

// A call on its way.
struct Visit {
  Registry& registry;
  const std::optional<http::Identity>& identity;
  std::string base;  // "https://host[/path]" that links in texts begin with
  const std::vector<Value>& params;
};

struct Method {
  std::string_view name;
  std::string_view params;  // for people
  std::string_view says;
  std::size_t least = 0, most = 0;  // of params
  // The text of an error is the fault's.
  Result<Value> (*call)(Visit& visit);
};
std::span<const Method> methods();

// Params by place: absent and nil are the same.
Result<Id> id_param(const Visit& visit, std::size_t at);
Result<std::string> text_param(const Visit& visit, std::size_t at);    // absent: empty
Result<std::int64_t> count_param(const Visit& visit, std::size_t at);  // absent: 0
// A filter; absent: an empty one.
Result<Struct> filter_param(const Visit& visit, std::size_t at);
// An id, also as digits.
std::optional<Id> id_in(const Value& value);

// methods_list.cpp
Result<Value> list_patches(Visit& visit);
Result<Value> list_checks(Visit& visit);
Result<Value> list_people(Visit& visit);
// methods_write.cpp
Result<Value> set_patch(Visit& visit);
Result<Value> create_check(Visit& visit);

}  // namespace patchmill::api::xmlrpc
