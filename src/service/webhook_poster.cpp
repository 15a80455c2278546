#include "service/webhook_poster.hpp"

#include "http/url.hpp"
#include "service/holder.hpp"
#include "util/hmac.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchmill::service {
namespace {

// Longer than a request takes with all its waiting.
constexpr std::chrono::seconds k_hook_lease{60};
constexpr std::chrono::seconds k_first_hook_retry{5};
constexpr std::chrono::seconds k_longest_hook_retry{3600};
constexpr std::size_t k_largest_answer = 64u << 10;

std::chrono::seconds wait_after(unsigned failures) {
  return std::min<std::chrono::seconds>(k_longest_hook_retry,
                                        k_first_hook_retry * (1 << std::min(failures, 12U)));
}

http::ClientConfig client_of(const std::vector<app::WebhookConfig>& hooks) {
  http::ClientConfig config;
  config.public_only =
      !std::ranges::all_of(hooks, [](const auto& hook) { return hook.private_address; });
  // One request at a time and waiting of our own is polite enough; what the client holds back by
  // itself would look like a failure of the other side.
  config.host.requests_per_second = 0;
  config.host.failures_to_open = 0;
  return config;
}

// What the same address will not take later either: it was read and refused.
bool is_refusal(int status) {
  return status == 400 || status == 405 || status == 406 || status == 411 || status == 413 ||
         status == 415 || status == 422;
}

}  // namespace

std::string origin_of(const std::string& url) {
  const auto parsed = http::parse_url(url);
  return parsed ? parsed->origin : "an address that cannot be read";
}

WebhookPoster::WebhookPoster(const app::Config& config, std::vector<app::WebhookConfig> hooks,
                             WebhookOptions options, const Clock& clock, WebhookState& state)
    : m_hooks(std::move(hooks)),
      m_origin(origin_of(m_hooks.front().url)),
      m_options(std::move(options)),
      m_clock(clock),
      m_state(state),
      m_database(store::Database::open(config.store_url)),
      m_blobs(config.data / "blobs"),
      m_pool([url = config.store_url] { return store::Database::open(url); }, 1),
      m_registry(api::patchwork::registry_of(m_pool, m_blobs, clock)()),
      m_store(*m_database, *m_registry, clock, m_hooks.front().url, m_options.base),
      m_client(client_of(m_hooks)) {
  m_store.take_back(gone_holders(config, *m_database));
  m_state.waiting = m_store.waiting();
  if (!m_state.trouble.empty()) {
    return;
  }
  if (auto trouble = m_store.try_again_now()) {
    m_state.trouble = std::move(trouble->reason);
    m_state.failures = trouble->attempts;
  }
}

Result<http::ClientResponse> WebhookPoster::post(const app::WebhookConfig& hook,
                                                 const Delivery& delivery,
                                                 const std::stop_token& stop) {
  http::ClientRequest request;
  request.method = "POST";
  request.url = hook.url;
  request.body = delivery.body;
  request.headers.set("Content-Type", "application/json");
  request.headers.set("X-Patchmill-Event", delivery.category);
  request.headers.set("X-Patchmill-Delivery", delivery.id);
  if (!hook.secret.empty()) {
    PM_TRY_ASSIGN(const auto secret, intake::read_secret(hook.secret));
    request.headers.set("X-Patchmill-Signature-256",
                        "sha256=" + hmac_sha256_hex(secret, delivery.body));
  }
  request.max_body = k_largest_answer;
  request.max_redirects = 0;
  request.attempts = 1;
  request.timeout = m_options.timeout;
  request.deadline = m_options.timeout * 2;
  request.stop = stop;
  return m_client.fetch(std::move(request));
}

void WebhookPoster::give_up(const Delivery& delivery, const std::string& reason) {
  log::error("webhook of {} at {}: {} {} is not told: {}", delivery.project, m_origin,
             delivery.category, delivery.id, reason);
  m_store.failed(delivery, reason, std::nullopt);
  ++m_state.given_up;
}

void WebhookPoster::give_up_old(const Delivery& delivery) {
  const std::string reason = m_state.trouble.empty() ? "it is too long ago" : m_state.trouble;
  const auto count = m_store.give_up_old(delivery, reason);
  log::error(
      "webhooks at {}: {} of more than {} hours ago, the first {} of {} {}, will not be told: {}",
      m_origin, count_of(count, "event"), api::patchwork::k_hook_patience.count(),
      delivery.category, delivery.project, delivery.id, reason);
  m_state.given_up += count;
}

void WebhookPoster::tell_of_missed() {
  const auto missed = std::exchange(m_state.missed, {});
  if (missed.count == 0) {
    return;
  }
  log::error(
      "webhooks at {}: {} of more than {} hours ago, from event {} to {}, will not be told: "
      "`import patchwork` took them over, or patchmill did not run, or could not, for so long",
      m_origin, count_of(missed.count, "event"), api::patchwork::k_hook_patience.count(),
      missed.first, missed.last);
  m_state.given_up += missed.count;
}

bool WebhookPoster::post_one(const std::stop_token& stop) {
  const auto delivery = m_store.claim(holder_name(), k_hook_lease);
  if (!delivery) {
    return false;
  }
  step("claimed");
  const auto hook = std::ranges::find(m_hooks, delivery->project, &app::WebhookConfig::project);
  if (hook == m_hooks.end()) {
    m_store.failed(*delivery, "no longer configured", std::nullopt);
    return true;
  }
  const bool old = delivery->happened + api::patchwork::k_hook_patience < m_clock.now();
  if (old && delivery->item.attempts > 1) {
    give_up_old(*delivery);
    return true;
  }
  const auto answer = post(*hook, *delivery, stop);
  step("posted");
  if (answer && answer->status >= 200 && answer->status < 300) {
    m_store.sent(*delivery);
    ++m_state.sent;
    m_state.failures = 0;
    m_state.trouble.clear();
    return true;
  }
  const Timestamp now = m_clock.now();
  if (stop.stop_requested()) {
    m_store.failed(*delivery, m_state.trouble, now);  // nothing is new of the address
    return false;
  }
  // Nothing of the answer but its number: a body may be anything.
  const std::string reason =
      !answer ? answer.error().message
      : answer->status >= 300 && answer->status < 400
          ? fmt::format(
                "it answers {}, a redirect, which is not followed; configure the address "
                "it has now",
                answer->status)
          : fmt::format("it answers {}", answer->status);
  if (answer && is_refusal(answer->status)) {
    give_up(*delivery, reason);
    return true;
  }
  if (m_state.trouble != reason) {
    log::warning("webhook of {} at {}: {}; tried again for {} hours", delivery->project, m_origin,
                 reason, api::patchwork::k_hook_patience.count());
  }
  m_state.trouble = reason;
  ++m_state.failures;
  m_store.failed(*delivery, reason,
                 now + wait_after(static_cast<unsigned>(std::max(delivery->item.attempts, 1)) - 1));
  return false;
}

void WebhookPoster::pass(const std::stop_token& stop) {
  api::patchwork::HookEvents wanted;
  for (const auto& hook : m_hooks) {
    wanted[hook.project] = hook.events;
  }
  while (!stop.stop_requested() && m_store.collect(wanted, m_state.missed)) {
  }
  tell_of_missed();
  while (!stop.stop_requested() && post_one(stop)) {
  }
  m_state.waiting = m_store.waiting();
}

}  // namespace patchmill::service
