#pragma once
// Header fields of requests and responses, in order, looked up without regard to case.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchmill::http {

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces every field of that name
  void remove(std::string_view name);
  // The first field of that name, without blanks around it. Valid until the next change.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return get(name).has_value(); }
  [[nodiscard]] std::size_t count(std::string_view name) const;
  // Every field of that name as one comma-separated list (RFC 9110 section 5.3).
  [[nodiscard]] std::string joined(std::string_view name) const;

  [[nodiscard]] auto begin() const { return m_fields.begin(); }
  [[nodiscard]] auto end() const { return m_fields.end(); }
  [[nodiscard]] std::size_t size() const { return m_fields.size(); }
  void reserve(std::size_t n) { m_fields.reserve(n); }

 private:
  std::vector<Field> m_fields;
};

// A token of RFC 9110 section 5.6.2.
[[nodiscard]] bool is_token(std::string_view text);
// Without the characters that would end a field (CR, LF, NUL and other controls become blanks).
[[nodiscard]] std::string safe_field_value(std::string_view value);

// One element of a comma-separated list with its parameters, e.g. "gzip;q=0.5".
struct WeightedValue {
  std::string_view value;
  double weight = 1.0;  // q parameter, 0 to 1
};
// Accept, Accept-Encoding and the like; elements that make no sense are left out. At most 64.
// The values point into `list`.
[[nodiscard]] std::vector<WeightedValue> parse_weighted(std::string_view list);
// Whether a list header holds the token, case-insensitively.
[[nodiscard]] bool list_contains(std::string_view list, std::string_view token);

}  // namespace patchmill::http
