#pragma once
// A Patchwork taken over from a dump of its database, under the ids it has there.

#include "app/patchwork_dump_rows.hpp"
#include "app/patchwork_store.hpp"
#include "app/patchwork_survey.hpp"
#include "patchwork/dump.hpp"
#include "registry/model.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace patchmill::app {

// As PatchworkImport, and with what the API does not tell: events, delegation rules, numbers and
// order of states. Passwords, tokens and sessions are never looked at. The dump is read four times:
// what rows refer to, patches and covers, what answers them, events. A few hundred rows are one
// transaction with the place reached, which counts for this very file: another dump is read from
// the beginning, and what is here already is found again.
class PatchworkDumpImport {
 public:
  using OnProgress = std::function<void(const PatchworkImportProgress&)>;

  // All outlive it.
  PatchworkDumpImport(store::Database& database, store::BlobStore& blobs, const Clock& clock,
                      const patchwork::Dump& dump, OnProgress on_progress = {});

  // Projects by number, link name or name; none: all there are.
  Result<void> run(const std::vector<std::string>& projects);
  [[nodiscard]] const PatchworkImportReport& report() const { return m_report; }

 private:
  enum class Phase { mails, replies, events };
  struct Batch;

  Result<void> choose(const std::vector<std::string>& projects);
  void keep_ids_free();
  void adopt_names();
  void adopt_bundles();
  Result<void> read(Phase phase);
  void take(Phase phase, const patchwork::DumpRow& row, Batch& batch);
  void find_again(const patchwork::DumpRow& row);
  void store_batch(Phase phase, Batch& batch, std::uint64_t rows);
  void tell(const std::string& what, std::uint64_t done, std::uint64_t total);

  store::Database& m_database;
  const patchwork::Dump& m_dump;
  OnProgress m_on_progress;
  PatchworkImportReport m_report;
  PatchworkStore m_store;
  PatchworkSurvey m_survey;
  std::map<registry::Id, registry::Project> m_projects;  // the chosen ones, by their id there
  PatchworkDumpRows m_rows{m_survey, m_projects};
  std::string m_cursor;
  PatchworkDumpIds m_ids;
};

}  // namespace patchmill::app
