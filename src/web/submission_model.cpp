#include "web/submission_model.hpp"

#include "registry/comment_text.hpp"
#include "tracker/mail_rows.hpp"
#include "tracker/queries.hpp"
#include "util/text.hpp"
#include "web/patch_model.hpp"

#include <algorithm>
#include <unordered_map>

namespace patchmill::web {
namespace {

using registry::Id;

constexpr std::uint64_t k_check_pages = 4;
constexpr std::uint64_t k_checks_a_page = 250;
constexpr std::uint64_t k_most_comments = 200;
constexpr std::size_t k_longest_comment = 64u << 10;
constexpr std::int64_t k_most_bytes = 16 << 20;  // of mails read for one page
constexpr std::size_t k_most_submissions = 50;
constexpr std::size_t k_deepest_reply = 6;

void read_texts(store::Database& database, const store::BlobStore& blobs,
                std::vector<CommentRow>& rows) {
  tracker::Queries queries(database, blobs);
  std::int64_t bytes = 0;
  for (CommentRow& row : rows) {
    const auto size = database.one<std::int64_t>("SELECT raw_size FROM messages WHERE id = ?",
                                                 row.comment.message);
    bytes += size ? std::get<0>(*size) : 0;
    if (!size || bytes > k_most_bytes) {
      row.whole = false;
      continue;
    }
    const auto raw = queries.raw(row.comment.message);
    if (!raw) {
      row.whole = false;
      continue;
    }
    row.text = registry::comment_text(*raw);
    row.whole = row.text.size() <= k_longest_comment;
    row.text = ellipsize(mend_utf8(row.text), k_longest_comment);
  }
}

void read_comments(store::Database& database, const store::BlobStore& blobs,
                   SubmissionModel& model) {
  const registry::PageAsked first{1, k_most_comments};
  const registry::Order by_date{"date", false};
  auto page = model.patch ? registry::find_patch_comments(database, model.self.id, by_date, first)
                          : registry::find_cover_comments(database, model.self.id, by_date, first);
  model.more_comments = page.total - page.items.size();
  std::vector<std::int64_t> mails;
  for (const auto& comment : page.items) {
    mails.push_back(comment.message);
  }
  std::unordered_map<std::int64_t, std::int64_t> parent_of;
  for (const auto& mail : tracker::mail_rows(database, mails)) {
    parent_of.emplace(mail.id, mail.parent.value_or(0));
  }
  std::vector<std::int64_t> parents;
  for (const auto mail : mails) {
    const auto found = parent_of.find(mail);
    parents.push_back(found == parent_of.end() ? 0 : found->second);
  }
  model.comments = as_thread(std::move(page.items), parents);
  read_texts(database, blobs, model.comments);
}

void read_checks(store::Database& database, SubmissionModel& model) {
  std::vector<registry::Check> checks;
  registry::CheckFilter newest_first;
  newest_first.order = {"id", true};
  for (std::uint64_t at = 1; at <= k_check_pages; ++at) {
    auto page = registry::find_checks(database, model.self.id, newest_first, {at, k_checks_a_page});
    std::move(page.items.begin(), page.items.end(), std::back_inserter(checks));
    if (checks.size() >= page.total) {
      break;
    }
  }
  model.checks = newest_checks(std::move(checks));
}

void read_series(store::Database& database, const store::BlobStore& blobs, const Clock& clock,
                 std::int64_t message, SubmissionModel& model) {
  tracker::Queries queries(database, blobs);
  const std::int64_t number = model.series->number;
  auto numbers = queries.revisions(number);
  if (numbers.size() > k_most_submissions) {
    numbers.erase(numbers.begin(), numbers.end() - static_cast<std::ptrdiff_t>(k_most_submissions));
  }
  model.revisions = read_rows(database, numbers);
  const auto place = database.one<std::int64_t>(
      "SELECT number FROM series_patches WHERE series = ? AND mail = ?", number, message);
  if (!place) {
    return;
  }
  model.number = static_cast<int>(std::get<0>(*place));
  if (auto own = read_patch(database, blobs, clock, number, *model.number)) {
    model.about = std::move(own->about);
  }
}

}  // namespace

std::vector<CommentRow> as_thread(std::vector<registry::Comment> comments,
                                  const std::vector<std::int64_t>& parents) {
  std::unordered_map<std::int64_t, std::size_t> index;
  for (std::size_t i = 0; i < comments.size(); ++i) {
    index.emplace(comments[i].message, i);
  }
  std::vector<std::vector<std::size_t>> answers(comments.size());
  std::vector<std::size_t> roots;
  std::vector<bool> shown(comments.size());
  for (std::size_t i = 0; i < comments.size(); ++i) {
    const auto parent = index.find(parents[i]);
    (parent == index.end() || parent->second == i ? roots : answers[parent->second]).push_back(i);
  }
  std::vector<CommentRow> rows;
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // comment, depth
  const auto walk = [&](std::size_t root) {
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      const auto [at, depth] = stack.back();
      stack.pop_back();
      if (shown[at]) {
        continue;
      }
      shown[at] = true;
      for (auto answer = answers[at].rbegin(); answer != answers[at].rend(); ++answer) {
        stack.emplace_back(*answer, depth + 1);
      }
      CommentRow row;
      row.comment = std::move(comments[at]);
      row.depth = std::min(depth, k_deepest_reply);
      rows.push_back(std::move(row));
    }
  };
  std::for_each(roots.begin(), roots.end(), walk);
  for (std::size_t i = 0; i < comments.size(); ++i) {  // mails that answer each other in a circle
    walk(i);
  }
  return rows;
}

std::optional<SubmissionModel> read_submission(store::Database& database,
                                               const store::BlobStore& blobs, const Clock& clock,
                                               const registry::Project& project,
                                               const std::string& msgid, bool cover) {
  SubmissionModel model{project, {}, {}, {}, {}, fail(ErrorKind::not_found, ""), {}, {},
                        {},      {}, {}, {}, 0};
  std::int64_t message = 0;
  std::optional<Id> series;
  if (cover) {
    auto found = registry::cover(database, project.id, msgid);
    if (!found) {
      return std::nullopt;
    }
    model.self = found->self;
    model.submitter = found->submitter;
    message = found->message;
    series = found->series ? std::optional(found->series->id) : std::nullopt;
  } else {
    auto found = registry::patch(database, project.id, msgid);
    if (!found) {
      return std::nullopt;
    }
    model.self = found->self;
    model.submitter = found->submitter;
    message = found->message;
    series = found->series ? std::optional(found->series->id) : std::nullopt;
    model.state = found->state;
    for (const auto& state : registry::states(database)) {
      if (state.slug == found->state) {
        model.state = state.name;
      }
    }
    PatchRow row{*std::move(found), project.link_name, {}, {}};
    read_marks(database, std::span(&row, 1));
    model.patch = std::move(row);
    read_checks(database, model);
  }
  model.message = tracker::Queries(database, blobs).parsed(message);
  if (series) {
    model.series = registry::series(database, *series);
  }
  if (model.series) {
    read_series(database, blobs, clock, message, model);
  }
  read_comments(database, blobs, model);
  return model;
}

}  // namespace patchmill::web
