#include "delivery/transport.hpp"

namespace patchmill::delivery {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
      return "accepted";
    case Outcome::deferred:
      return "deferred";
    case Outcome::rejected:
      return "rejected";
    case Outcome::in_doubt:
      return "in-doubt";
  }
  return "in-doubt";
}

}  // namespace patchmill::delivery
