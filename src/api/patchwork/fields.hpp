#pragma once
// The body of a write: JSON, urlencoded or multipart, read as Django's REST framework reads it.

#include "api/patchwork/answers.hpp"
#include "http/message.hpp"
#include "registry/model.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::api::patchwork {

using registry::Id;

// Fields by name. What a getter finds wrong is noted in errors(); it then gives nothing.
class Fields {
 public:
  // An answer (400, 415) for a body that is none of the three, or no object.
  static tl::expected<Fields, http::Response> read(const http::Request& request);

  // A field that is null is given and has no value.
  template <class T>
  struct Nullable {
    bool given = false;
    std::optional<T> value = std::nullopt;
  };

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  // For what need not be there: an empty value of a form is as if it were not, as in DRF.
  std::optional<bool> boolean(std::string_view name);
  Nullable<bool> nullable_boolean(std::string_view name);
  struct Text {
    std::size_t longest = std::string::npos;  // characters
    bool may_be_blank = true;
  };
  std::optional<std::string> text(std::string_view name, Text rule);
  Nullable<std::string> nullable_text(std::string_view name, Text rule);
  // A number that names something; whether it is there is the caller's business.
  Nullable<Id> id(std::string_view name);
  std::optional<std::vector<Id>> ids(std::string_view name);
  // A choice or the like: as text, whether it is a string or a number.
  std::optional<std::string> word(std::string_view name);
  // What stands there, as Python prints it ("True"), for messages; a list or an object as JSON.
  [[nodiscard]] std::string printed(std::string_view name) const;
  [[nodiscard]] bool is_null(std::string_view name) const;

  void require(std::string_view name);  // notes an error when it is not there
  FieldErrors& errors() { return m_errors; }

 private:
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;
  std::optional<Id> id_of(std::string_view name, const boost::json::value& value);

  bool m_is_form = false;
  boost::json::object m_values;  // of forms: arrays of strings
  FieldErrors m_errors;
};

// "Under Review!" is "under-review".
std::string slugify(std::string_view text);
// [-_a-zA-Z0-9]+
bool is_slug(std::string_view text);
// What Django's URLValidator takes: http, https or ftp(s), a host with a dot, an address or
// localhost.
bool is_web_url(std::string_view text);

}  // namespace patchmill::api::patchwork
