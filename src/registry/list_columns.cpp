#include "registry/list_columns.hpp"

#include "registry/list_matches.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace patchmill::registry {
namespace {

constexpr auto k_largest = static_cast<Id>(std::numeric_limits<std::uint32_t>::max());

// By a sixteenth: doubling would leave half of the memory unused.
std::size_t more_than(std::size_t size) {
  return size + size / 16 + k_block;
}

}  // namespace

std::uint32_t ListColumns::Codes::code(Id id) {
  const auto [entry, fresh] = m_codes.try_emplace(id, static_cast<std::uint32_t>(m_ids.size()));
  if (fresh) {
    m_ids.push_back(id);
  }
  return entry->second;
}

std::vector<std::uint32_t> ListColumns::Codes::of(std::span<const Id> ids) const {
  std::vector<std::uint32_t> codes;
  for (const Id id : ids) {
    if (const auto found = m_codes.find(id); found != m_codes.end()) {
      codes.push_back(found->second);
    }
  }
  return codes;
}

std::optional<std::size_t> ListColumns::Ids::find(Id id) const {
  if (m_ids.empty()) {
    return id >= m_first && id - m_first < static_cast<Id>(m_size)
               ? std::optional(static_cast<std::size_t>(id - m_first))
               : std::nullopt;
  }
  const auto place = std::lower_bound(m_ids.begin(), m_ids.end(), id);
  return place != m_ids.end() && *place == id
             ? std::optional(static_cast<std::size_t>(place - m_ids.begin()))
             : std::nullopt;
}

void ListColumns::Ids::add(Id id) {
  if (m_size == 0) {
    m_first = id;
  } else if (m_ids.empty() && id != newest() + 1) {
    m_ids.resize(m_size);
    std::iota(m_ids.begin(), m_ids.end(), static_cast<std::uint32_t>(m_first));
  }
  if (!m_ids.empty()) {
    if (m_ids.size() == m_ids.capacity()) {
      m_ids.reserve(more_than(m_ids.size()));
    }
    m_ids.push_back(static_cast<std::uint32_t>(id));
  }
  ++m_size;
}

bool ListColumns::write(std::size_t at, const Row& row) {
  const std::uint32_t project = m_project_codes.code(row.project);
  if (m_user_codes.size() == 0) {
    m_user_codes.code(0);
  }
  const std::uint32_t user = m_user_codes.code(row.user);
  const std::uint32_t kind = m_kind_codes.code(row.kind);
  constexpr std::uint32_t most = std::numeric_limits<std::uint16_t>::max();
  if (project > most || user > most || kind >= k_flag || row.submitter < 0 ||
      row.submitter > k_largest) {
    return false;
  }
  m_dates.set(at, row.date);
  // While nobody has asked, all are placed at once.
  if (!m_by_name.empty() || m_unnamed.empty()) {
    m_unnamed.push_back(static_cast<std::uint32_t>(at));
  }
  if (row.submitter != 0 || !m_submitters.empty()) {
    m_submitters.resize(m_ids.size());
    m_submitters[at] = static_cast<std::uint32_t>(row.submitter);
    m_largest_submitter = std::max(m_largest_submitter, m_submitters[at]);
  }
  if ((!row.text.empty() || m_names.size() > 0) && !m_names.put(at, row.text)) {
    return false;
  }
  m_projects[at] = static_cast<std::uint16_t>(project);
  if (user != 0 || !m_users.empty()) {
    m_users.resize(m_ids.size());
    m_users[at] = static_cast<std::uint16_t>(user);
  }
  m_marks[at] = static_cast<std::uint8_t>(kind | (row.flag ? k_flag : 0u));
  return true;
}

void ListColumns::grow() {
  if (m_marks.size() < m_marks.capacity()) {
    return;
  }
  const std::size_t room = more_than(m_marks.size());
  m_dates.reserve(room);
  m_projects.reserve(room);
  m_marks.reserve(room);
  if (!m_users.empty()) {
    m_users.reserve(room);
  }
  if (!m_submitters.empty()) {
    m_submitters.reserve(room);
  }
}

