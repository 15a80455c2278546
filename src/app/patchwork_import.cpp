#include "app/patchwork_import.hpp"

#include "app/patchwork_objects.hpp"
#include "patchwork/answer.hpp"
#include "patchwork/listing.hpp"
#include "patchwork/position.hpp"
#include "patchwork/rebuilt_mail.hpp"
#include "registry/get.hpp"
#include "registry/turn.hpp"
#include "store/cursors.hpp"
#include "util/text.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

namespace patchmill::app {
namespace json = boost::json;
namespace {

using patchwork::MailKind;
using patchwork::Pending;

constexpr unsigned k_page = 100;
constexpr std::size_t k_asked_ahead = 4;     // items, with up to three requests each
constexpr int k_most_pages = 1000;           // of one thing's comments, checks, and of bundles
constexpr std::int64_t k_headroom = 10'000;  // ids for what comes there meanwhile
// Where nobody tells how far ids have got: above all there are, and still 32 bits.
constexpr std::int64_t k_far_away = 1 << 30;
constexpr std::array k_kept_free = {"registry_patches",        "registry_covers",
                                    "registry_series",         "registry_checks",
                                    "registry_patch_comments", "registry_cover_comments"};

Result<json::array> list_of(Pending::Answer answer) {
  auto* list = answer.value.if_array();
  if (list == nullptr) {
    return fail(ErrorKind::infrastructure,
                fmt::format("{}: no list", escape_terminal(ellipsize(answer.address, 300))));
  }
  return std::move(*list);
}

// A fault of the server about this alone, or something that is gone: the others can still be had.
bool only_this(const Error& error, int status) {
  return error.kind == ErrorKind::not_found || error.kind == ErrorKind::limit || status == 500 ||
         (status >= 200 && status < 300);
}

std::vector<std::int64_t> ids_above(const json::array& list, std::int64_t above) {
  std::vector<std::int64_t> ids;
  for (const auto& one : list) {
    const auto* object = one.if_object();
    const auto id = object != nullptr ? patchwork::id_of(*object, "id") : std::nullopt;
    if (id && *id > above) {
      ids.push_back(*id);
    }
  }
  return ids;
}

std::int64_t id_at(const json::array& list, bool last) {
  const auto* object = list.empty() ? nullptr : (last ? list.back() : list.front()).if_object();
  return object != nullptr ? patchwork::id_of(*object, "id").value_or(0) : 0;
}

}  // namespace

struct PatchworkImport::Place {
  std::int64_t there = 0;  // the project's id
  registry::Project project;
  [[nodiscard]] std::string cursor(const patchwork::Instance& instance, MailKind kind) const {
    return fmt::format("patchwork-import:{}#{} {}", instance.name(), there, to_string(kind));
  }
};

struct PatchworkImport::Reached {
  std::uint64_t page = 1;
  std::int64_t above = 0;            // ids up to this are done
  std::vector<std::int64_t> missed;  // but for these: they, or what belongs to them, were refused

