#pragma once
// A Patchwork taken over: its projects with everything in them, under the ids they have there.

#include "app/patchwork_items.hpp"
#include "app/patchwork_place.hpp"
#include "app/patchwork_store.hpp"
#include "patchwork/instance.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace patchmill::app {

// Nobody else may write mails or follow the registry meanwhile (intake::lock_intake). A page of
// patches with its mails, comments and checks is one transaction with the place reached: whoever is
// killed goes on there, and a page that is read once more changes nothing. What the server cannot
// give (500, say) is left out and named, and the next run tries it first. Throws DatabaseError.
class PatchworkImport {
 public:
  using OnProgress = std::function<void(const PatchworkImportProgress&)>;  // after each page

  // All outlive it.
  PatchworkImport(store::Database& database, store::BlobStore& blobs, const Clock& clock,
                  patchwork::Instance& instance, OnProgress on_progress = {});

  // Projects by number, link name or name; none: all there are. An error ends the run, with what
  // was reached in the store; the next one goes on.
  Result<void> run(const std::vector<std::string>& projects);
  [[nodiscard]] const PatchworkImportReport& report() const { return m_report; }

 private:
  Result<std::vector<std::string>> all_projects();
  Result<void> import_project(const std::string& wanted);
  Result<void> walk(const PatchworkPlace& place, patchwork::MailKind kind);
  // Reads these and puts them into the store, with how far that is.
  Result<void> take(const PatchworkPlace& place, patchwork::MailKind kind,
                    const std::vector<std::int64_t>& ids, PatchworkReached& reached);

  store::Database& m_database;
  patchwork::Instance& m_instance;
  OnProgress m_on_progress;
  PatchworkImportReport m_report;
  PatchworkStore m_store;
  PatchworkItems m_items;
};

}  // namespace patchmill::app
