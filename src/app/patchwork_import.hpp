#pragma once
// A Patchwork taken over: its projects with everything in them, under the ids they have there.

#include "app/patchwork_store.hpp"
#include "patchwork/instance.hpp"
#include "util/clock.hpp"
#include "util/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
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
  struct Place;
  struct Reached;
  Result<std::vector<std::string>> all_projects();
  Result<void> import_project(const std::string& wanted);
  Result<void> keep_ids_free();
  // The id of what the newest event of a category is about; nothing: it cannot be had.
  Result<std::optional<std::int64_t>> newest_told(std::string_view category,
                                                  std::string_view thing);
  Result<void> walk(const Place& place, patchwork::MailKind kind);
  // Reads these and puts them into the store, with how far that is.
  Result<void> take(const Place& place, patchwork::MailKind kind,
                    const std::vector<std::int64_t>& ids, Reached& reached);
  Result<std::vector<TakenMail>> read_items(const Place& place, patchwork::MailKind kind,
                                            const std::vector<std::int64_t>& ids, Reached& reached);
  void leave_out(Error error, std::int64_t id, Reached& reached);
  // All pages. `status`, where given: what the server said last.
  Result<boost::json::array> read_list(patchwork::Pending first, int* status = nullptr);
  Result<void> import_bundles(const Place& place);

  store::Database& m_database;
  patchwork::Instance& m_instance;
  OnProgress m_on_progress;
  PatchworkImportReport m_report;
  PatchworkStore m_store;
};

}  // namespace patchmill::app
