#include "app/series_addresses.hpp"

#include "patchwork/instance.hpp"
#include "patchwork/patch_map.hpp"
#include "registry/get.hpp"
#include "tracker/mail_rows.hpp"
#include "tracker/series_addresses.hpp"
#include "tracker/series_store.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace patchmill::app {
namespace {

constexpr std::size_t k_most_open = 1000;  // anybody may name what never arrives

class Sites {
 public:
  explicit Sites(const Config& config) {
    if (!config.patchwork.projects.empty()) {
      m_ours = tracker::patchwork_site(config.http.url);
    }
    for (const auto& source : config.sources) {
      const auto* spec = std::get_if<intake::PatchworkSpec>(&source.kind);
      if (spec == nullptr) {
        continue;
      }
      if (const auto name = patchwork::front_page_of(spec->url)) {
        m_instances.try_emplace(tracker::patchwork_site(*name), *name);
      }
    }
  }

  [[nodiscard]] bool any() const { return !m_ours.empty() || !m_instances.empty(); }

  // Tracker's series of it.
  std::optional<std::int64_t> find(store::Database& database,
                                   const tracker::SeriesAddress& address) const {
    if (!m_ours.empty() && address.site == m_ours) {
      return registry::number_of_series(database, address.series);
    }
    const auto instance = m_instances.find(address.site);
    if (instance == m_instances.end()) {
      return std::nullopt;
    }
    const auto msgid = patchwork::patch_of_series(database, instance->second, address.series);
    if (!msgid) {
      return std::nullopt;
    }
    const auto mails = tracker::mails_with_ids(database, std::array{*msgid});
    return tracker::newest_series_of(database, mails.front());
  }

 private:
  std::string m_ours;
  std::map<std::string, std::string> m_instances;  // by site: the name in the store
};

}  // namespace

bool resolves_series_addresses(const Config& config) {
  return Sites(config).any();
}

std::size_t resolve_series_addresses(store::Database& database, const Config& config,
                                     Timestamp now) {
  const Sites sites(config);
  if (!sites.any()) {
    return 0;
  }
  std::vector<tracker::ResolvedAddress> found;
  for (auto& open : tracker::open_addresses(database, k_most_open)) {
    if (const auto target = sites.find(database, open.address)) {
      found.push_back({std::move(open), *target});
    }
  }
  return found.empty() ? 0 : tracker::resolve_addresses(database, now, found);
}

}  // namespace patchmill::app
