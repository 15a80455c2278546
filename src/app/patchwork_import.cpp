#include "app/patchwork_import.hpp"

#include "app/patchwork_bundles.hpp"
#include "app/patchwork_id_room.hpp"
#include "app/patchwork_lists.hpp"
#include "app/patchwork_objects.hpp"
#include "patchwork/answer.hpp"
#include "patchwork/listing.hpp"
#include "store/cursors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace patchmill::app {
namespace {

constexpr unsigned k_mails_a_page = 100;

}  // namespace

PatchworkImport::PatchworkImport(store::Database& database, store::BlobStore& blobs,
                                 const Clock& clock, patchwork::Instance& instance,
                                 OnProgress on_progress)
    : m_database(database),
      m_instance(instance),
      m_on_progress(std::move(on_progress)),
      m_store(database, blobs, clock, instance.name(), m_report),
      m_items(instance, m_report) {}

Result<void> PatchworkImport::run(const std::vector<std::string>& projects) {
  PM_TRY(m_instance.discover());
  for (const auto& project : projects) {
    PM_TRY(m_instance.project(project));  // a slip keeps no ids
  }
  PM_TRY(keep_ids_free(m_database, m_instance));
  std::vector<std::string> wanted = projects;
  if (wanted.empty()) {
    PM_TRY_ASSIGN(wanted, all_projects());
  }
  for (const auto& project : wanted) {
    PM_TRY(import_project(project));
  }
  // What was missed may have the largest id of all, and so may its series, comments and checks.
  if (projects.empty() && m_report.missed == 0) {
    release_kept_ids(m_database);
  }
  return {};
}

Result<std::vector<std::string>> PatchworkImport::all_projects() {
  PM_TRY_ASSIGN(const auto list, read_list(m_instance, m_instance.get("projects/?per_page=100")));
  std::vector<std::string> all;
  for (const auto& one : list) {
    const auto* object = one.if_object();
    if (const auto id = object != nullptr ? patchwork::id_of(*object, "id") : std::nullopt) {
      all.push_back(std::to_string(*id));
    }
  }
  return all;
}

Result<void> PatchworkImport::import_project(const std::string& wanted) {
  PM_TRY_ASSIGN(const auto found, m_instance.project(wanted));
  PatchworkPlace place;
  place.there = found.id;
  int status = 0;
  auto detail = m_instance.get(fmt::format("projects/{}/", found.id)).wait(&status);
  if (!detail && !only_this(detail.error(), status)) {
    return tl::unexpected(detail.error());
  }
  if (detail && detail->value.is_object()) {
    place.project = adopted_project(detail->value.get_object());
  }
  place.project.id = found.id;
  place.project.name = found.name;
  // API 1.0 has instances without link names.
  place.project.link_name = found.link_name.empty() ? std::to_string(found.id) : found.link_name;
  place.project.list_id = found.list_id;
  m_store.adopt(
      [&](registry::Adopter& adopter) { place.project.id = adopter.project(place.project); });
  m_report.projects.push_back(place.project);
  PM_TRY(walk(place, patchwork::MailKind::cover));
  PM_TRY(walk(place, patchwork::MailKind::patch));
  return import_bundles(m_database, m_instance, m_store, place, m_report);
}

Result<void> PatchworkImport::walk(const PatchworkPlace& place, patchwork::MailKind kind) {
  const auto path = patchwork::path_of(kind);
  const auto cursor = place.cursor(m_instance, kind);
  auto reached = PatchworkReached::from(store::cursor(m_database, cursor).value_or(""));
  // What could not be had before comes first.
  for (auto left = reached.missed.size(); left > 0;) {
    const auto some = std::min<std::size_t>(left, k_mails_a_page);
    const auto end = reached.missed.begin() + static_cast<std::ptrdiff_t>(some);
    const std::vector<std::int64_t> ids(reached.missed.begin(), end);
    reached.missed.erase(reached.missed.begin(), end);
    PM_TRY(take(place, kind, ids, reached));
    left -= some;
  }
  PM_TRY_ASSIGN(
      auto newest_answer,
      m_instance.get(fmt::format("{}?project={}&order=-id&per_page=1", path, place.there)).wait());
  PM_TRY_ASSIGN(const auto newest_list, list_of(std::move(newest_answer)));
  const auto newest = id_at(newest_list, false);
  if (newest <= reached.above) {
    return {};
  }
  // What was removed there moves the rest to earlier pages.
  std::uint64_t number = reached.page > 1 ? reached.page - 1 : 1;
  std::int64_t first = 0;
  while (true) {
    int status = 0;
    auto answer = m_instance
                      .get(fmt::format("{}?project={}&order=id&per_page={}&page={}", path,
                                       place.there, k_mails_a_page, number))
                      .wait(&status);
    if (!answer && answer.error().kind == ErrorKind::not_found && number > 1) {
      number = 1;  // so many are not there any more
      continue;
    }
    PM_TRY(answer);
    const bool more = !answer->next.empty();
    PM_TRY_ASSIGN(const auto page, list_of(std::move(*answer)));
    first = first == 0 ? id_at(page, false) : first;
    const auto last = std::max(reached.above, id_at(page, true));
    const auto ids = ids_above(page, std::exchange(reached.above, last));
    reached.page = number;
    PM_TRY(take(place, kind, ids, reached));
    if (m_on_progress) {
      const auto span = [&](std::int64_t to) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to - first + 1));
      };
      m_on_progress(
          {fmt::format("{} of {}", kind == patchwork::MailKind::patch ? "patches" : "covers",
                       place.project.link_name),
           std::min(span(last), span(newest)), span(newest), m_report.mails});
    }
    if (!more) {
      return {};
    }
    ++number;
  }
}

Result<void> PatchworkImport::take(const PatchworkPlace& place, patchwork::MailKind kind,
                                   const std::vector<std::int64_t>& ids,
                                   PatchworkReached& reached) {
  PM_TRY_ASSIGN(auto items, m_items.read(place, kind, ids, reached));
  m_store.put(items, place.cursor(m_instance, kind), reached.text());
  return {};
}

}  // namespace patchmill::app
