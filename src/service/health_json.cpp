#include "service/health_json.hpp"

#include <boost/json.hpp>

namespace patchmill::service {

boost::json::object to_json(const std::vector<PartHealth>& parts) {
  boost::json::object out;
  for (const PartHealth& part : parts) {
    std::int64_t well = 0;
    boost::json::array items;
    for (const ItemHealth& item : part.items) {
      if (item.state == PartState::ok) {
        ++well;
        continue;
      }
      items.push_back({{"name", item.item},
                       {"state", to_string(item.state)},
                       {"since", to_iso(item.since)},
                       {"message", item.message},
                       {"todo", item.todo}});
    }
    out[to_string(part.part)] = {{"state", to_string(part.state)},
                                 {"since", to_iso(part.since)},
                                 {"message", part.message},
                                 {"todo", part.todo},
                                 {"ok", well},
                                 {"items", std::move(items)}};
  }
  return out;
}

}  // namespace patchmill::service
