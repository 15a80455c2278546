#include "patchwork/dump.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace patchmill::patchwork {
namespace json = boost::json;
namespace {

constexpr std::size_t k_largest = 256u << 20;  // of an object, in bytes
constexpr std::size_t k_deepest_value = 32;
// The only one of Patchwork's relations of many with many that anybody asks for.
constexpr std::string_view k_maintained = "patchwork_userprofile_maintainer_projects";

tl::unexpected<Error> wrong(std::size_t at, std::string_view what) {
  return fail(ErrorKind::invalid, fmt::format("byte {}: {}", at, what));
}

// The end of the object that begins at `at`; npos: there is none.
std::size_t end_of_object(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      at += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) {
        return at + 1;
      }
    }
  }
  return std::string_view::npos;
}

std::optional<std::string> scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return std::string(value.get_string());
    case json::kind::bool_:
      return value.get_bool() ? "1" : "0";
    case json::kind::int64:
      return std::to_string(value.get_int64());
    case json::kind::uint64:
      return std::to_string(value.get_uint64());
    default:
      return std::nullopt;
  }
}

// "patchwork.patch" -> "patchwork_patch".
std::string table_of(std::string_view model) {
  std::string table(model);
  std::replace(table.begin(), table.end(), '.', '_');
  return table;
}

// dumpdata writes the model first: others need not be read.
std::optional<std::string_view> model_in_front(std::string_view object) {
  const auto skip = [&](std::string_view expected) {
    const auto next = object.find_first_not_of(" \t\r\n");
    if (next == std::string_view::npos || !object.substr(next).starts_with(expected)) {
      return false;
    }
    object.remove_prefix(next + expected.size());
    return true;
  };
  if (!skip("{") || !skip("\"model\"") || !skip(":") || !skip("\"")) {
    return std::nullopt;
  }
  return object.substr(0, object.find('"'));
}

Result<void> tell(const json::object& object, const DumpTables& wanted, const OnDumpRow& on_row,
                  std::size_t at) {
  const auto* model = object.if_contains("model");
  const auto* key = object.if_contains("pk");
  const auto* fields = object.if_contains("fields");
  if (model == nullptr || !model->is_string() || key == nullptr || fields == nullptr ||
      !fields->is_object()) {
    return wrong(at, "no object of dumpdata, with \"model\", \"pk\" and \"fields\"");
  }
  DumpRow row;
  row.table = table_of(model->get_string());
  const std::string id = scalar_text(*key).value_or("");
  row.columns.emplace_back("id");
  row.values.emplace_back(id);
  std::vector<DumpRow> links;
  for (const auto& [name, value] : fields->get_object()) {
    if (const auto* several = value.if_array()) {
      // As the table between the two is in SQL.
      const std::string table = fmt::format("{}_{}", row.table, std::string_view(name));
      if (table == k_maintained && wanted(table)) {
        for (const auto& one : *several) {
          links.push_back({table, {"id", "userprofile", "project"}, {id, id, scalar_text(one)}});
        }
      }
      continue;
    }
    row.columns.emplace_back(name);
    row.values.push_back(scalar_text(value));
  }
  if (wanted(row.table)) {
    PM_TRY(on_row(row, at));
  }
  for (const auto& link : links) {
    PM_TRY(on_row(link, at));
  }
  return {};
}

}  // namespace

Result<void> each_row_of_json(std::string_view text, const DumpTables& wanted,
                              const OnDumpRow& on_row) {
  json::parse_options options;
  options.max_depth = k_deepest_value;
  options.allow_invalid_utf8 = true;  // mended where a text is asked for
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool is_list = first != std::string_view::npos && text[first] == '[';
  bool ended = !is_list;
  for (std::size_t at = is_list ? first + 1 : 0;;) {
    at = text.find_first_not_of(ended ? " \t\r\n" : " \t\r\n,", at);
    if (at == std::string_view::npos) {
      break;
    }
    if (is_list && !ended && text[at] == ']') {
      ended = true;
      ++at;
      continue;
    }
    const auto end = text[at] == '{' && (!ended || !is_list) ? end_of_object(text, at) : 0;
    if (end == 0) {
      return wrong(at, "no list of objects, as dumpdata writes it");
    }
    if (end == std::string_view::npos) {
      return wrong(at, "the object that begins here has no end: is the dump complete?");
    }
    const std::string_view object = text.substr(at, end - at);
    const auto model = model_in_front(object);
    const std::string table = model ? table_of(*model) : std::string();
    const bool maybe = !model || wanted(table);
    if (maybe && object.size() > k_largest) {
      return fail(ErrorKind::limit,
                  fmt::format("byte {}: an object of {} bytes is too large", at, object.size()));
    }
    if (maybe) {
      boost::system::error_code error;
      const auto value = json::parse(object, error, {}, options);
      if (error || !value.is_object()) {
        return wrong(at, "this object is no JSON: " + error.message());
      }
      PM_TRY(tell(value.get_object(), wanted, on_row, at));
    }
    at = end;
  }
  if (!ended) {
    return wrong(text.size(), "the list has no end: is the dump complete?");
  }
  return {};
}

}  // namespace patchmill::patchwork
