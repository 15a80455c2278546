#include "registry/adopt.hpp"

#include "registry/automatic_state.hpp"
#include "registry/check_state.hpp"
#include "registry/person_order.hpp"
#include "registry/setup.hpp"
#include "registry/turn.hpp"
#include "tracker/mail_rows.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchmill::registry {
namespace {

// Not Patchwork's hash of anything: follow() sees that it is another one, and counts the trailers.
constexpr std::string_view k_not_counted = "";

template <class... Args>
std::optional<Id> one_id(store::Database& database, std::string_view sql, const Args&... args) {
  const auto row = database.one<Id>(sql, args...);
  return row ? std::optional(std::get<0>(*row)) : std::nullopt;
}

void raise_counter(store::Database& database, std::string_view name, std::int64_t value) {
  database.exec(
      "INSERT INTO registry_counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
      " SET value = excluded.value WHERE registry_counters.value < excluded.value",
      name, value);
}

// "under-review" -> "Under Review".
std::string name_of_slug(std::string_view slug) {
  std::string name;
  bool first = true;
  for (const char c : slug) {
    const bool gap = c == '-' || c == '_';
    name += gap ? ' ' : first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    first = gap;
  }
  return name;
}

}  // namespace

void keep_free(store::Database& database, std::string_view table, Id up_to) {
  raise_counter(database, fmt::format("kept free in {}", table), up_to);
}

void release_kept(store::Database& database, std::string_view table) {
  database.exec("DELETE FROM registry_counters WHERE name = ?",
                fmt::format("kept free in {}", table));
}

Adopter::Adopter(store::Database& database, AdoptedCounts& counts)
    : m_database(database), m_change(begin_change(database)), m_counts(counts) {}

Id Adopter::id_for(std::string_view table, Id wanted) {
  if (wanted > 0 &&
      !one_id(m_database, fmt::format("SELECT id FROM {} WHERE id = ?", table), wanted)) {
    return wanted;
  }
  ++m_counts.renumbered;
  return next_id(m_database, table);
}

