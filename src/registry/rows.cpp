#include "registry/rows.hpp"

#include "tracker/bulk_query.hpp"

#include <fmt/format.h>

namespace patchmill::registry {
namespace {

template <class T, class Read>
ById<T> read_all(store::Database& database, std::string_view select, std::span<const Id> ids,
                 const Read& read) {
  ById<T> result;
  tracker::each_in<Id>(database, select, ids, [&](const store::Row& row) {
    result.try_emplace(row.integer(0), read(row));
  });
  return result;
}

}  // namespace

User read_user(const store::Row& row, int at) {
  return {row.integer(at),
          row.get<std::string>(at + 1),
          row.get<std::string>(at + 2),
          row.get<std::string>(at + 3),
          row.get<std::string>(at + 4),
          row.get<bool>(at + 5),
          row.get<int>(at + 6),
          row.get<bool>(at + 7)};
}

Person read_person(const store::Row& row, int at) {
  Person person{row.integer(at), row.get<std::string>(at + 1), row.get<std::string>(at + 2), {}};
  if (!row.is_null(at + 3)) {
    person.user = read_user(row, at + 3);
  }
  return person;
}

SubmissionRef read_ref(const store::Row& row, int at) {
  return {row.integer(at), row.integer(at + 1), row.get<std::string>(at + 2),
          from_micros(row.integer(at + 3)), row.get<std::string>(at + 4)};
}

SeriesRef read_series_ref(const store::Row& row, int at) {
  return {row.integer(at), row.integer(at + 1), from_micros(row.integer(at + 2)),
          row.get<std::optional<std::string>>(at + 3), row.get<int>(at + 4)};
}

ById<User> users_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select =
      fmt::format("SELECT {} FROM registry_users u WHERE u.id", k_user_columns);
  return read_all<User>(database, select, ids,
                        [](const store::Row& row) { return read_user(row, 0); });
}

ById<Person> people_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select = fmt::format(
      "SELECT {} FROM registry_people p LEFT JOIN registry_users u ON u.id = p.user_id"
      " WHERE p.id",
      k_person_columns);
  return read_all<Person>(database, select, ids,
                          [](const store::Row& row) { return read_person(row, 0); });
}

ById<SubmissionRef> patch_refs_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select =
      fmt::format("SELECT {} FROM registry_patches m WHERE m.id", k_ref_columns);
  return read_all<SubmissionRef>(database, select, ids,
                                 [](const store::Row& row) { return read_ref(row, 0); });
}

ById<SubmissionRef> cover_refs_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select =
      fmt::format("SELECT {} FROM registry_covers m WHERE m.id", k_ref_columns);
  return read_all<SubmissionRef>(database, select, ids,
                                 [](const store::Row& row) { return read_ref(row, 0); });
}

ById<SeriesRef> series_refs_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select =
      fmt::format("SELECT {} FROM registry_series s WHERE s.id", k_series_ref_columns);
  return read_all<SeriesRef>(database, select, ids,
                             [](const store::Row& row) { return read_series_ref(row, 0); });
}

ById<Project> projects_by_id(store::Database& database, std::span<const Id> ids) {
  auto projects = read_all<Project>(
      database,
      "SELECT id, name, link_name, list_id, list_email, web_url, scm_url, webscm_url,"
      " list_archive_url, list_archive_url_format, commit_url_format, subject_match,"
      " show_dependencies FROM registry_projects WHERE id",
      ids, [](const store::Row& row) {
        Project project;
        project.id = row.integer(0);
        int column = 0;
        for (auto* text : {&project.name, &project.link_name, &project.list_id, &project.list_email,
                           &project.web_url, &project.scm_url, &project.webscm_url,
                           &project.list_archive_url, &project.list_archive_url_format,
                           &project.commit_url_format, &project.subject_match}) {
          *text = row.get<std::string>(++column);
        }
        project.show_dependencies = row.get<bool>(++column);
        return project;
      });
  static const std::string maintainers = fmt::format(
      "SELECT m.project, {} FROM registry_maintainers m JOIN registry_users u ON u.id = m.user_id"
      " WHERE m.project",
      k_user_columns);
  tracker::each_in<Id>(database, maintainers, ids, [&](const store::Row& row) {
    projects[row.integer(0)].maintainers.push_back(read_user(row, 1));
  });
  for (auto& [_, project] : projects) {
    std::sort(project.maintainers.begin(), project.maintainers.end(),
              [](const User& a, const User& b) { return a.id < b.id; });
  }
  return projects;
}

