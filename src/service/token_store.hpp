#pragma once
// Access tokens in the store.

#include "http/token.hpp"
#include "store/database.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::service {

// Thread-safe: one connection of its own, opened when first needed and again after it failed.
// A token that was found valid is believed for k_remember: revoking one in another process takes
// that long to have effect here, in this one it has at once.
class SqlTokenStore final : public http::TokenStore {
 public:
  static constexpr std::chrono::seconds k_remember{5};
  static constexpr std::chrono::minutes k_touch_every{1};

  // The store has to be migrated. `steady` is for tests.
  explicit SqlTokenStore(std::string store_url,
                         std::function<std::chrono::steady_clock::time_point()> steady =
                             std::chrono::steady_clock::now);

  Result<void> add(const http::TokenRecord& record) override;
  Result<std::optional<http::TokenRecord>> find_by_hash(std::string_view hash) override;
  Result<std::vector<http::TokenRecord>> list() override;  // oldest first
  // A second time keeps the first moment.
  Result<void> revoke(std::string_view id, Timestamp when) override;
  // Written at most once a minute a token, whoever asks.
  Result<void> touch(std::string_view id, Timestamp when) override;

  [[nodiscard]] std::size_t queries() const;  // asked of the store so far, for tests

 private:
  struct Remembered {
    http::TokenRecord record;
    std::chrono::steady_clock::time_point until;
  };
  // Runs f with the connection; DatabaseError becomes an error, and the connection is made anew.
  template <class F>
  auto with_database(F f) -> Result<decltype(f(std::declval<store::Database&>()))>;
  std::vector<http::TokenRecord> select(store::Database& database, std::string_view where,
                                        std::string_view value);

  const std::string m_url;
  const std::function<std::chrono::steady_clock::time_point()> m_steady;
  mutable std::mutex m_mutex;
  std::unique_ptr<store::Database> m_database;
  std::map<std::string, Remembered, std::less<>> m_remembered;  // by hash
  std::size_t m_queries = 0;
};

}  // namespace patchmill::service
