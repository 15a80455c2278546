#pragma once
// Where sources were last read to, as the store has it.

#include "store/database.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::intake {

// What a source asks before it reads (see store/cursors.hpp). Who reads on a thread of its own is
// answered by the thread that has the store. Everything throws store::DatabaseError.
class Positions {
 public:
  virtual ~Positions() = default;
  [[nodiscard]] virtual std::optional<std::string> cursor(std::string_view source) = 0;
  [[nodiscard]] virtual std::vector<std::string> read_names(std::string_view source) = 0;
  // Those of the names that were not read, in the order given.
  [[nodiscard]] virtual std::vector<std::string> unread(std::string_view source,
                                                        std::span<const std::string> names) = 0;
  virtual void forget_names(std::string_view source, std::span<const std::string> names) = 0;
};

// Asks the store directly.
class StorePositions final : public Positions {
 public:
  explicit StorePositions(store::Database& database) : m_database(database) {}
  std::optional<std::string> cursor(std::string_view source) override;
  std::vector<std::string> read_names(std::string_view source) override;
  std::vector<std::string> unread(std::string_view source,
                                  std::span<const std::string> names) override;
  void forget_names(std::string_view source, std::span<const std::string> names) override;

 private:
  store::Database& m_database;
};

}  // namespace patchmill::intake
