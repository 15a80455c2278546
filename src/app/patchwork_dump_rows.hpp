#pragma once
// Rows of a dump of Patchwork's database as what is put into the store.

#include "app/patchwork_store.hpp"
#include "app/patchwork_survey.hpp"
#include "patchwork/dump.hpp"
#include "registry/model.hpp"
#include "registry/writing.hpp"
#include "util/clock.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::app {

// What is stored already: ids there and here, sorted by the first.
struct PatchworkDumpIds {
  std::vector<std::pair<registry::Id, registry::Id>> patches, covers;

  [[nodiscard]] registry::Id patch(registry::Id there) const;  // 0: it is not here
  [[nodiscard]] registry::Id cover(registry::Id there) const;
};

struct DumpedEvent {
  registry::Id id = 0;
  Timestamp date{};
  registry::NewEvent event;  // without what follows, whose ids here only the store knows
  std::optional<registry::User> actor, previous, current;  // delegates
  std::string previous_state, current_state;               // slugs
};

class PatchworkDumpRows {
 public:
  // Of these projects only, by their id there and with the id here. Both outlive it and may be
  // filled later.
  PatchworkDumpRows(const PatchworkSurvey& survey,
                    const std::map<registry::Id, registry::Project>& projects)
      : m_survey(survey), m_projects(projects) {}

  // Nothing: it is none of a chosen project, or refers to what the dump does not have.
  [[nodiscard]] std::optional<TakenMail> mail(const patchwork::DumpRow& row) const;
  // A comment or a check, as a mail that is here already.
  [[nodiscard]] std::optional<TakenMail> reply(const patchwork::DumpRow& row,
                                               const PatchworkDumpIds& ids) const;
  [[nodiscard]] std::optional<DumpedEvent> event(const patchwork::DumpRow& row,
                                                 const PatchworkDumpIds& ids) const;

  [[nodiscard]] std::optional<registry::Person> person(registry::Id there) const;
  [[nodiscard]] std::optional<registry::User> user(registry::Id there) const;
  [[nodiscard]] const registry::Project* project(registry::Id there) const;

 private:
  const PatchworkSurvey& m_survey;
  const std::map<registry::Id, registry::Project>& m_projects;
};

// The Message-ID of a row, without <>.
std::string dumped_msgid(const patchwork::DumpRow& row);

}  // namespace patchmill::app
