#pragma once
// Puts the data of a test into the registry's tables as it is.

#include "fake_registry.hpp"
#include "registry/check_state.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/message_store.hpp"

#include <string>

namespace patchmill::api::patchwork::test {

inline std::optional<Id> id_of(const auto& thing) {
  return thing ? std::optional<Id>(thing->id) : std::nullopt;
}

inline void put(store::Database& db, const reg::Check& check) {
  db.exec(
      "INSERT INTO registry_checks (id, patch, user_id, date, state, target_url, context,"
      " description) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      check.id, check.patch, check.user.id, to_micros(check.date), check.state, check.target_url,
      check.context, check.description);
}

inline void put(store::Database& db, const reg::Event& event) {
  const auto of_slug = [&](const std::string& slug) -> std::optional<Id> {
    const auto row = db.one<Id>("SELECT id FROM registry_states WHERE slug = ?", slug);
    return row ? std::optional(std::get<0>(*row)) : std::nullopt;
  };
  const bool state = event.category == reg::Category::patch_state_changed;
  db.exec(
      "INSERT INTO registry_events (id, category, project, date, actor, patch, cover, series,"
      " check_id, comment, previous, current) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      event.id, event.category, event.project, to_micros(event.date), id_of(event.actor),
      id_of(event.patch), id_of(event.cover), id_of(event.series), id_of(event.check),
      id_of(event.comment), state ? of_slug(event.previous_state) : id_of(event.previous_delegate),
      state ? of_slug(event.current_state) : id_of(event.current_delegate));
}

inline void fill(store::Database& db, store::BlobStore& blobs, const Data& d) {
  for (const auto& user : d.users) {
    db.exec(
        "INSERT INTO registry_users (id, username, username_key, first_name, last_name, email,"
        " email_key, send_email, items_per_page, show_ids) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 100, 0)",
        user.id, user.username, to_lower(user.username), user.first_name, user.last_name,
        user.email, to_lower(user.email));
  }
  for (const auto& person : d.people) {
    db.exec(
        "INSERT INTO registry_people (id, name, email, email_key, user_id) VALUES (?, ?, ?, ?, ?)",
        person.id, person.name, person.email, to_lower(person.email), id_of(person.user));
  }
  for (const auto& p : d.projects) {
    db.exec(
        "INSERT INTO registry_projects (id, name, link_name, link_key, list_id, list_email,"
        " subject_match, web_url, scm_url, webscm_url, list_archive_url, list_archive_url_format,"
        " commit_url_format, show_dependencies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        p.id, p.name, p.link_name, to_lower(p.link_name), p.list_id, p.list_email, p.subject_match,
        p.web_url, p.scm_url, p.webscm_url, p.list_archive_url, p.list_archive_url_format,
        p.commit_url_format, p.show_dependencies);
    for (const auto& user : p.maintainers) {
      db.exec("INSERT INTO registry_maintainers (project, user_id) VALUES (?, ?)", p.id, user.id);
    }
  }
  for (const auto& s : d.series) {
    db.exec(
        "INSERT INTO registry_series (id, project, number, name, date, submitter, version, total,"
        " cover, completed, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
        s.self.id, s.self.project, 1000 + s.self.id, s.self.name, to_micros(s.self.date),
        s.submitter.id, s.self.version, s.total, id_of(s.cover));
    int position = 0;
    for (const Id other : s.dependencies) {
      db.exec(
          "INSERT INTO series_dependencies (series, position, kind, target, lookup, resolved,"
          " reason) VALUES (?, ?, 0, '', '', ?, '')",
          1000 + s.self.id, ++position, 1000 + other);
    }
  }
  for (const auto& p : d.patches) {
    std::optional<int> number = p.number;
    for (const auto& s : d.series) {
      for (std::size_t i = 0; i < s.patches.size(); ++i) {
        if (s.patches[i].id == p.self.id) {
          number = static_cast<int>(i) + 1;
        }
      }
    }
    const auto state = db.one<Id>("SELECT id FROM registry_states WHERE slug = ?", p.state);
    db.exec(
        "INSERT INTO registry_patches (id, project, message, series, number, msgid, date, name,"
        " submitter, hash, pull_url, commit_ref, state, archived, delegate, relation, check_state,"
        " completed, acked, reviewed, tested)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0)",
        p.self.id, p.self.project, p.message, id_of(p.series), number, p.self.msgid,
        to_micros(p.self.date), p.self.name, p.submitter.id, p.hash, p.pull_url, p.commit_ref,
        std::get<0>(*state), p.archived, id_of(p.delegate), std::optional<Id>(), p.check);
  }
  for (const auto& c : d.covers) {
    db.exec(
        "INSERT INTO registry_covers (id, project, message, series, msgid, date, name, submitter)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        c.self.id, c.self.project, c.message, id_of(c.series), c.self.msgid, to_micros(c.self.date),
        c.self.name, c.submitter.id);
  }
  const auto comments = [&](const std::vector<reg::Comment>& all, const std::string& about) {
    for (const auto& c : all) {
      db.exec("INSERT INTO registry_" + about + "_comments (id, " + about +
                  ", message, msgid, date, subject, submitter, addressed)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              c.id, c.patch ? *c.patch : *c.cover, c.message, c.msgid, to_micros(c.date), c.subject,
              c.submitter.id, c.addressed);
    }
  };
  comments(d.patch_comments, "patch");
  comments(d.cover_comments, "cover");
  tracker::MessageStore messages(db, blobs);
  for (const auto& [id, raw] : d.mails) {
    tracker::NewMessage message;
    message.id = id;
    message.raw = raw;
    messages.insert(message, d.now, blobs);
  }
}

}  // namespace patchmill::api::patchwork::test
