#pragma once
// Dependencies on the address of a series of a Patchwork. What its number means is known only to
// layers above: they look it up and tell.

#include "store/database.hpp"
#include "util/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::tracker {

struct SeriesAddress {
  std::string site;         // as patchwork_site() has it
  std::int64_t series = 0;  // its number there
  // What such dependencies are looked up by.
  [[nodiscard]] std::string key() const;
};
// "https://SITE/project/NAME/list/?series=N", as Patchwork 3.2 and later read it; nothing: another
// address.
std::optional<SeriesAddress> series_address(std::string_view url);
// Which Patchwork has this front page: "https://PW.example.org/pw/" is "pw.example.org/pw".
std::string patchwork_site(std::string_view front_page);

struct OpenAddress {
  std::int64_t series = 0, position = 0;  // which dependency
  SeriesAddress address;
};
// Dependencies whose address nobody has resolved, those of the newest series first.
std::vector<OpenAddress> open_addresses(store::Database& database, std::size_t limit);
struct ResolvedAddress {
  OpenAddress open;
  std::int64_t target = 0;  // the series it is the address of
};
// Each of them builds on its target from now on, which an event tells, but where it is another
// dependency by now or names the series itself. One transaction; returns how many were resolved.
std::size_t resolve_addresses(store::Database& database, Timestamp now,
                              std::span<const ResolvedAddress> addresses);

}  // namespace patchmill::tracker
