#pragma once
// One SQL layer over SQLite and PostgreSQL: `?` placeholders, typed binds, cached statements.
//
// Errors of the database are exceptions (DatabaseError): no caller can repair a broken store.
// A Database is one connection, used by one thread at a time.

#include "util/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace patchmill::store {

enum class Engine { sqlite, postgresql };

struct DatabaseError : std::runtime_error {
  enum class Blame {
    store,    // gone, full, busy, broken: the same may work later
    content,  // the statement or its values: the same will be refused again
  };
  explicit DatabaseError(const std::string& what, Blame the_blame = Blame::store)
      : std::runtime_error(what), blame(the_blame) {}
  Blame blame;
};

// Bytes that are not text: BLOB in SQLite, BYTEA in PostgreSQL.
struct Blob {
  std::string_view bytes;
};

// What a placeholder may be bound to. Text and bytes are borrowed until the call returns.
// Text is UTF-8 without NUL (PostgreSQL takes no other); anything else is a DatabaseError on both
// engines: bind a Blob, or mend_utf8() it first.
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;

namespace detail {
template <class T>
Value to_value(const T& value) {
  if constexpr (std::is_same_v<T, std::nullptr_t>) {
    return nullptr;
  } else if constexpr (std::is_same_v<T, Blob>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool>) {
    return std::int64_t{value ? 1 : 0};
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(value);
  } else {
    return std::string_view(value);
  }
}
[[noreturn]] void throw_no_row(std::string_view sql);
template <class T>
Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value(nullptr);
}
}  // namespace detail

// The current row of a running statement; columns count from 0. Valid until the next step.
class Row {
 public:
  virtual ~Row() = default;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  [[nodiscard]] virtual double real(int column) const = 0;
  [[nodiscard]] virtual std::string_view text(int column) const = 0;   // text or bytes
  [[nodiscard]] virtual std::string_view bytes(int column) const = 0;  // decoded BYTEA / BLOB

  template <class T>
  [[nodiscard]] T get(int column) const {
    if constexpr (std::is_same_v<T, bool>) {
      return integer(column) != 0;
    } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
      return static_cast<T>(integer(column));
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(real(column));
    } else if constexpr (std::is_same_v<T, std::string>) {
      return std::string(text(column));
    } else {
      return T(is_null(column) ? T{} : T{get<typename T::value_type>(column)});  // std::optional
    }
  }
};

class Database {
 public:
  // "postgresql://…" (or "postgres://…") or the path of an SQLite file (":memory:" works).
  // Does not migrate; see migrations.hpp. Throws DatabaseError when it cannot be opened.
  static std::unique_ptr<Database> open(std::string_view url);
  virtual ~Database() = default;

  [[nodiscard]] virtual Engine engine() const = 0;
  // Several statements separated by ';', no placeholders (migrations). All or nothing only inside
  // a Transaction.
  virtual void execute_script(std::string_view sql) = 0;

  // Runs one statement; returns the number of rows changed.
  template <class... Args>
  std::int64_t exec(std::string_view sql, const Args&... args) {
    const Value values[] = {detail::to_value(args)..., nullptr};
    return run(sql, values, sizeof...(Args), nullptr, nullptr);
  }

  // Calls f(const Row&) for each row. f may run other statements on this database.
  // PostgreSQL: all rows are fetched before the first call, so bound large results by LIMIT.
  template <class F, class... Args>
  void each(std::string_view sql, F&& f, const Args&... args) {
    const Value values[] = {detail::to_value(args)..., nullptr};
    auto call = [](void* context, const Row& row) {
      (*static_cast<std::remove_reference_t<F>*>(context))(row);
    };
    run(sql, values, sizeof...(Args), call, &f);
  }

  // The same with values whose number is known only at run time.
  template <class F>
  void each_with(std::string_view sql, std::span<const Value> values, F&& f) {
    auto call = [](void* context, const Row& row) {
      (*static_cast<std::remove_reference_t<F>*>(context))(row);
    };
    run(sql, values.data(), values.size(), call, &f);
  }

  // All rows as tuples: rows<std::int64_t, std::string>("SELECT …", …).
  template <class... Columns, class... Args>
  std::vector<std::tuple<Columns...>> rows(std::string_view sql, const Args&... args) {
    std::vector<std::tuple<Columns...>> result;
    each(sql, [&](const Row& row) { result.push_back(tuple_of<Columns...>(row)); }, args...);
    return result;
  }

  // The first row, if there is one.
  template <class... Columns, class... Args>
  std::optional<std::tuple<Columns...>> one(std::string_view sql, const Args&... args) {
    std::optional<std::tuple<Columns...>> result;
    each(
        sql,
        [&](const Row& row) {
          if (!result) {
            result = tuple_of<Columns...>(row);
          }
        },
        args...);
    return result;
  }

  // The first column of the first row; throws DatabaseError when there is no row.
  template <class T, class... Args>
  T value(std::string_view sql, const Args&... args) {
    auto row = one<T>(sql, args...);
    if (!row) {
      detail::throw_no_row(sql);
    }
    return std::get<0>(*std::move(row));
  }

 protected:
  [[nodiscard]] bool in_transaction() const { return m_depth > 0; }
  using RowCallback = void (*)(void* context, const Row& row);
  virtual std::int64_t run(std::string_view sql, const Value* values, std::size_t count,
                           RowCallback callback, void* context) = 0;

 private:
  friend class Transaction;
  template <class... Columns>
  static std::tuple<Columns...> tuple_of(const Row& row) {
    return tuple_at<Columns...>(row, std::index_sequence_for<Columns...>{});
  }
  template <class... Columns, std::size_t... Indices>
  static std::tuple<Columns...> tuple_at(const Row& row, std::index_sequence<Indices...>) {
    return std::tuple<Columns...>(row.get<Columns>(static_cast<int>(Indices))...);
  }

  int m_depth = 0;                // transactions open
  bool m_must_roll_back = false;  // an inner one was given up
};

// All or nothing. Rolls back unless commit() was called. Nested ones join the outermost
// (an inner rollback makes the outer commit throw). SQLite: BEGIN IMMEDIATE.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& m_database;
  bool m_outermost;
  bool m_done = false;
};

}  // namespace patchmill::store
