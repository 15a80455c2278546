#include "registry/follow_series.hpp"

#include <algorithm>
#include <utility>

namespace patchmill::registry {
namespace {

// Sets a field; whether that changed it.
template <class T, class Value>
bool set(T& field, const Value& value) {
  if (field == value) {
    return false;
  }
  field = value;
  return true;
}

}  // namespace

FollowSeries::FollowSeries(FollowRows& rows, FollowPeople& people, FollowEvents& events)
    : m_rows(rows), m_people(people), m_events(events) {}

void FollowSeries::know(tracker::SeriesRow series) {
  const std::int64_t number = series.number;
  m_known.insert_or_assign(number, std::move(series));
}

void FollowSeries::update(FollowedSeries& series, const tracker::SeriesRow& known) {
  bool changed = false;
  changed |= set(series.name, known.name.empty() ? std::nullopt : std::optional(known.name));
  changed |= set(series.date, known.date);
  changed |= set(series.submitter, m_people.of(known.submitter, FollowPeople::Name::any));
  changed |= set(series.version, known.version);
  changed |= set(series.total, known.total);
  changed |= set(series.gone, false);
  series.carry(known.carried_over);
  if (changed) {
    series.touch();
  }
}

FollowedSeries* FollowSeries::in_project(Id project, std::int64_t number) {
  const auto known = m_known.find(number);
  if (known == m_known.end()) {
    return nullptr;
  }
  FollowedSeries* series = m_rows.series(project, number);
  if (series == nullptr) {
    series = &m_rows.add_series(project, number);
    m_events.tell(Category::series_created, project, {.series = series->id});
  }
  update(*series, known->second);
  return series;
}

void FollowSeries::tell_completed(FollowedSeries& series) {
  for (auto it = series.patches.lower_bound({series.told + 1, nullptr});
       it != series.patches.end() && it->first <= series.unbroken; ++it) {
    FollowedPatch& patch = *it->second;
    if (!patch.completed) {
      patch.completed = true;
      patch.touch();
      m_events.tell(Category::patch_completed, series.project,
                    {.patch = patch.id, .series = series.id});
    }
  }
  series.told = std::max(series.told, series.unbroken);
  const std::size_t received = series.patches.size();
  if (series.whole() && received > series.completed) {
    series.completed = received;
    series.touch();
    m_events.tell(Category::series_completed, series.project, {.series = series.id});
  }
}

void FollowSeries::place(FollowedPatch& patch, const tracker::MailRow& mail) {
  FollowedSeries* series = mail.series == 0 ? nullptr : in_project(patch.project, mail.series);
  if (series == nullptr) {
    return;
  }
  if (set(patch.name, mail.name)) {
    patch.touch();
  }
  if (patch.series != series->id || patch.number != mail.number) {
    FollowedSeries* before = patch.series ? m_rows.series(*patch.series) : nullptr;
    if (before != nullptr) {
      before->detach(patch);
    }
    // In another series it is completed anew.
    patch.completed = patch.completed && before == series;
    patch.number = mail.number;
    series->attach(patch);
    patch.touch();
  }
  tell_completed(*series);
}

void FollowSeries::place(FollowedCover& cover, const tracker::MailRow& mail) {
  FollowedSeries* series = mail.series == 0 ? nullptr : in_project(cover.project, mail.series);
  if (series == nullptr) {
    return;
  }
  if (set(cover.name, mail.name)) {
    cover.touch();
  }
  if (cover.series != series->id) {
    FollowedSeries* before = cover.series ? m_rows.series(*cover.series) : nullptr;
    if (before != nullptr && before->cover == cover.id) {
      before->cover.reset();
      before->touch();
    }
    cover.series = series->id;
    cover.touch();
  }
  if (set(series->cover, cover.id)) {
    series->touch();
  }
}

void FollowSeries::refresh(std::int64_t number) {
  const auto known = m_known.find(number);
  for (FollowedSeries* series : m_rows.series_of(number)) {
    if (known == m_known.end()) {
      if (set(series->gone, true)) {
        series->touch();
      }
    } else {
      update(*series, known->second);
      tell_completed(*series);
    }
  }
}

}  // namespace patchmill::registry
