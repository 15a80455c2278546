#include "registry/follow_comments.hpp"

#include "registry/turn.hpp"
#include "tracker/bulk_query.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace patchmill::registry {
namespace {

constexpr const char* const comment_columns =
    ", message, msgid, date, subject, submitter, addressed";

std::optional<bool> addressed_of(const MailMarks& marks) {
  return marks.action_required ? std::optional(false) : std::nullopt;
}

}  // namespace

FollowComments::FollowComments(store::Database& database, FollowRows& rows, FollowPeople& people,
                               FollowEvents& events)
    : m_database(database),
      m_rows(rows),
      m_people(people),
      m_events(events),
      m_fresh_patch(database, "registry_patch_comments",
                    std::string("id, patch") + comment_columns),
      m_fresh_cover(database, "registry_cover_comments",
                    std::string("id, cover") + comment_columns) {}

void FollowComments::load(std::span<const std::int64_t> mails) {
  std::vector<std::int64_t> fresh;
  std::copy_if(mails.begin(), mails.end(), std::back_inserter(fresh),
               [&](std::int64_t mail) { return m_loaded.insert(mail).second; });
  load_comments(fresh);
  tracker::each_in(m_database, "SELECT message, parent FROM registry_waiting WHERE message",
                   std::span<const std::int64_t>(fresh), [&](const store::Row& row) {
                     m_waiting.try_emplace(row.integer(0), row.integer(1));
                     m_stored_waiting.insert(row.integer(0));
                   });
}

void FollowComments::load_comments(std::span<const std::int64_t> mails) {
  std::vector<std::pair<std::int64_t, Id>> patches, covers;
  const auto read = [&](std::string_view select, auto& found) {
    tracker::each_in(m_database, select, mails, [&](const store::Row& row) {
      found.emplace_back(row.integer(0), row.integer(1));
    });
    std::vector<Id> ids;
    std::transform(found.begin(), found.end(), std::back_inserter(ids),
                   [](const auto& comment) { return comment.second; });
    return ids;
  };
  m_rows.load_patches(
      read("SELECT message, patch FROM registry_patch_comments WHERE message", patches));
  m_rows.load_covers(
      read("SELECT message, cover FROM registry_cover_comments WHERE message", covers));
  std::vector<std::int64_t> about;
  for (const auto& [reply, id] : patches) {
    const FollowedPatch* patch = m_rows.patch(id);
    about.push_back(patch->message);
    m_comments[reply].about.insert(patch->message);
    m_comments[reply].patches.insert(id);
  }
  for (const auto& [reply, id] : covers) {
    const FollowedCover* cover = m_rows.cover(id);
    about.push_back(cover->message);
    m_comments[reply].about.insert(cover->message);
    m_comments[reply].covers.insert(id);
  }
  m_rows.load(about, {});  // in all projects
}

std::set<std::int64_t> FollowComments::about(std::int64_t mail) const {
  if (!m_rows.patches_of(mail).empty() || !m_rows.covers_of(mail).empty()) {
    return {mail};
  }
  const auto comment = m_comments.find(mail);
  return comment == m_comments.end() ? std::set<std::int64_t>() : comment->second.about;
}

bool FollowComments::leads_somewhere(std::int64_t mail) const {
  return !about(mail).empty();
}

void FollowComments::take(const tracker::MailRow& reply, const MailMarks& marks,
                          const std::vector<std::int64_t>& ancestors) {
  const auto known = m_comments.find(reply.id);
  std::set<std::int64_t> targets;
  if (known != m_comments.end()) {
    targets = known->second.about;  // where it is, it stays
  }
  for (auto it = ancestors.begin(); targets.empty() && it != ancestors.end(); ++it) {
    targets = about(*it);
  }
  if (targets.empty()) {
    if (!ancestors.empty()) {
      m_waiting.try_emplace(reply.id, ancestors.front());
    }
    return;
  }
  m_waiting.erase(reply.id);
  m_arrived.insert(reply.id);
  for (const std::int64_t mail : targets) {
    m_comments[reply.id].about.insert(mail);
    for (FollowedPatch* patch : m_rows.patches_of(mail)) {
      add_patch_comment(*patch, reply, marks);
    }
    for (FollowedCover* cover : m_rows.covers_of(mail)) {
      add_cover_comment(*cover, reply, marks);
    }
  }
}

