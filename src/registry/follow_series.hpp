#pragma once
// Patches and covers put into the series of their project, with what Patchwork tells about it.

#include "registry/follow_events.hpp"
#include "registry/follow_people.hpp"
#include "registry/follow_rows.hpp"
#include "tracker/mail_rows.hpp"

#include <cstdint>
#include <unordered_map>

namespace patchmill::registry {

// For one transaction, in a turn.
class FollowSeries {
 public:
  FollowSeries(FollowRows& rows, FollowPeople& people, FollowEvents& events);

  // Tells what the tracker knows of a series; needed of every one that mails are put into.
  void know(tracker::SeriesRow series);
  [[nodiscard]] bool knows(std::int64_t number) const { return m_known.contains(number); }
  // Makes the row stand for the mail: series, number and what the mail says. Does nothing about the
  // series while the tracker is about to change it; its next event tells.
  void place(FollowedPatch& patch, const tracker::MailRow& mail);
  void place(FollowedCover& cover, const tracker::MailRow& mail);
  // The series in the project, made when there is none; null: the tracker knows it no more.
  FollowedSeries* in_project(Id project, std::int64_t number);
  // What the tracker says of the series now, in every project that has it.
  void refresh(std::int64_t number);

 private:
  void update(FollowedSeries& series, const tracker::SeriesRow& known);
  void tell_completed(FollowedSeries& series);

  FollowRows& m_rows;
  FollowPeople& m_people;
  FollowEvents& m_events;
  std::unordered_map<std::int64_t, tracker::SeriesRow> m_known;
};

}  // namespace patchmill::registry
