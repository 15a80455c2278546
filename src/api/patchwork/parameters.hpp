#pragma once
// From the query of a list to the registry's filters.

#include "api/patchwork/version.hpp"
#include "http/target.hpp"
#include "registry/find.hpp"
#include "util/result.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace patchmill::api::patchwork {

// "2023-11-14T22:13:21", with a fraction or without seconds, a blank instead of the T; with "Z" or
// an offset (whose plus may have become a blank on its way); a date alone is its midnight. UTC.
std::optional<Timestamp> parse_api_date(std::string_view text);

// true and false as Python and forms spell them; nothing for anything else.
std::optional<bool> parse_api_bool(std::string_view text);

// Reads one request's query. Names that are no filters (of that version) are ignored. As in
// Patchwork, an empty value of what is chosen among projects, series, people, users or states names
// nothing, so that the list is empty; of any other filter it is none.
class Query {
 public:
  Query(const http::Params& params, Version version) : m_params(params), m_version(version) {}

  registry::NameFilter names();
  registry::PatchFilter patches();
  registry::SeriesFilter series();
  registry::CoverFilter covers();
  registry::EventFilter events();
  registry::CheckFilter checks();
  registry::BundleFilter bundles();
  // Of the last `order`; fields that are none of these are left out, and repeated ones.
  registry::Order order(std::initializer_list<std::string_view> fields) const;

  // After reading: a filter has a value so long that it names nothing, so the list is empty.
  [[nodiscard]] bool finds_nothing() const { return m_finds_nothing; }
  // After reading: error invalid when a filter has more values than anybody needs.
  [[nodiscard]] Result<void> check() const;

 private:
  registry::Values choices(std::string_view name);  // an empty one finds nothing
  registry::Values values(std::string_view name);   // empty ones are left out
  registry::Values value(std::string_view name);    // the last one, unless it is empty
  registry::Span span();
  std::string search();
  std::optional<bool> boolean(std::string_view name) const;
  std::vector<std::string_view> given(std::string_view name) const;
  std::string_view last(std::string_view name) const;

  const http::Params& m_params;
  const Version m_version;
  bool m_finds_nothing = false;
  std::string m_too_many;  // the filter
};

}  // namespace patchmill::api::patchwork
