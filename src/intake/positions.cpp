#include "intake/positions.hpp"

#include "store/cursors.hpp"

namespace patchmill::intake {

std::optional<std::string> StorePositions::cursor(std::string_view source) {
  return store::cursor(m_database, source);
}

std::vector<std::string> StorePositions::read_names(std::string_view source) {
  return store::read_names(m_database, source);
}

std::vector<std::string> StorePositions::unread(std::string_view source,
                                                std::span<const std::string> names) {
  std::vector<std::string> fresh;
  for (const auto& name : names) {
    if (!store::is_read_name(m_database, source, name)) {
      fresh.push_back(name);
    }
  }
  return fresh;
}

void StorePositions::forget_names(std::string_view source, std::span<const std::string> names) {
  if (names.empty()) {
    return;
  }
  store::Transaction transaction(m_database);
  store::remove_read_names(m_database, source, names);
  transaction.commit();
}

}  // namespace patchmill::intake
