#pragma once
// Every word a template may use: checking, rendering and documentation are made from it.

#include <span>
#include <string_view>

namespace patchmill::reports {

enum class KeyKind {
  text,  // {{x}}; as a section {{#x}}…{{/x}} it is there when it is not empty
  flag,  // only as a section
  list,  // only as a section, once for each
};

struct TemplateKey {
  std::string_view name;
  KeyKind kind;
  std::string_view parent;  // the list whose items have it; empty: everywhere
  std::string_view help;
};

std::span<const TemplateKey> template_keys();
// Within `parent` (a list) or outside of lists; nullptr: there is no such key there.
const TemplateKey* find_template_key(std::string_view name, std::string_view parent);

}  // namespace patchmill::reports
