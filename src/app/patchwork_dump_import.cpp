#include "app/patchwork_dump_import.hpp"

#include "app/patchwork_objects.hpp"
#include "patchwork/rebuilt_mail.hpp"
#include "registry/get.hpp"
#include "registry/names.hpp"
#include "registry/turn.hpp"
#include "store/cursors.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace patchmill::app {
namespace {

using patchwork::DumpRow;
using patchwork::MailKind;
using registry::Id;

constexpr std::size_t k_rows_at_once = 500;
constexpr std::size_t k_bytes_at_once = 16u << 20;
constexpr std::size_t k_most_headers = 1000;  // of a mail
constexpr std::size_t k_survey_step = 64u << 20;

// Tables of theirs, and ours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> k_tables = {{
    {"patchwork_patch", "registry_patches"},
    {"patchwork_cover", "registry_covers"},
    {"patchwork_series", "registry_series"},
    {"patchwork_patchcomment", "registry_patch_comments"},
    {"patchwork_covercomment", "registry_cover_comments"},
    {"patchwork_check", "registry_checks"},
    {"patchwork_event", "registry_events"},
    {"patchwork_person", "registry_people"},
    {"patchwork_project", "registry_projects"},
    {"patchwork_state", "registry_states"},
    {"auth_user", "registry_users"},
}};

std::string bare_msgid(const DumpRow& row) {
  std::string id(trim(row.text("msgid").value_or("")));
  if (id.starts_with('<') && id.ends_with('>')) {
    id = id.substr(1, id.size() - 2);
  }
  return ellipsize(id, 1000);
}

// "Name: value" with folded lines, as Patchwork keeps them.
std::vector<std::pair<std::string, std::string>> headers_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto line : split_lines(text)) {
    const auto colon = line.find(':');
    if (line.starts_with(' ') || line.starts_with('\t')) {
      if (!headers.empty()) {
        headers.back().second += fmt::format("\n{}", line);
      }
    } else if (colon != std::string_view::npos && headers.size() < k_most_headers) {
      headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
  }
  return headers;
}

std::string raw_of(const DumpRow& row, const std::string& list_id) {
  patchwork::MailDetail detail;
  detail.headers = headers_of(row.text("headers").value_or(""));
  detail.content = row.text("content").value_or("");
  detail.diff = row.text("diff").value_or("");
  return patchwork::rebuild_mail(detail, list_id);
}