  // In a cursor: "PAGE ABOVE MISSED…".
  static Reached from(const std::string& cursor) {
    Reached reached;
    const auto words = split(cursor, ' ');
    for (std::size_t at = 0; at < words.size(); ++at) {
      const auto number = parse_uint(words[at]).value_or(0);
      const auto id = static_cast<std::int64_t>(number);
      if (at == 0) {
        reached.page = number;
      } else if (at == 1) {
        reached.above = id;
      } else if (id > 0) {
        reached.missed.push_back(id);
      }
    }
    return reached;
  }
  [[nodiscard]] std::string text() const {
    std::string text = fmt::format("{} {}", page, above);
    for (const auto id : missed) {
      text += fmt::format(" {}", id);
    }
    return text;
  }
};

PatchworkImport::PatchworkImport(store::Database& database, store::BlobStore& blobs,
                                 const Clock& clock, patchwork::Instance& instance,
                                 OnProgress on_progress)
    : m_database(database),
      m_instance(instance),
      m_on_progress(std::move(on_progress)),
      m_store(database, blobs, clock, instance.name(), m_report) {}

Result<json::array> PatchworkImport::read_list(Pending first, int* status) {
  PM_TRY_ASSIGN(auto answer, first.wait(status));
  std::string next = answer.next;
  PM_TRY_ASSIGN(auto all, list_of(std::move(answer)));
  for (int page = 1; page < k_most_pages && !next.empty(); ++page) {
    PM_TRY_ASSIGN(answer, m_instance.get(next).wait(status));
    next = answer.next;
    PM_TRY_ASSIGN(const auto more, list_of(std::move(answer)));
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

Result<void> PatchworkImport::run(const std::vector<std::string>& projects) {
  PM_TRY(m_instance.discover());
  PM_TRY(keep_ids_free());
  std::vector<std::string> wanted = projects;
  if (wanted.empty()) {
    PM_TRY_ASSIGN(wanted, all_projects());
  }
  for (const auto& project : wanted) {
    PM_TRY(import_project(project));
  }
  // What was missed may have the largest id of all, and so may its series, comments and checks.
  if (projects.empty() && m_report.missed == 0) {
    store::Transaction transaction(m_database);
    registry::wait_for_turn(m_database);
    for (const auto table : k_kept_free) {
      registry::release_kept(m_database, table);
    }
    transaction.commit();
  }
  return {};
}

Result<std::vector<std::string>> PatchworkImport::all_projects() {
  PM_TRY_ASSIGN(const auto list, read_list(m_instance.get("projects/?per_page=100")));
  std::vector<std::string> all;
  for (const auto& one : list) {
    const auto* object = one.if_object();
    if (const auto id = object != nullptr ? patchwork::id_of(*object, "id") : std::nullopt) {
      all.push_back(std::to_string(*id));
    }
  }
  return all;
}

// What the list and others bring while only a part is taken over must not get numbers of the rest,
// nor of what comes there meanwhile.
Result<void> PatchworkImport::keep_ids_free() {
  const auto keep = [&](std::string_view table, std::int64_t newest) {
    store::Transaction transaction(m_database);
    registry::wait_for_turn(m_database);
    registry::keep_free(m_database, table, newest);
    transaction.commit();
  };
  for (const auto& [path, table] : {std::pair{"patches/", "registry_patches"},
                                    {"covers/", "registry_covers"},
                                    {"series/", "registry_series"}}) {
    int status = 0;
    auto answer = m_instance.get(fmt::format("{}?order=-id&per_page=1", path)).wait(&status);
    if (!answer && only_this(answer.error(), status)) {
      continue;  // there is no such list
    }
    PM_TRY(answer);
    PM_TRY_ASSIGN(const auto list, list_of(std::move(*answer)));
    if (const auto newest = id_at(list, false); newest > 0) {
      keep(table, newest + k_headroom);
    }
  }
  // There are no lists of all checks and comments; the newest event tells of the newest one.
  for (const auto& [category, thing, table] :
       {std::array{"check-created", "check", "registry_checks"},
        {"patch-comment-created", "comment", "registry_patch_comments"},
        {"cover-comment-created", "comment", "registry_cover_comments"}}) {
    PM_TRY_ASSIGN(const auto newest, newest_told(category, thing));
    keep(table, newest ? *newest + k_headroom : k_far_away);
  }
  return {};
}

Result<std::optional<std::int64_t>> PatchworkImport::newest_told(std::string_view category,
                                                                 std::string_view thing) {
  int status = 0;
  auto answer = m_instance.get(fmt::format("events/?category={}&order=-date&per_page=1", category))
                    .wait(&status);
  if (!answer && status >= 400) {
    return std::nullopt;  // it tells no events
  }
  PM_TRY(answer);
  const auto* list = answer->value.if_array();
  const auto* event = list != nullptr && !list->empty() ? list->front().if_object() : nullptr;
  const auto* payload = event != nullptr && patchwork::text_of(*event, "category") == category
                            ? patchwork::object_of(*event, "payload")
                            : nullptr;
  const auto* object = payload != nullptr ? patchwork::object_of(*payload, thing) : nullptr;
  return object != nullptr ? patchwork::id_of(*object, "id") : std::nullopt;
}

Result<void> PatchworkImport::import_project(const std::string& wanted) {
  PM_TRY_ASSIGN(const auto found, m_instance.project(wanted));
  Place place;
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
  PM_TRY(walk(place, MailKind::cover));
  PM_TRY(walk(place, MailKind::patch));
  return import_bundles(place);
}

Result<void> PatchworkImport::walk(const Place& place, MailKind kind) {
  const auto path = patchwork::path_of(kind);
  const auto cursor = place.cursor(m_instance, kind);
  auto reached = Reached::from(store::cursor(m_database, cursor).value_or(""));
  // What could not be had before comes first.
  for (auto left = reached.missed.size(); left > 0;) {
    const auto some = std::min<std::size_t>(left, k_page);
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
                                       place.there, k_page, number))
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
      m_on_progress({fmt::format("{} of {}", kind == MailKind::patch ? "patches" : "covers",
                                 place.project.link_name),
                     std::min(span(last), span(newest)), span(newest), m_report.mails});
    }
    if (!more) {
      return {};
    }
    ++number;
  }
}

