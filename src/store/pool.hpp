#pragma once
// A bounded number of connections shared by threads that read.

#include "store/database.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace patchmill::store {

class Pool {
 public:
  // `connect` makes a connection and may throw DatabaseError. Connections are made when needed and
  // at most `most` of them (at least one).
  Pool(std::function<std::unique_ptr<Database>()> connect, std::size_t most);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A connection for as long as the object lives; it belongs to one thread. When an exception ends
  // that time, the connection is taken for broken and closed, and the idle ones with it.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Database& operator*() const { return *m_database; }
    Database* operator->() const { return m_database.get(); }

   private:
    friend class Pool;
    Lease(Pool& pool, std::unique_ptr<Database> database);
    Pool* m_pool;
    std::unique_ptr<Database> m_database;
    int m_exceptions;
  };
  // Waits while all are taken.
  Lease lease();
  [[nodiscard]] std::size_t open() const;  // connections there are, taken or idle

 private:
  void give_back(std::unique_ptr<Database> database, bool broken);
  const std::function<std::unique_ptr<Database>()> m_connect;
  const std::size_t m_most;
  mutable std::mutex m_mutex;
  std::condition_variable m_free;
  std::vector<std::unique_ptr<Database>> m_idle;
  std::size_t m_open = 0;
};

}  // namespace patchmill::store
