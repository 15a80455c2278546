#include "app/patchwork_dump_import.hpp"

#include "registry/get.hpp"
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

}  // namespace

struct PatchworkDumpImport::Batch {
  std::vector<TakenMail> items;
  std::vector<DumpedEvent> events;
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
  std::ranges::sort(m_ids.patches);
  std::ranges::sort(m_ids.covers);
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
        if (const auto to = m_rows.user(rule.user);
            to && rule.project == there && !rule.path.empty()) {
          rules.emplace_back(rule.path, *to);
        }
      }
      adopter.delegation(project.id, rules);
      m_report.projects.push_back(project);
    }
  });
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
        (item.kind == MailKind::patch ? m_ids.patches : m_ids.covers)
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
  if (phase == Phase::events) {
    if (auto event = m_rows.event(row, m_ids)) {
      batch.events.push_back(std::move(*event));
    }
    return;
  }
  if (auto item = phase == Phase::mails ? m_rows.mail(row) : m_rows.reply(row, m_ids)) {
    batch.bytes += item->raw.size();
    for (const auto& comment : item->comments) {
      batch.bytes += comment.raw.size();
    }
    batch.items.push_back(std::move(*item));
  }
}

// Comments refer to it, also when an earlier run has stored it.
void PatchworkDumpImport::find_again(const DumpRow& row) {
  const auto* of = m_rows.project(row.number("project"));
  if (of == nullptr) {
    return;
  }
  const Id there = row.number("id");
  if (row.table == "patchwork_patch") {
    if (const auto patch = registry::patch(m_database, of->id, dumped_msgid(row))) {
      m_ids.patches.emplace_back(there, patch->self.id);
    }
  } else if (row.table == "patchwork_cover") {
    if (const auto cover = registry::cover(m_database, of->id, dumped_msgid(row))) {
      m_ids.covers.emplace_back(there, cover->self.id);
    }
  }
}

void PatchworkDumpImport::adopt_bundles() {
  m_store.adopt([&](registry::Adopter& adopter) {
    for (const auto& [there, bundle] : m_survey.bundles) {
      const auto* of = m_rows.project(bundle.self.project);
      const auto owner = m_rows.user(bundle.owner);
      if (of == nullptr || !owner || bundle.self.name.empty()) {
        continue;
      }
      registry::Bundle adopted = bundle.self;
      adopted.project = of->id;
      adopted.owner = *owner;
      for (const auto& [order, patch] : bundle.patches) {
        if (const Id here = m_ids.patch(patch); here != 0) {
          adopted.patches.push_back({here, of->id, {}, {}, {}});
        }
      }
      adopter.bundle(adopted);
    }
  });
}

}  // namespace patchmill::app
