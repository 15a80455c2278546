#include "api/patchwork/webhook_store.hpp"

#include "api/patchwork/render.hpp"
#include "store/cursors.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include <utility>
#include <vector>

namespace patchmill::api::patchwork {
namespace json = boost::json;
namespace {

constexpr std::size_t k_at_once = 500;

}  // namespace

WebhookStore::WebhookStore(store::Database& database, Registry& registry, const Clock& clock,
                           const std::string& url, std::string base)
    : m_database(database),
      m_registry(registry),
      m_clock(clock),
      m_kind("webhook " + sha256_hex(url).substr(0, 32)),
      m_base(std::move(base)) {}

bool WebhookStore::collect(const HookEvents& wanted) {
  const auto stored = store::cursor(m_database, m_kind);
  const auto read = stored ? parse_uint(*stored) : std::nullopt;
  if (!read) {
    store::set_cursor(m_database, m_kind, std::to_string(registry::newest_event(m_database)));
    return false;
  }
  const auto events = registry::events_after(m_database, static_cast<Id>(*read), k_at_once);
  if (events.empty()) {
    return false;
  }
  const Timestamp now = m_clock.now();
  Render render(m_registry, Version{Version::k_newest, true}, m_base);
  std::map<Id, std::string> link_names;
  std::vector<std::pair<std::string, std::string>> news;  // key and payload
  for (const auto& event : events) {
    if (event.date + k_hook_patience < now) {
      continue;
    }
    auto& link_name = link_names[event.project];
    if (link_name.empty()) {
      const auto project = m_registry.project(event.project);
      link_name = project ? project->link_name : "?";
    }
    const auto hook = wanted.find(link_name);
    if (hook == wanted.end() || !hook->second.contains(event.category)) {
      continue;
    }
    render.out.clear();
    render.event(event);
    news.emplace_back(fmt::format("{} {}", m_kind, event.id),
                      json::serialize(json::object{{"project", link_name},
                                                   {"category", category_name(event.category)},
                                                   {"date", to_micros(event.date)},
                                                   {"body", render.out}}));
  }
  store::Transaction transaction(m_database);
  for (const auto& [key, payload] : news) {
    store::enqueue(m_database, now, key, m_kind, payload);
  }
  store::set_cursor(m_database, m_kind, std::to_string(events.back().id));
  transaction.commit();
  return true;
}

std::optional<WebhookStore::Delivery> WebhookStore::claim(std::string_view holder,
                                                          std::chrono::seconds lease) {
  auto item = store::claim_in_order(m_database, m_clock.now(), m_kind, holder, lease);
  if (!item) {
    return std::nullopt;
  }
  Delivery delivery;
  delivery.id = sha256_hex(item->key).substr(0, 32);
  const json::value payload = json::parse(item->payload);  // our own
  delivery.project = json::value_to<std::string>(payload.at("project"));
  delivery.category = json::value_to<std::string>(payload.at("category"));
  delivery.body = json::value_to<std::string>(payload.at("body"));
  delivery.happened = from_micros(payload.at("date").to_number<std::int64_t>());
  delivery.item = *std::move(item);
  return delivery;
}

void WebhookStore::sent(const Delivery& delivery) {
  // The cursor is past its event: it is never written down again.
  store::remove(m_database, delivery.item.id);
}

void WebhookStore::failed(const Delivery& delivery, std::string_view reason,
                          std::optional<Timestamp> again) {
  store::mark_failed(m_database, delivery.item.id, reason, again);
}

std::int64_t WebhookStore::waiting() {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE kind = ? AND state = 0",
                                        m_kind);
}

}  // namespace patchmill::api::patchwork
