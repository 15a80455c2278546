#pragma once
// Everything there is to tell one address of webhooks at one moment.

#include "api/patchwork/webhook_store.hpp"
#include "app/config.hpp"
#include "http/client.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "store/pool.hpp"
#include "util/clock.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::service {

// What a person should know; kept by whoever runs the passes, across new connections to the store.
struct WebhookState {
  std::string trouble;    // why the last attempt failed; empty: it did not
  unsigned failures = 0;  // in a row
  std::int64_t sent = 0, given_up = 0, waiting = 0;
  api::patchwork::MissedEvents missed;  // not yet told of in the log
};

struct WebhookOptions {
  std::string base;  // what links in the events begin with
  std::chrono::milliseconds timeout{10'000};
};

class WebhookPoster {
 public:
  // `hooks`: those of one address, one a project. All outlive it. Opens connections to the store
  // of its own; throws DatabaseError. What an earlier process had under way is due at once
  // (gone_holders()); so is, with a new `state`, what waits for another attempt, and `state` knows
  // why it does.
  WebhookPoster(const app::Config& config, std::vector<app::WebhookConfig> hooks,
                WebhookOptions options, const Clock& clock, WebhookState& state);

  // Writes down what is to be told and tells what is due, in order. One thread at a time. Throws
  // DatabaseError.
  void pass(const std::stop_token& stop);

  // What waits for another attempt is due. Throws DatabaseError.
  void try_again() { static_cast<void>(m_store.try_again_now()); }

  // For tests: called with the name of each step it has just done.
  std::function<void(std::string_view)> on_step;

 private:
  using Delivery = api::patchwork::WebhookStore::Delivery;
  // False: no more now.
  bool post_one(const std::stop_token& stop);
  void give_up(const Delivery& delivery, const std::string& reason);
  void give_up_old(const Delivery& delivery);
  void tell_of_missed();
  Result<http::ClientResponse> post(const app::WebhookConfig& hook, const Delivery& delivery,
                                    const std::stop_token& stop);
  void step(std::string_view name) const {
    if (on_step) {
      on_step(name);
    }
  }

  const std::vector<app::WebhookConfig> m_hooks;
  const std::string m_origin;  // the part of the address that may be shown
  const WebhookOptions m_options;
  const Clock& m_clock;
  WebhookState& m_state;
  std::unique_ptr<store::Database> m_database;
  store::BlobStore m_blobs;
  store::Pool m_pool;
  std::unique_ptr<api::patchwork::Registry> m_registry;
  api::patchwork::WebhookStore m_store;
  http::Client m_client;
};

// "https://ci.example.org:443"; what an address of a webhook is called.
std::string origin_of(const std::string& url);

}  // namespace patchmill::service