ById<Cover> covers_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select = fmt::format(
      "SELECT {}, {}, m.message, {} FROM registry_covers m"
      " JOIN registry_people p ON p.id = m.submitter"
      " LEFT JOIN registry_users u ON u.id = p.user_id"
      " LEFT JOIN registry_series s ON s.id = m.series WHERE m.id",
      k_ref_columns, k_person_columns, k_series_ref_columns);
  return read_all<Cover>(database, select, ids, [](const store::Row& row) {
    Cover cover;
    cover.self = read_ref(row, 0);
    cover.submitter = read_person(row, k_ref_width);
    cover.message = row.integer(k_ref_width + k_person_width);
    constexpr int at = k_ref_width + k_person_width + 1;
    if (!row.is_null(at)) {
      cover.series = read_series_ref(row, at);
    }
    return cover;
  });
}

ById<Check> checks_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select = fmt::format(
      "SELECT c.id, c.patch, c.date, c.state, c.target_url, c.context, c.description, {}"
      " FROM registry_checks c JOIN registry_users u ON u.id = c.user_id WHERE c.id",
      k_user_columns);
  return read_all<Check>(database, select, ids, [](const store::Row& row) {
    return Check{row.integer(0),          row.integer(1),
                 read_user(row, 7),       from_micros(row.integer(2)),
                 row.get<CheckState>(3),  row.get<std::optional<std::string>>(4),
                 row.get<std::string>(5), row.get<std::optional<std::string>>(6)};
  });
}

namespace {

// `about` is patch or cover.
ById<Comment> comments_by_id(store::Database& database, std::string_view about,
                             std::optional<Id> Comment::* target, std::span<const Id> ids) {
  const std::string select = fmt::format(
      "SELECT c.id, c.{0}, m.project, c.msgid, c.date, c.subject, c.addressed, c.message, {1}"
      " FROM registry_{0}_comments c JOIN registry_{2} m ON m.id = c.{0}"
      " JOIN registry_people p ON p.id = c.submitter"
      " LEFT JOIN registry_users u ON u.id = p.user_id WHERE c.id",
      about, k_person_columns, about == "patch" ? "patches" : "covers");
  return read_all<Comment>(database, select, ids, [&](const store::Row& row) {
    Comment comment;
    comment.id = row.integer(0);
    comment.*target = row.integer(1);
    comment.project = row.integer(2);
    comment.msgid = row.get<std::string>(3);
    comment.date = from_micros(row.integer(4));
    comment.subject = row.get<std::string>(5);
    comment.addressed = row.get<std::optional<bool>>(6);
    comment.message = row.integer(7);
    comment.submitter = read_person(row, 8);
    return comment;
  });
}

}  // namespace

ById<Comment> patch_comments_by_id(store::Database& database, std::span<const Id> ids) {
  return comments_by_id(database, "patch", &Comment::patch, ids);
}

ById<Comment> cover_comments_by_id(store::Database& database, std::span<const Id> ids) {
  return comments_by_id(database, "cover", &Comment::cover, ids);
}

ById<Bundle> bundles_by_id(store::Database& database, std::span<const Id> ids) {
  static const std::string select = fmt::format(
      "SELECT b.id, b.project, b.name, b.is_public, {} FROM registry_bundles b"
      " JOIN registry_users u ON u.id = b.owner WHERE b.id",
      k_user_columns);
  auto bundles = read_all<Bundle>(database, select, ids, [](const store::Row& row) {
    return Bundle{row.integer(0),    row.integer(1),   row.get<std::string>(2),
                  read_user(row, 4), row.get<bool>(3), {}};
  });
  static const std::string patches = fmt::format(
      "SELECT b.bundle, b.position, {} FROM registry_bundle_patches b"
      " JOIN registry_patches m ON m.id = b.patch WHERE b.bundle",
      k_ref_columns);
  ById<std::vector<std::pair<Id, SubmissionRef>>> placed;
  tracker::each_in<Id>(database, patches, ids, [&](const store::Row& row) {
    placed[row.integer(0)].emplace_back(row.integer(1), read_ref(row, 2));
  });
  for (auto& [id, bundle] : bundles) {
    auto& of = placed[id];
    std::sort(of.begin(), of.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [_, patch] : of) {
      bundle.patches.push_back(std::move(patch));
    }
  }
  return bundles;
}

}  // namespace patchmill::registry
