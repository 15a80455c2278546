#pragma once
// Rows of the registry to test with, put in as they are.

#include "registry/change.hpp"
#include "registry/find.hpp"
#include "registry/get.hpp"
#include "registry/model.hpp"
#include "registry/turn.hpp"
#include "store/database.hpp"
#include "support/store_fixture.hpp"
#include "util/clock.hpp"
#include "util/text.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace patchmill::registry::test {

using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

// So many minutes after 2026-01-01.
inline Timestamp at(int minute) {
  return Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) +
         std::chrono::minutes(minute);
}

struct SeriesRow {
  Id project = 1;
  std::optional<std::string> name = "a series";
  Id submitter = 1;
  int version = 1, total = 1;
  int date = 0;
  std::optional<Id> cover = {};
  bool gone = false;
  std::int64_t number = 0;  // tracker's; 0: as the id
};

struct PatchRow {
  Id project = 1;
  std::optional<Id> series = {};
  std::optional<int> number = {};
  std::string msgid = "";  // empty: made of the id
  int date = 0;
  std::string name = "a patch";
  Id submitter = 1;
  std::optional<std::string> hash = {}, pull_url = {}, commit_ref = {};
  Id state = 1;
  bool archived = false;
  std::optional<Id> delegate = {}, relation = {};
  CheckState check = CheckState::pending;
};

struct CoverRow {
  Id project = 1;
  std::optional<Id> series = {};
  std::string msgid = "";
  int date = 0;
  std::string name = "a cover";
  Id submitter = 1;
};

struct CommentRow {
  Id about = 1;  // patch or cover
  Id submitter = 1;
  int date = 0;
  std::optional<bool> addressed = {};
};

struct CheckRow {
  Id patch = 1;
  Id user = 1;
  int date = 0;
  CheckState state = CheckState::pending;
  std::string context = "default";
  std::optional<std::string> target_url = {}, description = {};
};

struct EventRow {
  Category category = Category::patch_created;
  Id project = 1;
  int date = 0;
  std::optional<Id> actor = {}, patch = {}, cover = {}, series = {}, check = {}, comment = {};
  std::optional<Id> previous = {}, current = {};
};

class Rows {
 public:
  explicit Rows(store::Database& database) : m_db(database) {}

