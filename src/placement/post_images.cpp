#include "placement/post_images.hpp"

#include "util/hash.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

namespace patchmill::placement {

namespace {

constexpr std::size_t k_max_providers = 16;
// Hot files (a Makefile) are made by thousands of series; only the newest can matter.
constexpr std::int64_t k_rows_a_path = 500;

std::int64_t path_key(std::string_view path) {
  const std::string hash = sha1_hex(path);
  std::uint64_t key = 0;
  std::from_chars(hash.data(), hash.data() + 16, key, 16);
  return static_cast<std::int64_t>(key >> 1);
}

}  // namespace

void record_post_images(store::Database& database, std::int64_t series, Timestamp posted,
                        std::span<const PostImage> images) {
  using Key = std::pair<std::int64_t, std::int64_t>;  // patch, path
  std::map<Key, std::string> wanted;
  for (const auto& image : images) {
    wanted[{static_cast<std::int64_t>(image.patch), path_key(image.path)}] = image.blob;
  }
  std::map<Key, std::string> have;
  database.each(
      "SELECT patch, path_key, blob FROM placement_post_images WHERE series = ?",
      [&](const store::Row& row) {
        have[{row.integer(0), row.integer(1)}] = row.get<std::string>(2);
      },
      series);
  if (have == wanted) {
    return;
  }
  store::Transaction transaction(database);
  database.exec("DELETE FROM placement_post_images WHERE series = ?", series);
  for (const auto& [key, blob] : wanted) {
    database.exec(
        "INSERT INTO placement_post_images (series, patch, path_key, blob, posted) "
        "VALUES (?, ?, ?, ?, ?)",
        series, key.first, key.second, blob, to_micros(posted));
  }
  transaction.commit();
}

std::vector<Provider> find_providers(store::Database& database, std::span<const PreImage> wanted,
                                     Timestamp posted) {
  std::map<std::int64_t, Provider> by_series;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].kind != PreImage::Kind::blob) {
      continue;
    }
    std::set<std::int64_t> counted;
    database.each(
        "SELECT series, patch, blob, posted FROM placement_post_images "
        "WHERE path_key = ? AND posted <= ? ORDER BY posted DESC, series DESC LIMIT ?",
        [&](const store::Row& row) {
          if (!same_blob(row.text(2), wanted[i].blob)) {
            return;
          }
          auto& provider = by_series[row.integer(0)];
          provider.series = row.integer(0);
          provider.posted = from_micros(row.integer(3));
          provider.last_patch =
              std::max(provider.last_patch, static_cast<std::size_t>(row.integer(1)));
          if (counted.insert(provider.series).second) {
            provider.provides.push_back(i);
          }
        },
        path_key(wanted[i].path), to_micros(posted), k_rows_a_path);
  }
  std::vector<Provider> result;
  for (auto& [series, provider] : by_series) {
    result.push_back(std::move(provider));
  }
  std::sort(result.begin(), result.end(), [](const Provider& a, const Provider& b) {
    return std::tuple(a.provides.size(), a.posted, a.series) >
           std::tuple(b.provides.size(), b.posted, b.series);
  });
  result.resize(std::min(result.size(), k_max_providers));
  return result;
}

}  // namespace patchmill::placement