bool ListColumns::put(const Row& row) {
  if (row.id < 0 || row.id > k_largest) {
    return false;
  }
  if (m_ids.size() > 0 && row.id <= newest()) {
    const auto at = m_ids.find(row.id);
    if (!at) {
      return false;
    }
    if (m_dates[*at] != row.date) {
      m_dates_rise = false;
      m_by_date.clear();  // rare: settle() begins anew
      m_unplaced.clear();
    }
    return write(*at, row);
  }
  const std::size_t at = m_ids.size();
  m_dates_rise = m_dates_rise && (at == 0 || m_dates[at - 1] <= row.date);
  if (!m_by_date.empty()) {
    m_unplaced.push_back(static_cast<std::uint32_t>(at));
  }
  grow();
  m_ids.add(row.id);
  m_dates.add(row.date);
  m_projects.emplace_back();
  m_marks.emplace_back();
  return write(at, row);
}

bool ListColumns::earlier(std::uint32_t a, std::uint32_t b) const {
  return m_dates[a] != m_dates[b] ? m_dates[a] < m_dates[b] : a < b;
}

void ListColumns::settle() {
  const auto order = [&](std::uint32_t a, std::uint32_t b) { return earlier(a, b); };
  if (m_dates_rise) {
    return;
  }
  constexpr std::size_t few = 100;
  if (m_by_date.empty() || m_unplaced.size() > few) {
    m_by_date.resize(m_ids.size());
    std::iota(m_by_date.begin(), m_by_date.end(), 0u);
    std::sort(m_by_date.begin(), m_by_date.end(), order);
  } else {
    for (const std::uint32_t row : m_unplaced) {
      m_by_date.insert(std::upper_bound(m_by_date.begin(), m_by_date.end(), row, order), row);
    }
  }
  m_unplaced.clear();
}

std::size_t ListColumns::bytes() const {
  return m_ids.bytes() + m_dates.bytes() + m_submitters.capacity() * 4 + m_projects.capacity() * 2 +
         m_users.capacity() * 2 + m_marks.capacity() +
         (m_by_date.capacity() + m_by_name.capacity()) * 4 + m_names.bytes() + m_searches->bytes();
}

void ListColumns::place_names(const NameSource& source) {
  std::vector<std::uint32_t> moved = std::move(m_unnamed);
  m_unnamed.clear();
  if (m_by_name.empty() || moved.size() > m_ids.size() / 8) {
    m_by_name.clear();
    m_by_name.reserve(m_ids.size());
    for (const Id id : source.all()) {
      if (const auto row = m_ids.find(id)) {  // else it has come since
        m_by_name.push_back(static_cast<std::uint32_t>(*row));
      }
    }
    return;
  }
  std::sort(moved.begin(), moved.end());
  moved.erase(std::unique(moved.begin(), moved.end()), moved.end());
  std::erase_if(m_by_name, [&](std::uint32_t row) {
    return std::binary_search(moved.begin(), moved.end(), row);
  });
  std::unordered_map<std::uint32_t, std::string> names;
  const auto name_of = [&](std::uint32_t row) -> const std::string& {
    const auto [entry, fresh] = names.try_emplace(row);
    if (fresh) {
      entry->second = source.name(m_ids[row]);
    }
    return entry->second;
  };
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const int order = name_of(a).compare(name_of(b));
    return order != 0 ? order < 0 : a < b;
  };
  std::sort(moved.begin(), moved.end(), before);
  std::vector<std::uint32_t> merged;
  merged.reserve(m_ids.size());
  auto from = m_by_name.cbegin();
  for (const std::uint32_t row : moved) {
    const auto place = std::lower_bound(from, m_by_name.cend(), row, before);
    merged.insert(merged.end(), from, place);
    merged.push_back(row);
    from = place;
  }
  merged.insert(merged.end(), from, m_by_name.cend());
  m_by_name = std::move(merged);
}

}  // namespace patchmill::registry