void FollowComments::add_patch_comment(FollowedPatch& patch, const tracker::MailRow& reply,
                                       const MailMarks& marks) {
  if (!m_comments[reply.id].patches.insert(patch.id).second) {
    return;
  }
  if (m_next_patch == 0) {
    m_next_patch = next_id(m_database, "registry_patch_comments");
  }
  const Id id = m_next_patch++;
  m_fresh_patch.add(id, patch.id, reply.id, reply.msgid, to_micros(reply.date), reply.subject,
                    m_people.of(reply.from, FollowPeople::Name::newest), addressed_of(marks));
  for (std::size_t tag = 0; tag < marks.tags.size(); ++tag) {
    if (marks.tags[tag] != 0) {
      patch.tags[tag] += marks.tags[tag];
      patch.touch();
    }
  }
  m_events.tell(Category::patch_comment_created, patch.project, {.patch = patch.id, .comment = id});
}

void FollowComments::add_cover_comment(FollowedCover& cover, const tracker::MailRow& reply,
                                       const MailMarks& marks) {
  if (!m_comments[reply.id].covers.insert(cover.id).second) {
    return;
  }
  if (m_next_cover == 0) {
    m_next_cover = next_id(m_database, "registry_cover_comments");
  }
  const Id id = m_next_cover++;
  m_fresh_cover.add(id, cover.id, reply.id, reply.msgid, to_micros(reply.date), reply.subject,
                    m_people.of(reply.from, FollowPeople::Name::newest), addressed_of(marks));
  m_events.tell(Category::cover_comment_created, cover.project, {.cover = cover.id, .comment = id});
}

std::vector<std::int64_t> FollowComments::released() {
  const std::set<std::int64_t> arrived = std::exchange(m_arrived, {});
  std::set<std::int64_t> replies;
  for (const auto& [reply, parent] : m_waiting) {
    if (arrived.contains(parent)) {
      replies.insert(reply);
    }
  }
  const std::vector<std::int64_t> parents(arrived.begin(), arrived.end());
  tracker::each_in(m_database, "SELECT message FROM registry_waiting WHERE parent",
                   std::span<const std::int64_t>(parents), [&](const store::Row& row) {
                     const std::int64_t reply = row.integer(0);
                     // What was loaded is in m_waiting, unless it waits no more.
                     if (!m_loaded.contains(reply)) {
                       replies.insert(reply);
                     }
                   });
  add_replies_again(replies);
  return {replies.begin(), replies.end()};
}

void FollowComments::add_replies_again(std::set<std::int64_t>& replies) {
  for (const std::int64_t mail : std::exchange(m_again, {})) {
    for (const FollowedPatch* patch : m_rows.patches_of(mail)) {
      const auto found = comments_of(patch->id);
      replies.insert(found.begin(), found.end());
    }
    for (const FollowedCover* cover : m_rows.covers_of(mail)) {
      m_database.each(
          "SELECT message FROM registry_cover_comments WHERE cover = ?",
          [&](const store::Row& row) { replies.insert(row.integer(0)); }, cover->id);
    }
  }
}

std::vector<std::int64_t> FollowComments::comments_of(Id patch) {
  std::vector<std::int64_t> replies;
  m_database.each(
      "SELECT message FROM registry_patch_comments WHERE patch = ?",
      [&](const store::Row& row) { replies.push_back(row.integer(0)); }, patch);
  return replies;
}

void FollowComments::flush() {
  m_fresh_patch.flush();
  m_fresh_cover.flush();
  store::BulkInsert waiting(m_database, "registry_waiting", "message, parent");
  for (const auto& [reply, parent] : m_waiting) {
    if (m_stored_waiting.insert(reply).second) {
      waiting.add(reply, parent);
    }
  }
  for (const std::int64_t reply : m_stored_waiting) {
    if (!m_waiting.contains(reply)) {
      m_database.exec("DELETE FROM registry_waiting WHERE message = ?", reply);
    }
  }
  waiting.flush();
}

}  // namespace patchmill::registry
