#pragma once
// Which mails are connected by references: a union-find over Message-IDs, kept in the store, also
// over ids of mails that have not arrived.

#include "store/database.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchmill::tracker {

// The form in which an id is stored and compared: bounded (a hash stands for the rest of very
// long ones) and free of NUL.
std::string stored_msgid(std::string_view msgid);

// For one batch, inside its transaction: load(), then add() for each mail, then flush().
class ThreadIndex {
 public:
  explicit ThreadIndex(store::Database& database);

  // Reads what is known about these ids (in stored form). Every id given to add() must be here.
  void load(std::span<const std::string_view> msgids);

  // The row of a mail that arrived before (also earlier in this batch).
  [[nodiscard]] std::optional<std::int64_t> arrived(std::string_view msgid) const;

  struct Arrival {
    std::int64_t id = 0;
    std::optional<std::int64_t> parent;  // id of the nearest it answers
    bool was_awaited = false;            // an earlier mail referred to it
    bool connected = false;              // threads that were apart became one
  };
  // Records the arrival of a mail that answers `parents`, nearest first.
  Arrival add(const std::string& msgid, const std::vector<std::string>& parents);

  // Writes everything; afterwards thread_of() is what the store says.
  void flush();
  // The thread of a mail given to add(); valid after flush().
  [[nodiscard]] std::int64_t thread_of(std::int64_t id) const;
  // Threads that other threads were merged into by flush().
  [[nodiscard]] const std::vector<std::int64_t>& merged_threads() const { return m_merged; }

 private:
  struct Entry {
    std::int64_t id = 0;
    std::int64_t thread = 0;
    bool arrived = false;
    bool is_new = false;
    bool touched = false;
  };
  Entry& entry_of(const std::string& msgid);
  std::int64_t root(std::int64_t thread) const;
  bool unite(std::int64_t a, std::int64_t b);
  void merge_stored_threads();
  std::int64_t larger(std::int64_t a, std::int64_t b);

  store::Database& m_database;
  std::int64_t m_first_id = 0, m_next_id = 0;
  std::unordered_map<std::string, Entry> m_entries;
  std::unordered_map<std::int64_t, std::int64_t> m_above;    // thread -> thread it became part of
  std::unordered_map<std::int64_t, std::int64_t> m_final;    // root -> label in the store
  std::unordered_map<std::int64_t, std::int64_t> m_threads;  // id of an arrival -> thread
  std::vector<std::int64_t> m_merged;
};

}  // namespace patchmill::tracker