  Id user(const std::string& username, const std::string& email = "") {
    const Id id = next("registry_users");
    m_db.exec(
        "INSERT INTO registry_users (id, username, username_key, first_name, last_name, email,"
        " email_key, send_email, items_per_page, show_ids) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 100, 0)",
        id, username, to_lower(username), "First", "Last", email, to_lower(email));
    return id;
  }
  Id person(const std::string& email, const std::string& name = "",
            std::optional<Id> user = std::nullopt) {
    const Id id = next("registry_people");
    m_db.exec(
        "INSERT INTO registry_people (id, name, email, email_key, user_id) VALUES (?, ?, ?, ?, ?)",
        id, name, email, to_lower(email), user);
    return id;
  }
  Id project(const std::string& link_name, const std::vector<Id>& maintainers = {}) {
    const Id id = next("registry_projects");
    m_db.exec(
        "INSERT INTO registry_projects (id, name, link_name, link_key, list_id, list_email,"
        " subject_match, web_url, scm_url, webscm_url, list_archive_url, list_archive_url_format,"
        " commit_url_format, show_dependencies)"
        " VALUES (?, ?, ?, ?, ?, ?, '', '', '', '', '', '', '', 0)",
        id, "Project " + link_name, link_name, to_lower(link_name), link_name + ".example.org",
        link_name + "@example.org");
    for (const Id user : maintainers) {
      m_db.exec("INSERT INTO registry_maintainers (project, user_id) VALUES (?, ?)", id, user);
    }
    return id;
  }
  Id series(const SeriesRow& row) {
    const Id id = next("registry_series");
    m_db.exec(
        "INSERT INTO registry_series (id, project, number, name, date, submitter, version, total,"
        " cover, completed, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
        id, row.project, row.number != 0 ? row.number : id, row.name, to_micros(at(row.date)),
        row.submitter, row.version, row.total, row.cover, row.gone);
    return id;
  }
  Id patch(const PatchRow& row) {
    const Id id = next("registry_patches");
    m_db.exec(
        "INSERT INTO registry_patches (id, project, message, series, number, msgid, date, name,"
        " submitter, hash, pull_url, commit_ref, state, archived, delegate, relation, check_state,"
        " completed, acked, reviewed, tested)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0)",
        id, row.project, 1000 + id, row.series, row.number,
        row.msgid.empty() ? "p" + std::to_string(id) + "@x" : row.msgid, to_micros(at(row.date)),
        row.name, row.submitter, row.hash, row.pull_url, row.commit_ref, row.state, row.archived,
        row.delegate, row.relation, row.check);
    return id;
  }
  Id cover(const CoverRow& row) {
    const Id id = next("registry_covers");
    m_db.exec(
        "INSERT INTO registry_covers (id, project, message, series, msgid, date, name, submitter)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        id, row.project, 2000 + id, row.series,
        row.msgid.empty() ? "c" + std::to_string(id) + "@x" : row.msgid, to_micros(at(row.date)),
        row.name, row.submitter);
    return id;
  }
  Id patch_comment(const CommentRow& row) { return comment("patch", row); }
  Id cover_comment(const CommentRow& row) { return comment("cover", row); }
  Id check(const CheckRow& row) {
    const Id id = next("registry_checks");
    m_db.exec(
        "INSERT INTO registry_checks (id, patch, user_id, date, state, target_url, context,"
        " description) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        id, row.patch, row.user, to_micros(at(row.date)), row.state, row.target_url, row.context,
        row.description);
    return id;
  }
  Id event(const EventRow& row) {
    const Id id = next("registry_events");
    m_db.exec(
        "INSERT INTO registry_events (id, category, project, date, actor, patch, cover, series,"
        " check_id, comment, previous, current) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id, row.category, row.project, to_micros(at(row.date)), row.actor, row.patch, row.cover,
        row.series, row.check, row.comment, row.previous, row.current);
    return id;
  }

 private:
  Id next(std::string_view table) { return next_id(m_db, table); }
  Id comment(const std::string& about, const CommentRow& row) {
    const std::string table = "registry_" + about + "_comments";
    const Id id = next(table);
    m_db.exec("INSERT INTO " + table + " (id, " + about +
                  ", message, msgid, date, subject, submitter, addressed)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
              id, row.about, 3000 + id, "r" + std::to_string(id) + "@x", to_micros(at(row.date)),
              "Re: it", row.submitter, row.addressed);
    return id;
  }

  store::Database& m_db;
};

using Ids = std::vector<Id>;

inline Id id_of(const Patch& patch) {
  return patch.self.id;
}
inline Id id_of(const Cover& cover) {
  return cover.self.id;
}
inline Id id_of(const Series& series) {
  return series.self.id;
}
template <class T>
Id id_of(const T& value) {
  return value.id;
}

// Ids of a page whose total is the number of its items.
template <class T>
Ids ids_of(const Page<T>& page) {
  Ids ids;
  for (const T& item : page.items) {
    ids.push_back(id_of(item));
  }
  CHECK(page.total == ids.size());
  return ids;
}

template <class T>
Ids ids_of(const std::vector<T>& items) {
  Ids ids;
  for (const T& item : items) {
    ids.push_back(id_of(item));
  }
  return ids;
}

// What no filter knows: overflow, signs, quotes, bytes that are no text.
inline std::vector<std::string> strange_values() {
  return {"",
          "nobody",
          "0",
          "-1",
          "+1",
          "1.0",
          " 1",
          "1 ",
          "999999",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551616",
          "99999999999999999999999999999999",
          "'",
          "' OR '1'='1",
          "1; DROP TABLE registry_patches",
          "%",
          "_",
          "*",
          std::string("1\0", 2),
          "\xff\xfe",
          std::string(100'000, 'x'),
          "\xe2\x80\xae"};
}

}  // namespace patchmill::registry::test
