#pragma once
// Rows of patches, covers and series, as far as one transaction needs them.

#include "registry/mail_marks.hpp"
#include "registry/model.hpp"
#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace patchmill::registry {

// Whether a row has to be written.
enum class RowState { as_stored, changed, fresh };

// What a patch and a cover have in common.
struct FollowedMail {
  Id id = 0;
  Id project = 0;
  std::int64_t message = 0;
  std::optional<Id> series;
  std::string msgid, name;
  Timestamp date{};
  Id submitter = 0;
  RowState row = RowState::as_stored;

  void touch() { row = row == RowState::fresh ? row : RowState::changed; }
};

struct FollowedPatch : FollowedMail {
  std::optional<int> number;
  std::optional<std::string> hash, pull_url;
  Id state = 0;                // of fresh ones
  std::optional<Id> delegate;  // of fresh ones
  bool completed = false;      // patch-completed was told
  TagCounts tags{};
};

struct FollowedCover : FollowedMail {};

struct FollowedSeries {
  Id id = 0;
  Id project = 0;
  std::int64_t number = 0;
  std::optional<std::string> name;
  Timestamp date{};
  Id submitter = 0;
  int version = 1, total = 1;
  std::optional<Id> cover;
  std::size_t completed = 0;  // with how many patches series-completed was last told
  bool gone = false;
  RowState row = RowState::as_stored;
  std::set<std::pair<int, FollowedPatch*>> patches;  // by number
  std::set<int> carried;                             // numbers whose patches stay in another
  int unbroken = 0;                                  // numbers 1 to this are there, or carried
  int told = 0;                                      // patch-completed was told of 1 to this

  void touch() { row = row == RowState::fresh ? row : RowState::changed; }
  void attach(FollowedPatch& patch);
  void detach(FollowedPatch& patch);
  void carry(const std::set<int>& numbers);
  [[nodiscard]] bool whole() const;

 private:
  void count_on();
};

// For one transaction, in a turn. Pointers stay valid.
class FollowRows {
 public:
  explicit FollowRows(store::Database& database);

  // Everything about these mails, and these series (tracker's numbers) with all their patches.
  void load(std::span<const std::int64_t> mails, std::span<const std::int64_t> numbers);
  void load_patches(std::span<const Id> patches);
  void load_covers(std::span<const Id> covers);

  // Of those loaded or added; all projects.
  [[nodiscard]] std::vector<FollowedPatch*> patches_of(std::int64_t mail) const;
  [[nodiscard]] std::vector<FollowedCover*> covers_of(std::int64_t mail) const;
  [[nodiscard]] std::vector<FollowedSeries*> series_of(std::int64_t number) const;
  [[nodiscard]] FollowedPatch* patch(Id id) const;
  [[nodiscard]] FollowedCover* cover(Id id) const;
  [[nodiscard]] FollowedSeries* series(Id id) const;
  [[nodiscard]] FollowedSeries* series(Id project, std::int64_t number) const;

  // Fresh rows with the next id; the caller fills in the rest. A series has the tracker's number as
  // its id where that is above all there are, so that "/series/7/" and "/series/7/mbox/" are about
  // the same one. In a second project it takes the next id, and who comes after it is ahead of his
  // number until some number is no series of any project: ids rise in the order of arrival, as
  // lists and clients take for granted.
  FollowedPatch& add_patch(Id project, std::int64_t mail);
  FollowedCover& add_cover(Id project, std::int64_t mail);
  FollowedSeries& add_series(Id project, std::int64_t number);

  // As change number `change` (writing.hpp).
  void flush(std::int64_t change);

 private:
  template <class Key>
  void read_patches(std::string_view where, std::span<const Key> keys);
  template <class Key>
  void read_covers(std::string_view where, std::span<const Key> keys);
  template <class Key>
  void read_series(std::string_view where, std::span<const Key> keys);
  void read_whole_series();
  FollowedPatch& keep(FollowedPatch patch);
  FollowedCover& keep(FollowedCover cover);
  FollowedSeries& keep(FollowedSeries series);
  Id take_id(Id& next, std::string_view table, Id at_least = 0);
  void flush_series(std::int64_t change);
  void flush_covers(std::int64_t change);
  void flush_patches(std::int64_t change);

  store::Database& m_database;
  std::deque<FollowedPatch> m_patches;
  std::deque<FollowedCover> m_covers;
  std::deque<FollowedSeries> m_series;
  std::unordered_map<Id, FollowedPatch*> m_patch_by_id;
  std::unordered_map<Id, FollowedCover*> m_cover_by_id;
  std::unordered_map<Id, FollowedSeries*> m_series_by_id;
  std::unordered_multimap<std::int64_t, FollowedPatch*> m_patch_by_mail;
  std::unordered_multimap<std::int64_t, FollowedCover*> m_cover_by_mail;
  std::map<std::pair<std::int64_t, Id>, FollowedSeries*> m_series_by_number;  // and project
  std::unordered_set<std::int64_t> m_loaded_mails, m_loaded_numbers;
  std::vector<Id> m_unread_series;  // whose patches are still to be read
  Id m_next_patch = 0, m_next_cover = 0, m_next_series = 0;
};

}  // namespace patchmill::registry
