#include "registry/follow_mails.hpp"

#include "registry/writing.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace patchmill::registry {
namespace {

using tracker::MailRow;
using tracker::MessageKind;

bool is_patch(const MailRow& mail) {
  return mail.kind == MessageKind::patch || mail.kind == MessageKind::pull_request;
}

// Up to this mail the tracker's hashes of diffs are of an earlier making (migration 0024).
std::int64_t old_hashes_up_to(store::Database& database) {
  const auto value = database.one<std::int64_t>(
      "SELECT value FROM registry_counters WHERE name = 'hash read anew up to mail'");
  return value ? std::get<0>(*value) : 0;
}

std::optional<std::string> text_or_none(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

FollowMails::FollowMails(store::Database& database, const store::BlobStore& blobs,
                         const FollowRules& rules, Timestamp now)
    : m_database(database),
      m_change(begin_change(database)),
      m_old_hashes(old_hashes_up_to(database)),
      m_blobs(blobs),
      m_rules(rules),
      m_events(database, now),
      m_people(database, rules),
      m_rows(database),
      m_series(m_rows, m_people, m_events),
      m_comments(database, m_rows, m_people, m_events) {}

void FollowMails::run(std::vector<std::int64_t> mails, const std::set<std::int64_t>& series) {
  std::set<std::int64_t> seen;
  std::erase_if(mails, [&](std::int64_t mail) { return !seen.insert(mail).second; });
  while (!mails.empty()) {
    take_all(mails);
    mails = m_comments.released();
  }
  resync(series);
  m_people.flush();
  m_rows.flush(m_change);
  m_comments.flush();
  recount();
  m_events.flush();
}

void FollowMails::read_mails(std::span<const std::int64_t> mails) {
  std::vector<std::int64_t> unread;
  std::copy_if(mails.begin(), mails.end(), std::back_inserter(unread),
               [&](std::int64_t mail) { return !m_mails.contains(mail); });
  for (MailRow& mail : tracker::mail_rows(m_database, unread)) {
    m_mails.insert_or_assign(mail.id, std::move(mail));
  }
}

void FollowMails::know_series(std::span<const std::int64_t> numbers) {
  std::vector<std::int64_t> unknown;
  std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(unknown),
               [&](std::int64_t number) { return !m_series.knows(number); });
  std::vector<mail::Address> submitters;
  for (tracker::SeriesRow& series : tracker::series_rows(m_database, unknown)) {
    submitters.push_back(series.submitter);
    m_series.know(std::move(series));
  }
  m_people.load(submitters);
}

void FollowMails::take_all(const std::vector<std::int64_t>& mails) {
  read_mails(mails);
  std::vector<std::int64_t> related = mails;
  std::set<std::int64_t> numbers;
  std::vector<mail::Address> people;
  for (const std::int64_t id : mails) {
    const auto mail = m_mails.find(id);
    if (mail == m_mails.end()) {
      continue;
    }
    people.push_back(mail->second.from);
    if (mail->second.series != 0) {
      numbers.insert(mail->second.series);
    }
    if (mail->second.parent) {
      related.push_back(*mail->second.parent);
    }
  }
  const std::vector<std::int64_t> touched(numbers.begin(), numbers.end());
  m_people.load(people);
  know_series(touched);
  m_rows.load(related, touched);
  m_comments.load(related);
  read_marks_of(mails);
  for (const std::int64_t id : mails) {
    const auto found = m_mails.find(id);
    if (found == m_mails.end()) {
      continue;
    }
    const MailRow& mail = found->second;
    if (is_patch(mail)) {
      take_patch(mail);
    } else if (mail.kind == MessageKind::cover) {
      take_cover(mail);
    } else if (mail.kind == MessageKind::reply) {
      m_comments.take(mail, m_marks[id], m_ancestors[id]);
    }
  }
}

// Reads what mails say, and finds the mails that replies answer.
void FollowMails::read_marks_of(const std::vector<std::int64_t>& mails) {
  const std::set<std::int64_t> together(mails.begin(), mails.end());
  std::unordered_map<std::int64_t, MarksWanted> wanted;
  std::vector<std::int64_t> read;
  for (const std::int64_t id : mails) {
    const auto found = m_mails.find(id);
    if (found == m_mails.end() || found->second.kind == MessageKind::unusable ||
        found->second.kind == MessageKind::cover) {
      continue;
    }
    const MailRow& mail = found->second;
    MarksWanted& marks = wanted[id];
    if (is_patch(mail)) {
      if (m_rules.projects_of(mail).empty()) {
        continue;
      }
      marks.pull_url = mail.kind == MessageKind::pull_request;
      marks.paths = m_rules.delegates_by_path();
      marks.hash = mail.patch_hash && id <= m_old_hashes;
    } else {
      if (!mail.parent) {
        continue;
      }
      m_ancestors[id] = {*mail.parent};
      marks.ancestors =
          !together.contains(*mail.parent) && !m_comments.leads_somewhere(*mail.parent);
    }
    read.push_back(id);
  }
  std::vector<std::string> msgids;
  std::vector<std::int64_t> asked_by;
  tracker::each_raw(m_database, m_blobs, read,
                    [&](std::int64_t id, const Result<std::string>& raw) {
                      if (!raw) {
                        return;  // the mail is lost; what the tables know of it stays
                      }
                      MailMarks marks = read_marks(*raw, m_rules.tags(), wanted[id]);
                      for (std::string& msgid : marks.ancestors) {
                        msgids.push_back(std::move(msgid));
                        asked_by.push_back(id);
                      }
                      marks.ancestors.clear();
                      m_marks[id] = std::move(marks);
                    });
  const std::vector<std::int64_t> found = tracker::mails_with_ids(m_database, msgids);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] != 0) {
      m_ancestors[asked_by[i]].push_back(found[i]);
    }
  }
  m_rows.load(found, {});
  m_comments.load(found);
}

