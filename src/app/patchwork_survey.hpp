#pragma once
// What a dump of Patchwork's database has besides mails: read first, because rows of mails refer to
// it and may come before it.

#include "patchwork/dump.hpp"
#include "registry/model.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace patchmill::app {

struct PatchworkSurvey {
  struct Series {
    registry::Id id = 0;
    Timestamp date{};
    int version = 1;
  };
  struct Bundle {
    registry::Bundle self;  // without owner and patches
    registry::Id owner = 0;
    std::map<std::int64_t, registry::Id> patches;  // by their order
  };
  struct Rule {
    registry::Id project = 0, user = 0;
    std::string path;
    std::int64_t priority = 0;
  };

  std::map<registry::Id, registry::Project> projects;
  std::map<registry::Id, registry::State> states;
  std::unordered_map<registry::Id, registry::User> users;
  std::unordered_map<registry::Id, registry::Person> people;  // of a user only the id
  std::vector<Series> series;                                 // by id
  std::unordered_map<registry::Id, registry::Id> series_of_cover;
  std::unordered_map<registry::Id, registry::Id> relations;  // its least patch
  std::map<registry::Id, Bundle> bundles;
  std::vector<Rule> rules;
  std::vector<std::string> tags;               // patterns that are not counted here
  std::map<std::string, std::uint64_t> rows;   // by table
  std::map<std::string, registry::Id> newest;  // ids, by table

  [[nodiscard]] const Series* find_series(registry::Id id) const;
};

// A million people and their series are about 300 MB. Errors: the dump's, or (invalid) that it is
// none of a Patchwork we know. `progress` gets how far into the file it is.
Result<PatchworkSurvey> survey(const patchwork::Dump& dump,
                               const std::function<void(std::size_t at)>& progress);

}  // namespace patchmill::app