Id Adopter::project(const Project& project) {
  const std::string key = to_lower(project.link_name);
  auto id = one_id(m_database, "SELECT id FROM registry_projects WHERE link_key = ?", key);
  if (!id) {
    id = id_for("registry_projects", project.id);
    m_database.exec(
        "INSERT INTO registry_projects (id, name, link_name, link_key, list_id, list_email,"
        " subject_match, web_url, scm_url, webscm_url, list_archive_url, list_archive_url_format,"
        " commit_url_format, show_dependencies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *id, project.name, project.link_name, key, project.list_id, project.list_email,
        project.subject_match, project.web_url, project.scm_url, project.webscm_url,
        project.list_archive_url, project.list_archive_url_format, project.commit_url_format,
        project.show_dependencies);
    ++m_counts.projects;
  } else if (*id != project.id) {
    ++m_counts.known;
  }
  for (const User& maintainer : project.maintainers) {
    m_database.exec(
        "INSERT INTO registry_maintainers (project, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        *id, user(maintainer));
  }
  return *id;
}

// Django tells usernames apart by case, and here they are the same in any: two accounts there must
// not become one here, which would have the rights of both.
Id Adopter::user(const User& user) {
  std::string username = user.username;
  std::string key = to_lower(username);
  const auto holder = [&] {
    return m_database.one<Id, std::string>(
        "SELECT id, username FROM registry_users WHERE username_key = ?", key);
  };
  auto known = holder();
  if (known && std::get<1>(*known) != username) {
    const std::string other = std::get<1>(*known);
    username += fmt::format("-{}", user.id);
    key = to_lower(username);
    known = holder();
    if (!known) {
      log::warning("the user {} is taken over as {}: there is {}, who may be somebody else",
                   escape_terminal(user.username), escape_terminal(username),
                   escape_terminal(other));
    }
  }
  if (known) {
    return std::get<0>(*known);
  }
  const Id id = id_for("registry_users", user.id);
  // An address that somebody has is that one's, with the rights of who writes from it.
  const bool taken = !user.email.empty() &&
                     one_id(m_database, "SELECT id FROM registry_users WHERE email_key = ? LIMIT 1",
                            to_lower(user.email));
  const std::string email = taken ? "" : user.email;
  const std::string email_key = to_lower(email);
  const User standard;
  m_database.exec(
      "INSERT INTO registry_users (id, username, username_key, first_name, last_name, email,"
      " email_key, send_email, items_per_page, show_ids) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      id, username, key, user.first_name, user.last_name, email, email_key, standard.send_email,
      standard.items_per_page, standard.show_ids);
  if (!email_key.empty()) {
    m_database.exec("UPDATE registry_people SET user_id = ? WHERE email_key = ?", id, email_key);
  }
  return id;
}

void Adopter::states(const std::vector<State>& states) {
  const bool fresh = !one_id(m_database, "SELECT id FROM registry_patches LIMIT 1");
  if (fresh && !states.empty()) {
    m_database.exec("DELETE FROM registry_states");
  }
  for (const State& state : states) {
    if (m_database.exec("UPDATE registry_states SET name = ?, ordering = ?, action_required = ?"
                        " WHERE slug = ?",
                        state.name, state.ordering, state.action_required, state.slug) == 0) {
      m_database.exec(
          "INSERT INTO registry_states (id, name, slug, ordering, action_required)"
          " VALUES (?, ?, ?, ?, ?)",
          id_for("registry_states", state.id), state.name, state.slug, state.ordering,
          state.action_required);
    }
  }
}

void Adopter::delegation(Id project, const std::vector<std::pair<std::string, User>>& rules) {
  if (one_id(m_database, "SELECT project FROM registry_delegation WHERE project = ? LIMIT 1",
             project)) {
    return;
  }
  std::int64_t position = 0;
  for (const auto& [path, to] : rules) {
    m_database.exec(
        "INSERT INTO registry_delegation (project, position, path, user_id) VALUES (?, ?, ?, ?)",
        project, position++, path, user(to));
  }
}

Id Adopter::person(const Person& person) {
  const std::string key = to_lower(person.email);
  if (const auto id =
          one_id(m_database, "SELECT id FROM registry_people WHERE email_key = ?", key)) {
    return *id;
  }
  const auto owner = person.user ? std::optional(user(*person.user)) : std::nullopt;
  const Id id = id_for("registry_people", person.id);
  m_database.exec(
      "INSERT INTO registry_people (id, name, email, email_key, user_id) VALUES (?, ?, ?, ?, ?)",
      id, person.name, person.email, key,
      owner         ? owner
      : key.empty() ? std::nullopt
                    : one_id(m_database, "SELECT id FROM registry_users WHERE email_key = ?", key));
  note_people_changed(m_database);
  return id;
}

Id Adopter::state(const std::string& slug) {
  if (const auto id = one_id(m_database, "SELECT id FROM registry_states WHERE slug = ?", slug)) {
    return *id;
  }
  if (slug.empty() || slug_of(slug) != slug) {
    return one_id(m_database, "SELECT id FROM registry_states ORDER BY ordering, id LIMIT 1")
        .value_or(1);
  }
  const Id id = next_id(m_database, "registry_states");
  m_database.exec(
      "INSERT INTO registry_states (id, name, slug, ordering, action_required)"
      " VALUES (?, ?, ?, (SELECT COALESCE(MAX(ordering), -1) + 1 FROM registry_states), 0)",
      id, name_of_slug(slug), slug);
  return id;
}

// Which series it is, the tracker says; which id that has, the first of its mails with one.
std::optional<Id> Adopter::series(const AdoptedMail& mail, Id submitter) {
  const std::array<std::int64_t, 1> wanted{mail.message};
  const auto rows = tracker::mail_rows(m_database, wanted);
  const std::int64_t number = rows.empty() ? 0 : rows.front().series;
  const auto stored = [&](std::int64_t of_number, bool gone) {
    const SeriesRef& ref = *mail.series;
    const Id id = id_for("registry_series", ref.id);
    m_database.exec(
        "INSERT INTO registry_series (id, project, number, name, date, submitter, version, total,"
        " cover, completed, gone, changed) VALUES (?, ?, ?, ?, ?, ?, ?, 1, NULL, 0, ?, ?)",
        id, mail.self.project, of_number, ref.name, to_micros(ref.date), submitter, ref.version,
        gone, m_change);
    m_counts.series += gone ? 0 : 1;
    return id;
  };
  const auto here =
      number == 0
          ? std::nullopt
          : one_id(m_database, "SELECT id FROM registry_series WHERE project = ? AND number = ?",
                   mail.self.project, number);
  if (!mail.series) {
    return here;
  }
  // The tracker has in one what was two there: the other id leads to a series nobody lists.
  const auto there =
      one_id(m_database, "SELECT id FROM registry_series WHERE id = ?", mail.series->id);
  if (number == 0 || (here && *here != mail.series->id)) {
    if (!there) {
      stored(-mail.series->id, true);
    }
    return here;
  }
  if (here) {
    return here;
  }
  if (m_database.exec("UPDATE registry_series SET number = ?, gone = 0, changed = ?"
                      " WHERE id = ? AND number = ? AND project = ?",
                      number, m_change, mail.series->id, -mail.series->id,
                      mail.self.project) == 1) {
    return mail.series->id;
  }
  return stored(number, false);
}

Id Adopter::patch(const AdoptedMail& patch) {
  if (const auto id =
          one_id(m_database, "SELECT id FROM registry_patches WHERE project = ? AND message = ?",
                 patch.self.project, patch.message)) {
    ++m_counts.known;
    return *id;
  }
  const Id id = id_for("registry_patches", patch.self.id);
  const Id submitter = person(patch.submitter);
  const auto in = series(patch, submitter);
  const std::array<std::int64_t, 1> wanted{patch.message};
  const auto rows = tracker::mail_rows(m_database, wanted);
  const std::int64_t number = in && !rows.empty() ? std::max(rows.front().number, 0) : 0;
  std::optional<Id> relation;
  if (!patch.related.empty()) {
    relation = std::min(patch.self.id, *std::ranges::min_element(patch.related));
  }
  m_database.exec(
      "INSERT INTO registry_patches (id, project, message, series, number, msgid, date, name,"
      " submitter, hash, pull_url, commit_ref, state, archived, delegate, relation, check_state,"
      " completed, acked, reviewed, tested, changed)"
      " VALUES (?, ?, ?, ?, NULLIF(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0, ?)",
      id, patch.self.project, patch.message, in, number, patch.self.msgid,
      to_micros(patch.self.date), patch.self.name, submitter, k_not_counted, patch.pull_url,
      patch.commit_ref, state(patch.state), patch.archived,
      patch.delegate ? std::optional(user(*patch.delegate)) : std::nullopt, relation,
      CheckState::pending, m_change);
  if (in) {
    m_series.insert(*in);
  }
  ++m_counts.patches;
  return id;
}

Id Adopter::cover(const AdoptedMail& cover) {
  if (const auto id =
          one_id(m_database, "SELECT id FROM registry_covers WHERE project = ? AND message = ?",
                 cover.self.project, cover.message)) {
    ++m_counts.known;
    return *id;
  }
  const Id id = id_for("registry_covers", cover.self.id);
  const Id submitter = person(cover.submitter);
  const auto in = series(cover, submitter);
  m_database.exec(
      "INSERT INTO registry_covers (id, project, message, series, msgid, date, name, submitter,"
      " changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      id, cover.self.project, cover.message, in, cover.self.msgid, to_micros(cover.self.date),
      cover.self.name, submitter, m_change);
  ++m_counts.covers;
  return id;
}

void Adopter::comment(std::string_view what, Id about, const AdoptedComment& comment) {
  if (one_id(
          m_database,
          fmt::format("SELECT id FROM registry_{0}_comments WHERE {0} = ? AND message = ?", what),
          about, comment.message)) {
    ++m_counts.known;
    return;
  }
  const std::string table = fmt::format("registry_{}_comments", what);
  m_database.exec(
      fmt::format("INSERT INTO {} (id, {}, message, msgid, date, subject, submitter, addressed)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  table, what),
      id_for(table, comment.id), about, comment.message, comment.msgid, to_micros(comment.date),
      comment.subject, person(comment.submitter), comment.addressed);
  ++m_counts.comments;
}

void Adopter::patch_comment(Id patch, const AdoptedComment& comment) {
  this->comment("patch", patch, comment);
}

void Adopter::cover_comment(Id cover, const AdoptedComment& comment) {
  this->comment("cover", cover, comment);
}

void Adopter::check(Id patch, const Check& check) {
  const Id who = user(check.user);
  if (one_id(m_database,
             "SELECT id FROM registry_checks WHERE patch = ? AND user_id = ? AND context = ?"
             " AND date = ?",
             patch, who, check.context, to_micros(check.date))) {
    ++m_counts.known;
    return;
  }
  m_database.exec(
      "INSERT INTO registry_checks (id, patch, user_id, date, state, target_url, context,"
      " description) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      id_for("registry_checks", check.id), patch, who, to_micros(check.date), check.state,
      check.target_url, check.context, check.description);
  m_checked.insert(patch);
  ++m_counts.checks;
}

void Adopter::bundle(const Bundle& bundle) {
  const Id owner = user(bundle.owner);
  if (one_id(m_database, "SELECT id FROM registry_bundles WHERE owner = ? AND name = ?", owner,
             bundle.name)) {
    ++m_counts.known;
    return;
  }
  const Id id = id_for("registry_bundles", bundle.id);
  m_database.exec(
      "INSERT INTO registry_bundles (id, project, owner, name, is_public) VALUES (?, ?, ?, ?, ?)",
      id, bundle.project, owner, bundle.name, bundle.is_public);
  std::int64_t position = 0;
  for (const SubmissionRef& patch : bundle.patches) {
    m_database.exec(
        "INSERT INTO registry_bundle_patches (bundle, position, patch) VALUES (?, ?, ?)", id,
        position++, patch.id);
  }
  if (m_database.engine() == store::Engine::postgresql) {
    // Its sequence knows nothing of ids that are given.
    m_database.exec(
        "SELECT setval(pg_get_serial_sequence('registry_bundles', 'id'),"
        " GREATEST(nextval(pg_get_serial_sequence('registry_bundles', 'id')), ?))",
        id);
  }
  ++m_counts.bundles;
}

void Adopter::event(Id id, Timestamp date, const NewEvent& event) {
  if (one_id(m_database, "SELECT id FROM registry_events WHERE id = ?", id)) {
    ++m_counts.known;
    return;
  }
  const auto is_of = [&](std::string_view sql, std::optional<Id> row, std::optional<Id> whose) {
    return !row || (whose && one_id(m_database, sql, *row, *whose));
  };
  if (!is_of("SELECT id FROM registry_series WHERE id = ? AND project = ?", event.series,
             event.project) ||
      !is_of("SELECT id FROM registry_checks WHERE id = ? AND patch = ?", event.check,
             event.patch) ||
      !(event.cover ? is_of("SELECT id FROM registry_cover_comments WHERE id = ? AND cover = ?",
                            event.comment, event.cover)
                    : is_of("SELECT id FROM registry_patch_comments WHERE id = ? AND patch = ?",
                            event.comment, event.patch))) {
    return;
  }
  put_event(m_database, id, date, event);
  m_newest_event = std::max(m_newest_event, id);
  ++m_counts.events;
}

void Adopter::finish() {
  if (m_newest_event > 0) {
    raise_counter(m_database, k_newest_adopted_event, m_newest_event);
  }
  for (const Id patch : m_checked) {
    update_check_state(m_database, m_change, patch);
  }
  // As many as there are were said to be complete there; one more is news here.
  for (const Id series : m_series) {
    m_database.exec(
        "UPDATE registry_series SET completed = (SELECT COUNT(*) FROM registry_patches p"
        " WHERE p.series = registry_series.id), changed = ? WHERE id = ?",
        m_change, series);
  }
}

}  // namespace patchmill::registry
