#pragma once
// A registry with as many patches as one likes, put in as rows.

#include "registry/model.hpp"
#include "store/database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>

namespace patchmill::bench {

using registry::Category;

inline constexpr std::int64_t k_projects = 12, k_people = 20'000, k_users = 50;

inline void fill_names(store::Database& database) {
  for (std::int64_t i = 1; i <= k_users; ++i) {
    database.exec(
        "INSERT INTO registry_users (id, username, username_key, first_name, last_name, email,"
        " email_key, send_email, items_per_page, show_ids)"
        " VALUES (?, ?, ?, '', '', ?, ?, 0, 100, 0)",
        i, fmt::format("user{}", i), fmt::format("user{}", i), fmt::format("user{}@x", i),
        fmt::format("user{}@x", i));
  }
  for (std::int64_t i = 1; i <= k_people; ++i) {
    const auto mail = fmt::format("person{}@example.org", i);
    database.exec("INSERT INTO registry_people (id, name, email, email_key) VALUES (?, ?, ?, ?)", i,
                  fmt::format("Person {}", i), mail, mail);
  }
  for (std::int64_t i = 1; i <= k_projects; ++i) {
    const auto name = fmt::format("list{}", i);
    database.exec(
        "INSERT INTO registry_projects (id, name, link_name, link_key, list_id, list_email,"
        " subject_match, web_url, scm_url, webscm_url, list_archive_url, list_archive_url_format,"
        " commit_url_format, show_dependencies)"
        " VALUES (?, ?, ?, ?, '', '', '', '', '', '', '', '', '', 0)",
        i, name, name, name);
    database.exec("INSERT INTO registry_maintainers (project, user_id) VALUES (?, 1)", i);
  }
}

// Series of five patches, three events a patch; a fifth of the mails is older than those before.
inline void fill_patches(store::Database& database, std::int64_t patches) {
  store::Transaction transaction(database);
  fill_names(database);
  std::mt19937_64 random(20260105);
  const auto pick = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  std::int64_t series = 0, event = 0, project = 1, submitter = 1;
  for (std::int64_t id = 1; id <= patches; ++id) {
    const std::int64_t date =
        1'500'000'000'000'000 + id * 200'000'000 - (pick(5) == 0 ? pick(86'400'000'000) : 0);
    const auto add_event = [&](Category category) {
      database.exec(
          "INSERT INTO registry_events (id, category, project, date, patch, series)"
          " VALUES (?, ?, ?, ?, ?, ?)",
          ++event, category, project, 1'500'000'000'000'000 + id * 200'000'000, id, series);
    };
    if (id % 5 == 1) {
      ++series;
      project = 1 + std::min(pick(k_projects), pick(k_projects));
      submitter = 1 + std::min(pick(k_people), pick(k_people));
      database.exec(
          "INSERT INTO registry_series (id, project, number, name, date, submitter, version, total,"
          " completed, gone) VALUES (?, ?, ?, ?, ?, ?, 1, 5, 5, 0)",
          series, project, series, fmt::format("drivers: rework part {} of it", series), date,
          submitter);
      add_event(Category::series_created);
    }
    database.exec(
        "INSERT INTO registry_patches (id, project, message, series, number, msgid, date, name,"
        " submitter, hash, state, archived, delegate, check_state, completed, acked, reviewed,"
        " tested) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 0, 0)",
        id, project, id, series, 1 + (id - 1) % 5,
        fmt::format("2026.{}.{}@example.org", series, id), date,
        fmt::format("[{}/5] net: subsystem{}: do not use thing {} twice", id % 5, id % 97, id),
        submitter, fmt::format("{:040x}", id), 1 + pick(10), pick(10) < 8 ? 1 : 0,
        pick(4) == 0 ? std::optional<std::int64_t>(1 + pick(k_users)) : std::nullopt, pick(4));
    add_event(Category::patch_created);
    add_event(Category::patch_completed);
  }
  transaction.commit();
}

}  // namespace patchmill::bench