std::optional<std::string> short_text(const DumpRow& row, std::string_view column) {
  auto text = ellipsize(row.text(column).value_or(""), 2000);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

Id here_of(const std::vector<std::pair<Id, Id>>& ids, Id there) {
  const auto found = std::ranges::lower_bound(ids, there, {}, &std::pair<Id, Id>::first);
  return found != ids.end() && found->first == there ? found->second : 0;
}

template <class Map>
auto* find_in(const Map& map, Id id) {
  const auto found = map.find(id);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

struct PatchworkDumpImport::Batch {
  struct Event {
    Id id = 0;
    Timestamp date{};
    registry::NewEvent event;
    std::optional<registry::User> actor, previous, current;  // delegates
    std::string previous_state, current_state;
  };
  std::vector<TakenMail> items;
  std::vector<Event> events;
  std::size_t bytes = 0;

  [[nodiscard]] bool full() const {
    return items.size() + events.size() >= k_rows_at_once || bytes >= k_bytes_at_once;
  }
};

PatchworkDumpImport::PatchworkDumpImport(store::Database& database, store::BlobStore& blobs,
                                         const Clock& clock, const patchwork::Dump& dump,
                                         OnProgress on_progress)
    : m_database(database),
      m_dump(dump),
      m_on_progress(std::move(on_progress)),
      m_store(database, blobs, clock, "dump of a Patchwork", m_report) {}

void PatchworkDumpImport::tell(const std::string& what, std::uint64_t done, std::uint64_t total) {
  if (m_on_progress) {
    m_on_progress({what, done, total, m_report.mails});
  }
}

Result<void> PatchworkDumpImport::run(const std::vector<std::string>& projects) {
  std::size_t told = 0;
  PM_TRY_ASSIGN(m_survey, survey(m_dump, [&](std::size_t at) {
                  if (at >= told + k_survey_step) {
                    told = at;
                    tell("the dump", at >> 20, m_dump.size() >> 20);
                  }
                }));
  PM_TRY(choose(projects));
  keep_ids_free();
  adopt_names();
  PM_TRY(read(Phase::mails));
  std::ranges::sort(m_patches);
  std::ranges::sort(m_covers);
  PM_TRY(read(Phase::replies));
  adopt_bundles();
  PM_TRY(read(Phase::events));
  if (projects.empty()) {
    store::Transaction transaction(m_database);
    registry::wait_for_turn(m_database);
    for (const auto& [theirs, ours] : k_tables) {
      registry::release_kept(m_database, ours);
    }
    transaction.commit();
  }
  for (const auto& tag : m_survey.tags) {
    m_report.left_out.push_back(
        {ErrorKind::not_found,
         fmt::format("the tag '{}' is counted there; name its trailer under patchwork.tags in the "
                     "configuration",
                     escape_terminal(ellipsize(tag, 100)))});
  }
  return {};
}

Result<void> PatchworkDumpImport::choose(const std::vector<std::string>& projects) {
  m_cursor = "patchwork-import:dump";
  for (const auto& wanted : projects) {
    const auto found = std::ranges::find_if(m_survey.projects, [&](const auto& one) {
      return std::to_string(one.first) == wanted || iequals(one.second.link_name, wanted) ||
             one.second.name == wanted;
    });
    if (found == m_survey.projects.end()) {
      std::string all;
      for (const auto& [id, project] : m_survey.projects) {
        all += (all.empty() ? "" : ", ") + project.link_name;
      }
      return fail(ErrorKind::not_found,
                  fmt::format("the dump has no project '{}'; it has {}", escape_terminal(wanted),
                              escape_terminal(ellipsize(all, 500))));
    }
    m_projects.insert(*found);
    m_cursor += fmt::format(" {}", found->first);
  }
  if (projects.empty()) {
    m_projects = m_survey.projects;
  }
  return {};
}

void PatchworkDumpImport::keep_ids_free() {
  store::Transaction transaction(m_database);
  registry::wait_for_turn(m_database);
  for (const auto& [theirs, ours] : k_tables) {
    const auto newest = m_survey.newest.find(std::string(theirs));
    if (newest != m_survey.newest.end() && newest->second > 0) {
      registry::keep_free(m_database, ours, newest->second);
    }
  }
  transaction.commit();
}

void PatchworkDumpImport::adopt_names() {
  std::vector<registry::State> states;
  for (const auto& [id, state] : m_survey.states) {
    if (!state.slug.empty()) {
      states.push_back(state);
    }
  }
  m_store.adopt([&](registry::Adopter& adopter) {
    adopter.states(states);
    for (auto& [there, project] : m_projects) {
      project.id = adopter.project(project);
      std::vector<std::pair<std::string, registry::User>> rules;
      for (const auto& rule : m_survey.rules) {
        if (const auto to = user(rule.user); to && rule.project == there && !rule.path.empty()) {
          rules.emplace_back(rule.path, *to);
        }
      }
      adopter.delegation(project.id, rules);
      m_report.projects.push_back(project);
    }
  });
}

std::optional<registry::User> PatchworkDumpImport::user(Id there) const {
  const auto* found = find_in(m_survey.users, there);
  return found != nullptr && !found->username.empty() ? std::optional(*found) : std::nullopt;
}

std::optional<registry::Person> PatchworkDumpImport::person(Id there) const {
  const auto* found = find_in(m_survey.people, there);
  if (found == nullptr) {
    return std::nullopt;
  }
  registry::Person person = *found;
  person.user = person.user ? user(person.user->id) : std::nullopt;
  return person;
}

const registry::Project* PatchworkDumpImport::project(Id there) const {
  return find_in(m_projects, there);
}

Result<void> PatchworkDumpImport::read(Phase phase) {
  static constexpr std::array<std::array<std::string_view, 3>, 3> k_of_phase = {
      {{"patchwork_cover", "patchwork_patch", ""},
       {"patchwork_covercomment", "patchwork_patchcomment", "patchwork_check"},
       {"patchwork_event", "", ""}}};
  static constexpr std::array<const char*, 3> k_names = {"patches and covers",
                                                         "comments and checks", "events"};
  const auto index = static_cast<std::size_t>(phase);
  const auto& tables = k_of_phase.at(index);
  std::uint64_t total = 0;
  for (const auto table : tables) {
    const auto rows = m_survey.rows.find(std::string(table));
    total += rows == m_survey.rows.end() ? 0 : rows->second;
  }
  std::uint64_t done = 0;  // rows of this phase that an earlier run has stored
  if (const auto cursor = store::cursor(m_database, m_cursor);
      cursor && cursor->starts_with(m_dump.stamp() + " ")) {
    const auto parts = split(*cursor, ' ');
    const auto reached = parts.size() == 3 ? parse_uint(parts[1]) : std::nullopt;
    done = !reached || *reached < index ? 0
           : *reached > index           ? total
                                        : parse_uint(parts[2]).value_or(0);
  }
  if (done >= total && phase != Phase::mails) {
    return {};
  }
  Batch batch;
  std::uint64_t rows = 0;
  const auto write = [&] {
    store_batch(phase, batch, rows);
    tell(k_names.at(index), rows, total);
  };
  PM_TRY(m_dump.each(
      [&](std::string_view table) {
        return !table.empty() && std::ranges::find(tables, table) != tables.end();
      },
      [&](const DumpRow& row, std::size_t /*at*/) -> Result<void> {
        if (++rows <= done) {
          find_again(row);
          return {};
        }
        take(phase, row, batch);
        if (batch.full()) {
          write();
        }
        return {};
      }));
  if (rows > done) {
    write();
  }
  return {};
}

void PatchworkDumpImport::store_batch(Phase phase, Batch& batch, std::uint64_t rows) {
  const std::string value =
      fmt::format("{} {} {}", m_dump.stamp(), static_cast<std::size_t>(phase), rows);
  if (phase == Phase::events) {
    m_store.adopt([&](registry::Adopter& adopter) {
      for (auto& [id, date, event, actor, previous, current, was, is] : batch.events) {
        const auto id_of = [&](const auto& one) {
          return one ? std::optional(adopter.user(*one)) : std::nullopt;
        };
        event.actor = id_of(actor);
        event.previous = was.empty() ? id_of(previous) : std::optional(adopter.state(was));
        event.current = is.empty() ? id_of(current) : std::optional(adopter.state(is));
        adopter.event(id, date, event);
      }
      store::set_cursor(m_database, m_cursor, value);
    });
  } else {
    m_store.put(batch.items, m_cursor, value);
  }
  if (phase == Phase::mails) {
    for (const auto& item : batch.items) {
      if (item.here != 0) {
        (item.kind == MailKind::patch ? m_patches : m_covers)
            .emplace_back(item.mail.self.id, item.here);
      }
    }
  }
  batch = {};
}

void PatchworkDumpImport::take(Phase phase, const DumpRow& row, Batch& batch) {
  if (row.number("id") == 0) {
    return;
  }
  phase == Phase::mails     ? take_mail(row, batch)
  : phase == Phase::replies ? take_reply(row, batch)
                            : take_event(row, batch);
}

void PatchworkDumpImport::take_mail(const DumpRow& row, Batch& batch) {
  const auto* of = project(row.number("project"));
  const auto submitter = person(row.number("submitter"));
  if (of == nullptr || !submitter) {
    return;
  }
  TakenMail item;
  item.kind = row.table == "patchwork_patch" ? MailKind::patch : MailKind::cover;
  item.list_id = of->list_id;
  registry::AdoptedMail& mail = item.mail;
  mail.self = {row.number("id"), of->id, bare_msgid(row),
               adopted_date(row.text("date").value_or("")),
               ellipsize(row.text("name").value_or(""), 2000)};
  mail.submitter = *submitter;
  if (item.kind == MailKind::patch) {
    if (const auto* series = m_survey.find_series(row.number("series"))) {
      mail.series = registry::SeriesRef{series->id, of->id, series->date, {}, series->version};
    }
    if (const auto* state = find_in(m_survey.states, row.number("state"))) {
      mail.state = state->slug;
    }
    mail.archived = row.truth("archived").value_or(false);
    mail.delegate = user(row.number("delegate"));
    mail.commit_ref = short_text(row, "commit_ref");
    mail.pull_url = short_text(row, "pull_url");
    if (const auto* least = find_in(m_survey.relations, row.number("related"))) {
      mail.related.push_back(*least);
    }
  } else if (const auto found = m_survey.series_of_cover.find(mail.self.id);
             found != m_survey.series_of_cover.end()) {
    if (const auto* series = m_survey.find_series(found->second)) {
      mail.series = registry::SeriesRef{series->id, of->id, series->date, {}, series->version};
    }
  }
  item.raw = raw_of(row, item.list_id);
  batch.bytes += item.raw.size();
  batch.items.push_back(std::move(item));
}

// Comments refer to it, also when an earlier run has stored it.
void PatchworkDumpImport::find_again(const DumpRow& row) {
  const auto* of = project(row.number("project"));
  if (of == nullptr) {
    return;
  }
  const Id there = row.number("id");
  if (row.table == "patchwork_patch") {
    if (const auto patch = registry::patch(m_database, of->id, bare_msgid(row))) {
      m_patches.emplace_back(there, patch->self.id);
    }
  } else if (row.table == "patchwork_cover") {
    if (const auto cover = registry::cover(m_database, of->id, bare_msgid(row))) {
      m_covers.emplace_back(there, cover->self.id);
    }
  }
}

void PatchworkDumpImport::take_reply(const DumpRow& row, Batch& batch) {
  TakenMail about;
  about.kind = row.table == "patchwork_covercomment" ? MailKind::cover : MailKind::patch;
  about.here = about.kind == MailKind::cover ? here_of(m_covers, row.number("cover"))
                                             : here_of(m_patches, row.number("patch"));
  if (about.here == 0) {
    return;
  }
  if (row.table == "patchwork_check") {
    const auto who = user(row.number("user"));
    if (!who) {
      return;
    }
    registry::Check check;
    check.id = row.number("id");
    check.user = *who;
    check.date = adopted_date(row.text("date").value_or(""));
    check.state = static_cast<registry::CheckState>(std::min<std::int64_t>(row.number("state"), 3));
    check.target_url = short_text(row, "target_url");
    check.context = short_text(row, "context").value_or("default");
    check.description = short_text(row, "description");
    about.checks.push_back(std::move(check));
  } else {
    const auto submitter = person(row.number("submitter"));
    if (!submitter) {
      return;
    }
    TakenComment taken;
    taken.comment.id = row.number("id");
    taken.comment.msgid = bare_msgid(row);
    taken.comment.date = adopted_date(row.text("date").value_or(""));
    taken.comment.submitter = *submitter;
    taken.comment.addressed = row.truth("addressed");
    taken.raw = raw_of(row, "");
    batch.bytes += taken.raw.size();
    about.comments.push_back(std::move(taken));
  }
  batch.items.push_back(std::move(about));
}

void PatchworkDumpImport::take_event(const DumpRow& row, Batch& batch) {
  const auto* of = project(row.number("project"));
  const auto category = registry::categories_named({row.text("category").value_or("")});
  if (of == nullptr || !category || category->size() != 1) {
    return;
  }
  Batch::Event taken;
  taken.id = row.number("id");
  taken.date = adopted_date(row.text("date").value_or(""));
  taken.actor = user(row.number("actor"));
  taken.previous = user(row.number("previous_delegate"));
  taken.current = user(row.number("current_delegate"));
  const auto slug = [&](std::string_view column) {
    const auto* state = find_in(m_survey.states, row.number(column));
    return state != nullptr ? state->slug : std::string();
  };
  taken.previous_state = slug("previous_state");
  taken.current_state = slug("current_state");
  registry::NewEvent& event = taken.event;
  event.category = static_cast<registry::Category>(category->front());
  event.project = of->id;
  const auto id = [&](std::string_view column) -> std::optional<Id> {
    const Id there = row.number(column);
    return there == 0 ? std::nullopt : std::optional(there);
  };
  event.patch = id("patch");
  event.cover = id("cover");
  event.series = id("series");
  event.check = id("created_check");
  event.comment = id("patch_comment") ? id("patch_comment") : id("cover_comment");
  if (event.patch && (event.patch = here_of(m_patches, *event.patch)) == 0) {
    return;
  }
  if (event.cover && (event.cover = here_of(m_covers, *event.cover)) == 0) {
    return;
  }
  batch.events.push_back(std::move(taken));
}

void PatchworkDumpImport::adopt_bundles() {
  m_store.adopt([&](registry::Adopter& adopter) {
    for (const auto& [there, bundle] : m_survey.bundles) {
      const auto* of = project(bundle.self.project);
      const auto owner = user(bundle.owner);
      if (of == nullptr || !owner || bundle.self.name.empty()) {
        continue;
      }
      registry::Bundle adopted = bundle.self;
      adopted.project = of->id;
      adopted.owner = *owner;
      for (const auto& [order, patch] : bundle.patches) {
        if (const Id here = here_of(m_patches, patch); here != 0) {
          adopted.patches.push_back({here, of->id, {}, {}, {}});
        }
      }
      adopter.bundle(adopted);
    }
  });
}

}  // namespace patchmill::app
