#pragma once
// Many rows of one table with few statements.

#include "store/database.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::store {

// Rows added here are in the table after flush(), in the order they were added.
class BulkInsert {
 public:
  // `columns`: "a, b, c". Add rows with as many values.
  BulkInsert(Database& database, std::string_view table, std::string_view columns);

  // Text is copied.
  template <class... T>
  void add(const T&... values) {
    (keep(detail::to_value(values)), ...);
  }
  void flush();
  [[nodiscard]] bool empty() const { return m_values.empty(); }

 private:
  void keep(const Value& value);
  void insert(std::size_t first_row, std::size_t rows);

  Database& m_database;
  std::string m_head;  // "INSERT INTO table (columns) VALUES "
  std::string m_row;   // "(?,?,?)"
  std::size_t m_width;
  std::vector<Value> m_values;
  std::deque<std::string> m_texts;  // what values refer to stays where it is
};

}  // namespace patchmill::store