void FollowMails::renew(FollowedMail& row, const MailRow& mail) {
  const Id submitter = m_people.of(mail.from, FollowPeople::Name::newest);
  if (row.row != RowState::fresh && row.date == mail.date && row.submitter == submitter) {
    return;
  }
  row.msgid = mail.msgid;
  row.date = mail.date;
  row.name = mail.name;
  row.submitter = submitter;
  row.touch();
}

void FollowMails::take_patch(const MailRow& mail) {
  const auto before = m_rows.patches_of(mail.id);
  const MailMarks& marks = m_marks[mail.id];
  const auto& hash = marks.hash ? marks.hash : mail.patch_hash;
  for (const Id project : m_rules.projects_of(mail)) {
    const auto same = std::find_if(before.begin(), before.end(), [&](const FollowedPatch* patch) {
      return patch->project == project;
    });
    FollowedPatch& patch = same != before.end() ? **same : m_rows.add_patch(project, mail.id);
    renew(patch, mail);
    if (patch.row == RowState::fresh) {
      patch.hash = hash;
      patch.pull_url = text_or_none(marks.pull_url);
      patch.tags = marks.tags;
      patch.state = m_rules.state_of(marks.state);
      patch.delegate = m_rules.delegate_of(project, marks);
      if (m_rules.ignores_delegate(project, marks)) {
        log::info(
            "patch {}, mail <{}>: X-Patchwork-Delegate is ignored: '{}' is no maintainer of its "
            "project",
            patch.id, ellipsize(mail.msgid, 200), ellipsize(marks.delegate, 100));
      }
      m_events.tell(Category::patch_created, project, {.patch = patch.id});
      if (!before.empty()) {
        m_comments.joined(mail.id);
      }
    } else if (patch.hash != hash) {
      // The whole mail took the place of one that was cut off.
      patch.hash = hash;
      patch.touch();
      m_recount.insert(patch.id);
    }
    m_series.place(patch, mail);
  }
  m_comments.arrived(mail.id);
}

void FollowMails::take_cover(const MailRow& mail) {
  const auto before = m_rows.covers_of(mail.id);
  for (const Id project : m_rules.projects_of(mail)) {
    m_series.in_project(project, mail.series);  // the series comes first, as in Patchwork
    const auto same = std::find_if(before.begin(), before.end(), [&](const FollowedCover* cover) {
      return cover->project == project;
    });
    FollowedCover& cover = same != before.end() ? **same : m_rows.add_cover(project, mail.id);
    renew(cover, mail);
    if (cover.row == RowState::fresh) {
      m_events.tell(Category::cover_created, project, {.cover = cover.id});
      if (!before.empty()) {
        m_comments.joined(mail.id);
      }
    }
    m_series.place(cover, mail);
  }
  m_comments.arrived(mail.id);
}

void FollowMails::resync(const std::set<std::int64_t>& series) {
  const std::vector<std::int64_t> numbers(series.begin(), series.end());
  const std::vector<std::int64_t> mails = tracker::mails_of_series(m_database, numbers);
  read_mails(mails);
  know_series(numbers);
  m_rows.load(mails, numbers);
  for (const std::int64_t id : mails) {
    const auto mail = m_mails.find(id);
    if (mail == m_mails.end()) {
      continue;
    }
    for (FollowedPatch* patch : m_rows.patches_of(id)) {
      m_series.place(*patch, mail->second);
    }
    for (FollowedCover* cover : m_rows.covers_of(id)) {
      m_series.place(*cover, mail->second);
    }
  }
  for (const std::int64_t number : numbers) {
    m_series.refresh(number);
  }
}

void FollowMails::recount() {
  for (const Id id : std::exchange(m_recount, {})) {
    FollowedPatch& patch = *m_rows.patch(id);
    std::vector<std::int64_t> mails = m_comments.comments_of(id);
    mails.push_back(patch.message);
    patch.tags = {};
    tracker::each_raw(
        m_database, m_blobs, mails, [&](std::int64_t /*mail*/, const Result<std::string>& raw) {
          const MailMarks marks = raw ? read_marks(*raw, m_rules.tags(), {}) : MailMarks{};
          for (std::size_t tag = 0; tag < marks.tags.size(); ++tag) {
            patch.tags[tag] += marks.tags[tag];
          }
        });
    patch.touch();
  }
  m_rows.flush(m_change);
}

}  // namespace patchmill::registry
