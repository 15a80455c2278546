#include "store/bulk_insert.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace patchmill::store {

BulkInsert::BulkInsert(Database& database, std::string_view table, std::string_view columns)
    : m_database(database),
      m_width(static_cast<std::size_t>(std::count(columns.begin(), columns.end(), ',')) + 1) {
  m_head = "INSERT INTO " + std::string(table) + " (" + std::string(columns) + ") VALUES ";
  m_row = "(?";
  for (std::size_t i = 1; i < m_width; ++i) {
    m_row += ",?";
  }
  m_row += ')';
}

void BulkInsert::keep(const Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    m_values.emplace_back(std::string_view(m_texts.emplace_back(*text)));
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    m_values.emplace_back(Blob{m_texts.emplace_back(blob->bytes)});
  } else {
    m_values.push_back(value);
  }
}

void BulkInsert::insert(std::size_t first_row, std::size_t rows) {
  std::string sql = m_head + m_row;
  for (std::size_t i = 1; i < rows; ++i) {
    sql += ',';
    sql += m_row;
  }
  m_database.each_with(sql, std::span(m_values).subspan(first_row * m_width, rows * m_width),
                       [](const Row&) {});
}

void BulkInsert::flush() {
  // Of few sizes, so that the statements are cached.
  static constexpr std::array<std::size_t, 3> sizes = {64, 8, 1};
  const std::size_t all = m_values.size() / m_width;
  std::size_t at = 0;
  for (const std::size_t rows : sizes) {
    for (; all - at >= rows; at += rows) {
      insert(at, rows);
    }
  }
  m_values.clear();
  m_texts.clear();
}

}  // namespace patchmill::store
