#include "tracker/series_addresses.hpp"

#include "store/event_log.hpp"
#include "tracker/model.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <limits>

namespace patchmill::tracker {
namespace {

constexpr std::size_t k_longest_site = 300;  // it is part of an indexed key

std::optional<std::int64_t> series_in_query(std::string_view query) {
  for (std::string_view word : split(query.substr(0, query.find('#')), '&')) {
    constexpr std::string_view name = "series=";
    if (!word.starts_with(name)) {
      continue;
    }
    word.remove_prefix(name.size());
    const auto number = parse_uint(word);
    if (number && *number > 0 &&
        *number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return static_cast<std::int64_t>(*number);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string SeriesAddress::key() const {
  return fmt::format("u:{}/{}", site, series);
}

std::optional<SeriesAddress> series_address(std::string_view url) {
  const std::size_t query = url.find('?');
  if (query == std::string_view::npos) {
    return std::nullopt;
  }
  constexpr std::string_view folder = "/project/";
  const std::string_view page = url.substr(0, query);
  const std::size_t place = page.rfind(folder);
  if (place == std::string_view::npos) {
    return std::nullopt;
  }
  const auto parts = split(page.substr(place + folder.size()), '/');
  const bool list = parts.size() >= 2 && !parts[0].empty() && parts[1] == "list" &&
                    (parts.size() == 2 || (parts.size() == 3 && parts[2].empty()));
  const auto series = series_in_query(url.substr(query + 1));
  std::string site = patchwork_site(page.substr(0, place));
  if (!list || !series || site.empty() || site.size() > k_longest_site) {
    return std::nullopt;
  }
  return SeriesAddress{std::move(site), *series};
}

std::string patchwork_site(std::string_view front_page) {
  const std::size_t scheme = front_page.find("://");
  if (scheme == std::string_view::npos) {
    return {};
  }
  front_page.remove_prefix(scheme + 3);
  while (front_page.ends_with('/')) {
    front_page.remove_suffix(1);
  }
  return to_lower(front_page);
}

std::vector<OpenAddress> open_addresses(store::Database& database, std::size_t limit) {
  std::vector<OpenAddress> open;
  // As the index series_dependencies_address has it.
  database.each(
      "SELECT series, position, target FROM series_dependencies"
      " WHERE resolved IS NULL AND substr(lookup, 1, 2) = 'u:'"
      " ORDER BY series DESC, position DESC LIMIT ?",
      [&](const store::Row& row) {
        if (auto address = series_address(row.get<std::string>(2))) {
          open.push_back({row.integer(0), row.integer(1), std::move(*address)});
        }
      },
      static_cast<std::int64_t>(limit));
  return open;
}

std::size_t resolve_addresses(store::Database& database, Timestamp now,
                              std::span<const ResolvedAddress> addresses) {
  store::Transaction transaction(database);
  // As ingest() begins, so that neither waits for the other in a circle.
  database.exec("UPDATE tracker_counters SET value = value WHERE name = 'message'");
  std::size_t resolved = 0;
  for (const auto& [open, target] : addresses) {
    const std::string key = open.address.key();
    if (target == open.series) {
      database.exec(
          "UPDATE series_dependencies SET lookup = '', reason = ?"
          " WHERE series = ? AND position = ? AND lookup = ?",
          k_names_itself, open.series, open.position, key);
      continue;
    }
    const auto changed = database.exec(
        "UPDATE series_dependencies SET resolved = ?, reason = ''"
        " WHERE series = ? AND position = ? AND lookup = ? AND resolved IS NULL",
        target, open.series, open.position, key);
    if (changed == 0) {
      continue;
    }
    store::append_event(database, now, "series-changed", open.series, std::nullopt,
                        fmt::format(R"({{"number":{}}})", open.series));
    ++resolved;
  }
  transaction.commit();
  return resolved;
}

}  // namespace patchmill::tracker
