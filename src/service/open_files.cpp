#include "service/open_files.hpp"

#include "util/log.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace patchmill::service {

std::uint64_t make_room_for_connections(std::uint64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return wanted;
  }
  if (limit.rlim_cur < 2 * wanted && limit.rlim_cur < limit.rlim_max) {
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = std::min<rlim_t>(2 * wanted, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      limit.rlim_cur = before;
    }
  }
  const std::uint64_t room = std::min<std::uint64_t>(wanted, limit.rlim_cur / 2);
  if (room < wanted) {
    log::warning(
        "{} connections at a time instead of {}, as only {} files may be open; LimitNOFILE={} in "
        "the systemd unit or `ulimit -Hn` allows more",
        room, wanted, limit.rlim_cur, 2 * wanted);
  }
  return room;
}

}  // namespace patchmill::service
