#include "registry/follow_rows.hpp"

#include "registry/turn.hpp"
#include "store/bulk_insert.hpp"
#include "tracker/bulk_query.hpp"

#include <algorithm>

namespace patchmill::registry {

void FollowedSeries::count_on() {
  while (true) {
    const auto next = patches.lower_bound({unbroken + 1, nullptr});
    if ((next == patches.end() || next->first != unbroken + 1) && !carried.contains(unbroken + 1)) {
      return;
    }
    ++unbroken;
  }
}

void FollowedSeries::carry(const std::set<int>& numbers) {
  if (carried != numbers) {
    carried = numbers;
    unbroken = 0;
    count_on();
  }
}

bool FollowedSeries::whole() const {
  return !patches.empty() && patches.size() + carried.size() >= static_cast<std::size_t>(total);
}

void FollowedSeries::attach(FollowedPatch& patch) {
  const int place = patch.number.value_or(1);
  patch.series = id;
  patches.emplace(place, &patch);
  told = patch.completed ? told : std::min(told, place - 1);
  count_on();
}

void FollowedSeries::detach(FollowedPatch& patch) {
  const int place = patch.number.value_or(1);
  patches.erase({place, &patch});
  patch.series.reset();
  unbroken = std::min(unbroken, place - 1);
  count_on();
  // It can be completed once more.
  if (completed > 0 && !whole()) {
    completed = 0;
    touch();
  }
}

FollowRows::FollowRows(store::Database& database) : m_database(database) {}

FollowedPatch& FollowRows::keep(FollowedPatch patch) {
  FollowedPatch& kept = m_patches.emplace_back(std::move(patch));
  m_patch_by_id[kept.id] = &kept;
  m_patch_by_mail.emplace(kept.message, &kept);
  return kept;
}

FollowedCover& FollowRows::keep(FollowedCover cover) {
  FollowedCover& kept = m_covers.emplace_back(std::move(cover));
  m_cover_by_id[kept.id] = &kept;
  m_cover_by_mail.emplace(kept.message, &kept);
  return kept;
}

FollowedSeries& FollowRows::keep(FollowedSeries series) {
  FollowedSeries& kept = m_series.emplace_back(std::move(series));
  m_series_by_id[kept.id] = &kept;
  m_series_by_number[{kept.number, kept.project}] = &kept;
  return kept;
}

template <class Key>
void FollowRows::read_patches(std::string_view where, std::span<const Key> keys) {
  std::string sql(
      "SELECT id, project, message, series, msgid, name, date, submitter, number, hash, pull_url,"
      " completed, acked, reviewed, tested FROM registry_patches WHERE ");
  sql += where;
  tracker::each_in(m_database, sql, keys, [&](const store::Row& row) {
    if (m_patch_by_id.contains(row.integer(0))) {
      return;
    }
    FollowedPatch patch;
    patch.id = row.integer(0);
    patch.project = row.integer(1);
    patch.message = row.integer(2);
    patch.series = row.get<std::optional<Id>>(3);
    patch.msgid = row.text(4);
    patch.name = row.text(5);
    patch.date = from_micros(row.integer(6));
    patch.submitter = row.integer(7);
    patch.number = row.get<std::optional<int>>(8);
    patch.hash = row.get<std::optional<std::string>>(9);
    patch.pull_url = row.get<std::optional<std::string>>(10);
    patch.completed = row.get<bool>(11);
    patch.tags = {row.get<int>(12), row.get<int>(13), row.get<int>(14)};
    keep(std::move(patch));
  });
}

template <class Key>
void FollowRows::read_covers(std::string_view where, std::span<const Key> keys) {
  std::string sql(
      "SELECT id, project, message, series, msgid, name, date, submitter FROM registry_covers"
      " WHERE ");
  sql += where;
  tracker::each_in(m_database, sql, keys, [&](const store::Row& row) {
    if (m_cover_by_id.contains(row.integer(0))) {
      return;
    }
    FollowedCover cover;
    cover.id = row.integer(0);
    cover.project = row.integer(1);
    cover.message = row.integer(2);
    cover.series = row.get<std::optional<Id>>(3);
    cover.msgid = row.text(4);
    cover.name = row.text(5);
    cover.date = from_micros(row.integer(6));
    cover.submitter = row.integer(7);
    keep(std::move(cover));
  });
}

template <class Key>
void FollowRows::read_series(std::string_view where, std::span<const Key> keys) {
  std::string sql(
      "SELECT id, project, number, name, date, submitter, version, total, cover, completed, gone"
      " FROM registry_series WHERE ");
  sql += where;
  tracker::each_in(m_database, sql, keys, [&](const store::Row& row) {
    if (m_series_by_id.contains(row.integer(0))) {
      return;
    }
    FollowedSeries series;
    series.id = row.integer(0);
    series.project = row.integer(1);
    series.number = row.integer(2);
    series.name = row.get<std::optional<std::string>>(3);
    series.date = from_micros(row.integer(4));
    series.submitter = row.integer(5);
    series.version = row.get<int>(6);
    series.total = row.get<int>(7);
    series.cover = row.get<std::optional<Id>>(8);
    series.completed = row.get<std::size_t>(9);
    series.gone = row.get<bool>(10);
    m_unread_series.push_back(series.id);
    keep(std::move(series));
  });
}

void FollowRows::read_whole_series() {
  std::vector<Id> missing;
  const auto want = [&](const FollowedMail& mail) {
    if (mail.series && !m_series_by_id.contains(*mail.series)) {
      missing.push_back(*mail.series);
    }
  };
  std::for_each(m_patches.begin(), m_patches.end(), want);
  std::for_each(m_covers.begin(), m_covers.end(), want);
  read_series("id", std::span<const Id>(missing));
  const std::vector<Id> unread = std::exchange(m_unread_series, {});
  read_patches("series", std::span<const Id>(unread));
  for (FollowedPatch& patch : m_patches) {
    if (patch.series) {
      m_series_by_id.at(*patch.series)->attach(patch);
    }
  }
}

void FollowRows::load(std::span<const std::int64_t> mails, std::span<const std::int64_t> numbers) {
  std::vector<std::int64_t> wanted;
  const auto want = [&](std::span<const std::int64_t> from, auto& loaded) {
    wanted.clear();
    std::copy_if(from.begin(), from.end(), std::back_inserter(wanted),
                 [&](std::int64_t key) { return loaded.insert(key).second; });
    return std::span<const std::int64_t>(wanted);
  };
  const auto fresh_mails = want(mails, m_loaded_mails);
  read_patches("message", fresh_mails);
  read_covers("message", fresh_mails);
  read_series("number", want(numbers, m_loaded_numbers));
  read_whole_series();
}

void FollowRows::load_patches(std::span<const Id> patches) {
  read_patches("id", patches);
  read_whole_series();
}

void FollowRows::load_covers(std::span<const Id> covers) {
  read_covers("id", covers);
  read_whole_series();
}

namespace {

template <class Row>
std::vector<Row*> by_project(const std::unordered_multimap<std::int64_t, Row*>& rows,
                             std::int64_t mail) {
  std::vector<Row*> found;
  const auto [begin, end] = rows.equal_range(mail);
  std::transform(begin, end, std::back_inserter(found), [](const auto& e) { return e.second; });
  std::sort(found.begin(), found.end(),
            [](const Row* a, const Row* b) { return a->project < b->project; });
  return found;
}

template <class Row>
Row* by_id(const std::unordered_map<Id, Row*>& rows, Id id) {
  const auto found = rows.find(id);
  return found == rows.end() ? nullptr : found->second;
}

}  // namespace

std::vector<FollowedPatch*> FollowRows::patches_of(std::int64_t mail) const {
  return by_project(m_patch_by_mail, mail);
}

std::vector<FollowedCover*> FollowRows::covers_of(std::int64_t mail) const {
  return by_project(m_cover_by_mail, mail);
}

std::vector<FollowedSeries*> FollowRows::series_of(std::int64_t number) const {
  std::vector<FollowedSeries*> found;
  for (auto it = m_series_by_number.lower_bound({number, 0});
       it != m_series_by_number.end() && it->first.first == number; ++it) {
    found.push_back(it->second);
  }
  return found;
}

FollowedPatch* FollowRows::patch(Id id) const {
  return by_id(m_patch_by_id, id);
}

FollowedCover* FollowRows::cover(Id id) const {
  return by_id(m_cover_by_id, id);
}

FollowedSeries* FollowRows::series(Id id) const {
  return by_id(m_series_by_id, id);
}

FollowedSeries* FollowRows::series(Id project, std::int64_t number) const {
  const auto found = m_series_by_number.find({number, project});
  return found == m_series_by_number.end() ? nullptr : found->second;
}

Id FollowRows::take_id(Id& next, std::string_view table, Id at_least) {
  if (next == 0) {
    next = next_id(m_database, table);
  }
  next = std::max(next, at_least);
  return next++;
}

FollowedPatch& FollowRows::add_patch(Id project, std::int64_t mail) {
  FollowedPatch patch;
  patch.id = take_id(m_next_patch, "registry_patches");
  patch.project = project;
  patch.message = mail;
  patch.row = RowState::fresh;
  return keep(std::move(patch));
}

FollowedCover& FollowRows::add_cover(Id project, std::int64_t mail) {
  FollowedCover cover;
  cover.id = take_id(m_next_cover, "registry_covers");
  cover.project = project;
  cover.message = mail;
  cover.row = RowState::fresh;
  return keep(std::move(cover));
}

FollowedSeries& FollowRows::add_series(Id project, std::int64_t number) {
  FollowedSeries series;
  series.id = take_id(m_next_series, "registry_series", number);
  series.project = project;
  series.number = number;
  series.row = RowState::fresh;
  return keep(std::move(series));
}

void FollowRows::flush(std::int64_t change) {
  flush_series(change);
  flush_covers(change);
  flush_patches(change);
}

void FollowRows::flush_series(std::int64_t change) {
  store::BulkInsert fresh(m_database, "registry_series",
                          "id, project, number, name, date, submitter, version, total, cover,"
                          " completed, gone, changed");
  for (FollowedSeries& s : m_series) {
    if (s.row == RowState::fresh) {
      fresh.add(s.id, s.project, s.number, s.name, to_micros(s.date), s.submitter, s.version,
                s.total, s.cover, s.completed, s.gone, change);
    } else if (s.row == RowState::changed) {
      m_database.exec(
          "UPDATE registry_series SET name = ?, date = ?, submitter = ?, version = ?, total = ?,"
          " cover = ?, completed = ?, gone = ?, changed = ? WHERE id = ?",
          s.name, to_micros(s.date), s.submitter, s.version, s.total, s.cover, s.completed, s.gone,
          change, s.id);
    }
    s.row = RowState::as_stored;
  }
  fresh.flush();
}

void FollowRows::flush_covers(std::int64_t change) {
  store::BulkInsert fresh(m_database, "registry_covers",
                          "id, project, message, series, msgid, date, name, submitter, changed");
  for (FollowedCover& c : m_covers) {
    if (c.row == RowState::fresh) {
      fresh.add(c.id, c.project, c.message, c.series, c.msgid, to_micros(c.date), c.name,
                c.submitter, change);
    } else if (c.row == RowState::changed) {
      m_database.exec(
          "UPDATE registry_covers SET series = ?, date = ?, name = ?, submitter = ?, changed = ?"
          " WHERE id = ?",
          c.series, to_micros(c.date), c.name, c.submitter, change, c.id);
    }
    c.row = RowState::as_stored;
  }
  fresh.flush();
}

void FollowRows::flush_patches(std::int64_t change) {
  store::BulkInsert fresh(m_database, "registry_patches",
                          "id, project, message, series, number, msgid, date, name, submitter,"
                          " hash, pull_url, state, archived, delegate, check_state, completed,"
                          " acked, reviewed, tested, changed");
  for (FollowedPatch& p : m_patches) {
    if (p.row == RowState::fresh) {
      fresh.add(p.id, p.project, p.message, p.series, p.number, p.msgid, to_micros(p.date), p.name,
                p.submitter, p.hash, p.pull_url, p.state, false, p.delegate, CheckState::pending,
                p.completed, p.tags[0], p.tags[1], p.tags[2], change);
    } else if (p.row == RowState::changed) {
      m_database.exec(
          "UPDATE registry_patches SET series = ?, number = ?, date = ?, name = ?, submitter = ?,"
          " hash = ?, completed = ?, acked = ?, reviewed = ?, tested = ?, changed = ?"
          " WHERE id = ?",
          p.series, p.number, to_micros(p.date), p.name, p.submitter, p.hash, p.completed,
          p.tags[0], p.tags[1], p.tags[2], change, p.id);
    }
    p.row = RowState::as_stored;
  }
  fresh.flush();
}

}  // namespace patchmill::registry
