#include "api/patchwork/webhook_store.hpp"

#include "api/patchwork/render.hpp"
#include "store/cursors.hpp"
#include "util/hash.hpp"
#include "util/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace patchmill::api::patchwork {
namespace json = boost::json;
namespace {

constexpr std::size_t k_at_once = 500;
constexpr std::string_view k_hook_kind = "webhook ";

// Of the outbox, and the name of the cursor.
std::string hook_kind(const std::string& url) {
  return std::string(k_hook_kind) + sha256_hex(url).substr(0, 32);
}

// Sources have cursors too, and any name.
bool is_hook_kind(std::string_view name) {
  return name.starts_with(k_hook_kind) && name.size() == k_hook_kind.size() + 32 &&
         name.find_first_not_of("0123456789abcdef", k_hook_kind.size()) == std::string_view::npos;
}

}  // namespace

std::int64_t drop_other_webhooks(store::Database& database, const std::set<std::string>& urls) {
  std::set<std::string> known;
  for (const auto& url : urls) {
    known.insert(hook_kind(url));
  }
  std::int64_t dropped = 0;
  store::Transaction transaction(database);
  for (const auto& kind : store::cursor_sources(database, k_hook_kind)) {
    if (is_hook_kind(kind) && !known.contains(kind)) {
      dropped += store::remove_kind(database, kind);
      store::remove_cursor(database, kind);
    }
  }
  transaction.commit();
  return dropped;
}

WebhookStore::WebhookStore(store::Database& database, Registry& registry, const Clock& clock,
                           const std::string& url, std::string base)
    : m_database(database),
      m_registry(registry),
      m_clock(clock),
      m_kind(hook_kind(url)),
      m_base(std::move(base)) {}

bool WebhookStore::collect(const HookEvents& wanted, MissedEvents& missed) {
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
  struct News {
    Timestamp happened;
    std::string key, payload;
  };
  std::vector<News> news;
  MissedEvents too_old = missed;
  for (const auto& event : events) {
    auto& link_name = link_names[event.project];
    if (link_name.empty()) {
      const auto project = m_registry.project(event.project);
      link_name = project ? project->link_name : "?";
    }
    const auto hook = wanted.find(link_name);
    if (hook == wanted.end() || !hook->second.contains(event.category)) {
      continue;
    }
    if (event.date + k_hook_patience < now) {
      too_old.first = too_old.count == 0 ? event.id : too_old.first;
      too_old.last = event.id;
      ++too_old.count;
      continue;
    }
    render.out.clear();
    render.event(event);
    // The date too: after a restore the ids of events that were lost are given to others.
    news.push_back({event.date, fmt::format("{} {} {}", m_kind, event.id, to_micros(event.date)),
                    json::serialize(json::object{{"project", link_name},
                                                 {"category", category_name(event.category)},
                                                 {"date", to_micros(event.date)},
                                                 {"body", render.out}})});
  }
  store::Transaction transaction(m_database);
  for (const auto& [happened, key, payload] : news) {
    // As if it had been written down when it happened, so that it is known how old it is.
    // Never in the future: that would be a clock set back, which makes everything due.
    store::enqueue(m_database, std::min(happened, now), key, m_kind, payload, now);
  }
  store::set_cursor(m_database, m_kind, std::to_string(events.back().id));
  transaction.commit();
  missed = too_old;
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

std::int64_t WebhookStore::give_up_old(const Delivery& delivery, std::string_view reason) {
  store::Transaction transaction(m_database);
  store::mark_failed(m_database, delivery.item.id, reason, std::nullopt);
  const auto others =
      store::give_up_before(m_database, m_kind, m_clock.now() - k_hook_patience, reason);
  transaction.commit();
  return 1 + others;
}

void WebhookStore::take_back(const std::function<bool(std::string_view)>& is_gone) {
  store::take_back(m_database, [&](std::string_view kind, std::string_view holder) {
    return kind == m_kind && is_gone(holder);
  });
}

std::optional<WebhookStore::Trouble> WebhookStore::try_again_now() {
  const auto oldest = store::head(m_database, m_kind);
  if (!oldest || oldest->error.empty()) {
    return std::nullopt;
  }
  store::make_due(m_database, m_clock.now(), oldest->id);
  return Trouble{oldest->error, static_cast<unsigned>(std::max(oldest->attempts, 1))};
}

std::int64_t WebhookStore::waiting() {
  return m_database.value<std::int64_t>("SELECT COUNT(*) FROM outbox WHERE kind = ? AND state = 0",
                                        m_kind);
}

}  // namespace patchmill::api::patchwork
