#pragma once
// Objects of the registry as structs, with Patchwork's names and in its order.

#include "api/patchwork/registry.hpp"
#include "api/xmlrpc/value.hpp"

#include <map>
#include <string>
#include <vector>

namespace patchmill::api::xmlrpc {

// "2023-11-15 12:00:00", with a fraction where there is one; UTC.
std::string date_text(Timestamp date);
// "Name <address>", or the address alone.
std::string person_text(const registry::Person& person);

Value describe(const registry::Project& project);
Value describe(const registry::Person& person);
Value describe(const registry::State& state);

// For patches and checks; what they name is read once.
class Describe {
 public:
  explicit Describe(patchwork::Registry& registry)
      : m_registry(registry), m_states(registry.states()) {}

  Value operator()(const registry::Patch& patch);
  Value operator()(const registry::Check& check);
  [[nodiscard]] registry::State state_of(const registry::Patch& patch) const;

 private:
  patchwork::Registry& m_registry;
  std::vector<registry::State> m_states;
  std::map<registry::Id, std::string> m_projects, m_patches;  // their names
};

}  // namespace patchmill::api::xmlrpc