Result<void> PatchworkImport::take(const Place& place, MailKind kind,
                                   const std::vector<std::int64_t>& ids, Reached& reached) {
  PM_TRY_ASSIGN(auto items, read_items(place, kind, ids, reached));
  m_store.put(items, place.cursor(m_instance, kind), reached.text());
  return {};
}

void PatchworkImport::leave_out(Error error, std::int64_t id, Reached& reached) {
  const bool gone = error.kind == ErrorKind::not_found;
  if (!gone && (reached.missed.empty() || reached.missed.back() != id)) {
    if (reached.missed.size() < patchwork::k_most_missed) {
      reached.missed.push_back(id);
      ++m_report.missed;
    } else {
      error.message +=
          fmt::format("; {} wait already, this one is not tried again", patchwork::k_most_missed);
    }
  }
  m_report.left_out.push_back(std::move(error));
}

Result<std::vector<TakenMail>> PatchworkImport::read_items(const Place& place, MailKind kind,
                                                           const std::vector<std::int64_t>& ids,
                                                           Reached& reached) {
  struct Asked {
    std::int64_t id = 0;
    Pending detail;
    std::optional<Pending> comments, checks;
  };
  const bool has_comments = m_instance.version() != "1.0";
  std::vector<TakenMail> items;
  std::deque<Asked> asked;
  for (std::size_t at = 0, to_ask = 0; at < ids.size(); ++at) {
    for (; to_ask < ids.size() && asked.size() < k_asked_ahead; ++to_ask) {
      const auto base = fmt::format("{}{}/", patchwork::path_of(kind), ids[to_ask]);
      Asked one{ids[to_ask], m_instance.get(base), {}, {}};
      if (has_comments) {
        one.comments = m_instance.get(base + "comments/?per_page=250");
      }
      if (kind == MailKind::patch) {
        one.checks = m_instance.get(base + "checks/?per_page=250");
      }
      asked.push_back(std::move(one));
    }
    Asked one = std::move(asked.front());
    asked.pop_front();
    int status = 0;
    const auto answer = one.detail.wait(&status);
    const auto detail = answer ? patchwork::read_mail_detail(answer->value, kind)
                               : Result<patchwork::MailDetail>(tl::unexpected(answer.error()));
    if (!detail) {
      if (!only_this(detail.error(), status)) {
        return tl::unexpected(detail.error());
      }
      leave_out({detail.error().kind,
                 fmt::format("{} {}: {}", to_string(kind), one.id, detail.error().message)},
                one.id, reached);
      continue;
    }
    TakenMail item;
    item.kind = kind;
    item.list_id = place.project.list_id;
    item.mail = adopted_mail(answer->value.get_object());
    item.mail.self.project = place.project.id;
    item.raw = patchwork::rebuild_mail(*detail, place.project.list_id);
    // Lists of one thing: what cannot be had is left out, the thing itself is not.
    const auto each = [&](std::optional<Pending>& pending, const char* what,
                          const auto& take) -> Result<void> {
      if (!pending) {
        return {};
      }
      auto list = read_list(std::move(*pending), &status);
      if (!list) {
        if (!only_this(list.error(), status)) {
          return tl::unexpected(list.error());
        }
        leave_out({list.error().kind, fmt::format("{} of {} {}: {}", what, to_string(kind), one.id,
                                                  list.error().message)},
                  one.id, reached);
        return {};
      }
      for (const auto& value : *list) {
        if (value.is_object()) {
          take(value);
        }
      }
      return {};
    };
    PM_TRY(each(one.comments, "comments", [&](const json::value& value) {
      if (auto reply = patchwork::read_mail_detail(value, kind)) {
        item.comments.push_back({adopted_comment(value.get_object()),
                                 patchwork::rebuild_mail(*reply, place.project.list_id)});
      }
    }));
    PM_TRY(each(one.checks, "checks", [&](const json::value& value) {
      auto check = adopted_check(value.get_object());
      if (!check.user.username.empty()) {
        item.checks.push_back(std::move(check));
      }
    }));
    items.push_back(std::move(item));
  }
  return items;
}

