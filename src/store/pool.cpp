#include "store/pool.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace patchmill::store {

Pool::Pool(std::function<std::unique_ptr<Database>()> connect, std::size_t most)
    : m_connect(std::move(connect)), m_most(std::max<std::size_t>(most, 1)) {}

Pool::Lease Pool::lease() {
  std::unique_lock lock(m_mutex);
  m_free.wait(lock, [this] { return !m_idle.empty() || m_open < m_most; });
  if (!m_idle.empty()) {
    auto database = std::move(m_idle.back());
    m_idle.pop_back();
    return {*this, std::move(database)};
  }
  ++m_open;
  lock.unlock();
  try {
    return {*this, m_connect()};
  } catch (...) {
    lock.lock();
    --m_open;
    m_free.notify_one();
    throw;
  }
}

std::size_t Pool::open() const {
  const std::lock_guard lock(m_mutex);
  return m_open;
}

void Pool::give_back(std::unique_ptr<Database> database, bool broken) {
  std::vector<std::unique_ptr<Database>> closed;  // outside the lock
  {
    const std::lock_guard lock(m_mutex);
    if (broken) {
      // What broke one (a server that started anew) broke the others as well.
      closed = std::exchange(m_idle, {});
      closed.push_back(std::move(database));
      m_open -= closed.size();
    } else {
      m_idle.push_back(std::move(database));
    }
  }
  m_free.notify_all();
}

Pool::Lease::Lease(Pool& pool, std::unique_ptr<Database> database)
    : m_pool(&pool), m_database(std::move(database)), m_exceptions(std::uncaught_exceptions()) {}

Pool::Lease::Lease(Lease&& other) noexcept
    : m_pool(other.m_pool),
      m_database(std::move(other.m_database)),
      m_exceptions(other.m_exceptions) {}

Pool::Lease::~Lease() {
  if (m_database) {
    m_pool->give_back(std::move(m_database), std::uncaught_exceptions() > m_exceptions);
  }
}

}  // namespace patchmill::store
