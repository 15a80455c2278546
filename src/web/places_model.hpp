#pragma once
// Where patchmill's series and patches are among those of projects.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::web {

struct RegistryPlace {
  std::string project;  // link name
  registry::Id series = 0;
  std::string msgid;  // of a patch; else empty
};
// A series on several lists has several. At most 10.
std::vector<RegistryPlace> places_of_series(store::Database& database, std::int64_t number);
// The tracker's number of the series that has this id in a project: what "/series/ID/mbox/" is of.
// Nothing where there is none, and where it is the series with this number anyway.
std::optional<std::int64_t> other_series_with_id(store::Database& database, registry::Id id);
// `message`: tracker's row of the mail.
std::vector<RegistryPlace> places_of_patch(store::Database& database, std::int64_t message);

}  // namespace patchmill::web