Result<void> PatchworkImport::import_bundles(const Place& place) {
  int status = 0;
  auto list = read_list(
      m_instance.get(fmt::format("bundles/?project={}&per_page=100", place.there)), &status);
  if (!list && list.error().kind == ErrorKind::not_found) {
    return {};
  }
  // Each run asks for all of them.
  if (!list && only_this(list.error(), status)) {
    m_report.left_out.push_back(
        {list.error().kind,
         fmt::format("bundles of {}: {}", escape_terminal(place.project.link_name),
                     list.error().message)});
    return {};
  }
  PM_TRY(list);
  std::vector<registry::Bundle> bundles;
  for (const auto& one : *list) {
    const auto* object = one.if_object();
    const auto* owner = object != nullptr ? patchwork::object_of(*object, "owner") : nullptr;
    if (owner == nullptr) {
      continue;
    }
    registry::Bundle bundle;
    bundle.id = patchwork::id_of(*object, "id").value_or(0);
    bundle.project = place.project.id;
    bundle.name = patchwork::text_of(*object, "name").substr(0, 255);
    bundle.owner = adopted_user(*owner);
    const auto* is_public = object->if_contains("public");
    bundle.is_public = is_public != nullptr && is_public->is_bool() && is_public->get_bool();
    bool is_whole = true;
    if (const auto* patches = patchwork::array_of(*object, "patches")) {
      for (const auto& value : *patches) {
        const auto ref =
            value.is_object() ? adopted_mail(value.get_object()).self : registry::SubmissionRef{};
        if (const auto patch = registry::patch(m_database, place.project.id, ref.msgid)) {
          bundle.patches.push_back(patch->self);
        } else {
          is_whole = false;
        }
      }
    }
    // One that is here is not changed any more.
    if (!is_whole && m_report.missed > 0) {
      m_report.left_out.push_back(
          {ErrorKind::infrastructure,
           fmt::format("bundle {} of {}: it comes when all its patches are here", bundle.id,
                       escape_terminal(place.project.link_name))});
      continue;
    }
    if (!bundle.name.empty() && !bundle.owner.username.empty()) {
      bundles.push_back(std::move(bundle));
    }
  }
  m_store.adopt([&](registry::Adopter& adopter) {
    for (const auto& bundle : bundles) {
      adopter.bundle(bundle);
    }
  });
  return {};
}

}  // namespace patchmill::app
