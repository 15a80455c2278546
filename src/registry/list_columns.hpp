#pragma once
// What lists are filtered and ordered by, in memory, a column each: 7 bytes a row, 4 more where ids
// have been left out, 4 where there are submitters, 2 where there are users, 4 where dates are not
// whole seconds, some 10 to 30 where there are names to search, 4 where dates do not rise with ids,
// and 4 where somebody has asked for the order of names. Knows no store.

#include "registry/date_column.hpp"
#include "registry/list_query.hpp"
#include "registry/model.hpp"
#include "registry/name_index.hpp"
#include "registry/name_searches.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::registry {

class ListColumns {
 public:
  struct Row {
    Id id = 0;
    std::int64_t date = 0;
    Id project = 0;
    Id submitter = 0;  // 0: none
    Id user = 0;       // 0: none
    Id kind = 0;
    bool flag = false;
    std::string_view text = {};
  };

  // Takes a new row, whose id is above all others, or another state of a known one. False: it does
  // not fit in here (an id between known ones; numbers beyond 32 bits; too many kinds), and nothing
  // here can be relied on any more.
  [[nodiscard]] bool put(const Row& row);
  // After put(), before select().
  void settle();

  [[nodiscard]] std::size_t size() const { return m_ids.size(); }
  [[nodiscard]] Id newest() const { return m_ids.newest(); }
  [[nodiscard]] std::size_t bytes() const;

  // Names themselves are not here. Before the first select() by name, and after every put(), their
  // order has to be asked for: `all` gives the ids of all rows in the order of names and ids, and
  // `name` the name of one, of which a few are asked.
  struct NameSource {
    std::function<std::vector<Id>()> all;
    std::function<std::string(Id)> name;
  };
  [[nodiscard]] bool names_placed() const { return m_unnamed.empty(); }
  void place_names(const NameSource& source);

  // Places of kinds, projects or users where these are not ordered by id.
  using Ranks = std::unordered_map<Id, std::uint32_t>;
  struct Ordering {
    ListKey key = ListKey::id;
    bool descending = false;
    Ranks ranks = {};
  };
  // By these, at least one; then by id in the direction of the last one. Names are the last key.
  // `people`: the places of submitters where these are ordered by name, by id (PersonOrder).
  // Nothing: it cannot order by that.
  [[nodiscard]] std::optional<Selection> select(const ListQuery& query,
                                                std::span<const Ordering> order,
                                                std::span<const std::uint32_t> people,
                                                Slice slice) const;

  // The users of the rows that fit, each once.
  [[nodiscard]] std::vector<Id> users(const ListQuery& query) const;

 private:
  // Small numbers for ids of which there are few.
  class Codes {
   public:
    std::uint32_t code(Id id);
    [[nodiscard]] std::size_t size() const { return m_ids.size(); }
    [[nodiscard]] std::span<const Id> ids() const { return m_ids; }
    // The codes of those of these ids that there are.
    [[nodiscard]] std::vector<std::uint32_t> of(std::span<const Id> ids) const;

   private:
    std::vector<Id> m_ids;
    std::unordered_map<Id, std::uint32_t> m_codes;
  };
  // Rising ids; a counter as long as none of them is left out.
  class Ids {
   public:
    [[nodiscard]] std::size_t size() const { return m_size; }
    [[nodiscard]] Id operator[](std::size_t row) const {
      return m_ids.empty() ? m_first + static_cast<Id>(row) : Id{m_ids[row]};
    }
    [[nodiscard]] Id newest() const { return m_size == 0 ? 0 : (*this)[m_size - 1]; }
    [[nodiscard]] std::optional<std::size_t> find(Id id) const;
    [[nodiscard]] std::size_t bytes() const { return m_ids.capacity() * 4; }
    void add(Id id);

   private:
    Id m_first = 0;
    std::size_t m_size = 0;
    std::vector<std::uint32_t> m_ids;
  };
  struct Matches;
  struct Groups;

  [[nodiscard]] bool write(std::size_t at, const Row& row);
  void grow();
  [[nodiscard]] bool earlier(std::uint32_t a, std::uint32_t b) const;
  [[nodiscard]] Matches match(const ListQuery& query) const;
  void search(Matches& matches, const std::vector<std::string>& words) const;
  [[nodiscard]] std::vector<Id> by_id(const Matches& matches, std::size_t first,
                                      std::size_t count) const;
  [[nodiscard]] std::vector<Id> by_order(const std::vector<std::uint32_t>& rows,
                                         const Matches& matches, std::size_t first,
                                         std::size_t count) const;
  [[nodiscard]] std::vector<Id> by_one(const Matches& matches, const Ordering& order,
                                       std::span<const std::uint32_t> people, std::size_t first,
                                       std::size_t count) const;
  [[nodiscard]] std::vector<Id> by_several(const Matches& matches, std::span<const Ordering> order,
                                           std::span<const std::uint32_t> people, std::size_t first,
                                           std::size_t count) const;
  [[nodiscard]] std::vector<Id> by_comparing(const Matches& matches,
                                             std::span<const Ordering> order,
                                             std::span<const std::uint32_t> people,
                                             std::size_t first, std::size_t count) const;
  template <class Use>
  void with_key(const Ordering& order, std::span<const std::uint32_t> people, const Use& use) const;
  [[nodiscard]] std::vector<std::int64_t> keys_of(const std::vector<std::uint32_t>& rows,
                                                  const Ordering& order,
                                                  std::span<const std::uint32_t> people) const;
  template <class KeyOf>
  [[nodiscard]] std::vector<Id> by_key(const Matches& matches, std::size_t keys,
                                       const KeyOf& key_of, std::size_t first,
                                       std::size_t count) const;

  Ids m_ids;
  DateColumn m_dates;
  std::vector<std::uint32_t> m_submitters;  // empty as long as there are none
  std::vector<std::uint16_t> m_projects;    // codes
  std::vector<std::uint16_t> m_users;       // codes; empty as long as there are none
  std::vector<std::uint8_t> m_marks;        // code of the kind, and 128 for the flag
  NameIndex m_names;                        // empty as long as there are no texts
  // Its own, so that columns can be moved.
  std::unique_ptr<NameSearches> m_searches = std::make_unique<NameSearches>();
  Codes m_project_codes, m_user_codes, m_kind_codes;
  std::uint32_t m_largest_submitter = 0;
  std::vector<std::uint32_t> m_by_date;   // rows; empty while dates rise with ids
  std::vector<std::uint32_t> m_unplaced;  // rows not yet in m_by_date
  bool m_dates_rise = true;
  std::vector<std::uint32_t> m_by_name;  // rows; without those of which it is not known
  std::vector<std::uint32_t> m_unnamed;  // these, perhaps more than once
};

}  // namespace patchmill::registry
