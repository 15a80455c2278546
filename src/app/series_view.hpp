#pragma once
// A tracked series as the checks see it: parsed mails, split diffs, commits of the applied patches.

#include "checks/check.hpp"
#include "placement/placement.hpp"
#include "tracker/queries.hpp"

#include <memory>
#include <vector>

namespace patchmill::app {

// Owns the parsed mails that `view` points into; not copyable, stays where it was made.
class LoadedSeries {
 public:
  // Errors: invalid or infrastructure, naming the mail that cannot be read back.
  static Result<std::unique_ptr<LoadedSeries>> load(tracker::Queries& queries,
                                                    const tracker::Series& series);
  LoadedSeries(const LoadedSeries&) = delete;
  LoadedSeries& operator=(const LoadedSeries&) = delete;

  // Fills in tree, base and commits from where the series was placed.
  void set_placement(const placement::Placement& placement,
                     const std::vector<placement::TreeSpec>& trees);

  [[nodiscard]] const checks::SeriesView& view() const { return m_view; }
  // SHA-256 over everything that can change a verdict on the mails' side.
  [[nodiscard]] const std::string& content_hash() const { return m_content_hash; }

 private:
  LoadedSeries() = default;
  std::unique_ptr<mail::Message> m_cover;
  std::vector<std::unique_ptr<mail::Message>> m_messages;
  checks::SeriesView m_view;
  std::string m_content_hash;
};

}  // namespace patchmill::app
