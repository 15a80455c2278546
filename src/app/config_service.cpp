// What only the service needs: how much it does at once, and where it is reached.

#include "app/config_parts.hpp"
#include "app/config_reader.hpp"
#include "http/address.hpp"
#include "http/listen_address.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <thread>

namespace patchmill::app {

std::vector<KeySpec> service_keys() {
  using enum KeyType;
  return {
      {"", "workers", integer,
       "How many series have jobs running at the same time, in `patchmill serve` and in `patchmill "
       "run`; at most 256. Each has a source folder and warm builds of its own.",
       "one for every two processors", "4"},
      {"", "fetch", duration, "How often `patchmill serve` fetches the trees.", "5m", "2m"},
      {"", "max-age", text,
       "Series older than this are left out by `patchmill serve` (verdict `skip`) unless somebody "
       "asks, so that an archive can be followed: a duration, or `none`.",
       "720h", "none"},
      {"trees", "project", name,
       "What it belongs to: trees of one project share the project's part of the workers, and mail "
       "rules name it.",
       "the tree's name", "netdev"},
      {"trees", "weight", integer,
       "The project's part of the workers in `patchmill serve`, compared with others: twice the "
       "weight gets twice the time. 1 to 1000.",
       "1", "3"},
      {"trees", "priority", integer,
       "Series of a tree with a higher one go first, whatever the weights. 0 to 1000.", "0", "10"},
      {"", "http", section, "The pages and interfaces of `patchmill serve`.", "", ""},
      {"http", "listen", words,
       "Addresses: `HOST:PORT`, `[IPv6]:PORT`, `unix:PATH`, or `fd:N` (a socket that was passed). "
       "An empty list: none.",
       "[\"127.0.0.1:8080\"]", "[\"0.0.0.0:8443\", \"unix:/run/patchmill/http.sock\"]"},
      {"http", "url", text, "Where people find the pages; used in mails, feeds and checks.",
       "the first address", "https://ci.example.org"},
      {"http", "title", text, "The name on the pages.", "patchmill", "LTP patch tests"},
      {"http", "contact", text, "A person to ask, on the pages.", "none",
       "Carla Admin <carla@example.org>"},
      {"http", "certificate", path,
       "PEM file of the TLS certificate and its chain; with `key`, "
       "every TCP address speaks TLS.",
       "no TLS", "/etc/patchmill/tls.pem"},
      {"http", "key", path, "PEM file of the certificate's key.", "", "/etc/patchmill/tls.key"},
      {"http", "trusted-proxies", words,
       "Networks whose X-Forwarded-For and X-Forwarded-Proto are believed.", "none",
       "[127.0.0.1, 10.0.0.0/8]"},
      {"http", "private", boolean, "Pages only for tokens with the scope `read`.", "false", "true"},
      {"http", "access-log", boolean, "One line a request in the log.", "true", "false"},
      {"http", "connections", integer,
       "How many are open at the same time, live pages among them; at most half of the files the "
       "service may open. 16 to 1000000. A change needs a restart.",
       "12000", "50000"},
      {"http", "connections-per-address", integer,
       "The same from one address (IPv6: one /64); trusted proxies and Unix sockets have no limit.",
       "256", "1000"},
      {"http", "requests-per-minute", integer,
       "How many requests one address (IPv6: one /64) may make in a minute, all of them at once if "
       "it likes; then it gets 429 with `Retry-After`. Requests with a valid token count for the "
       "token instead, wherever they come from. A change needs a restart.",
       "any number", "600"},
  };
}

bool wants_state(const Config& config, std::string_view slug) {
  const auto wanted = [slug](const std::vector<std::string>& states) {
    return std::ranges::find(states, slug) != states.end();
  };
  return (!config.patchwork.projects.empty() && wanted(config.patchwork_states)) ||
         std::ranges::any_of(config.sources, [&](const intake::SourceSpec& source) {
           const auto* spec = std::get_if<intake::PatchworkSpec>(&source.kind);
           return spec != nullptr && wanted(spec->states);
         });
}

unsigned workers_of(const Config& config) {
  return config.workers > 0 ? config.workers
                            : std::clamp(std::thread::hardware_concurrency() / 2, 1u, 256u);
}

Share share_of(const Config& config, const std::string& tree) {
  const auto found = config.shares.find(tree);
  return found != config.shares.end() ? found->second : Share{tree, 1, 0};
}

Share ConfigReader::read_share(const YamlValue& tree) {
  Share share;
  share.project = word(tree, "project", word(tree, "name"));
  const auto number = [&](std::string_view key, std::uint64_t least, std::uint64_t most,
                          std::uint64_t standard) {
    const YamlValue* value = tree.find(key);
    const auto found = value != nullptr ? parse_uint(value->scalar).value_or(0) : standard;
    if (value != nullptr && (found < least || found > most)) {
      fault(*value, fmt::format("'{}' is between {} and {}", key, least, most));
      return standard;
    }
    return found;
  };
  share.weight = static_cast<unsigned>(number("weight", 1, 1000, 1));
  share.priority = static_cast<int>(number("priority", 0, 1000, 0));
  return share;
}

void ConfigReader::read_listen(Config& config, const YamlValue& section) {
  if (section.find("listen") == nullptr) {
    return;
  }
  config.http.listen = words(section, "listen");
  std::vector<http::ListenAddress> taken;
  for (const YamlValue* written : scalars(section, "listen")) {
    auto address = http::ListenAddress::parse(written->scalar);
    if (!address) {
      fault(*written, address.error().message);
      continue;
    }
    if (std::ranges::any_of(taken, [&](const auto& other) { return other.overlaps(*address); })) {
      fault(*written, fmt::format("an address before it listens on '{}' already",
                                  escape_terminal(written->scalar)));
    }
    taken.push_back(*std::move(address));
  }
}

void ConfigReader::read_service(Config& config) {
  if (const YamlValue* workers = m_document.find("workers")) {
    const auto count = parse_uint(workers->scalar).value_or(0);
    if (count < 1 || count > 256) {
      fault(*workers, "'workers' is between 1 and 256");
    }
    config.workers = static_cast<unsigned>(count);
  }
  if (const YamlValue* fetch = m_document.find("fetch")) {
    config.fetch_interval =
        std::max(std::chrono::seconds(parse_duration_seconds(fetch->scalar).value_or(300)),
                 std::chrono::seconds(1));
  }
  if (const YamlValue* age = m_document.find("max-age")) {
    config.max_age = duration_or_none(*age, "max-age");
  }
  const YamlValue* http = m_document.find("http");
  if (http == nullptr) {
    return;
  }
  read_listen(config, *http);
  config.http.url = word(*http, "url");
  while (config.http.url.ends_with('/')) {
    config.http.url.pop_back();
  }
  if (const YamlValue* url = http->find("url"); url != nullptr &&
                                                !url->scalar.starts_with("http://") &&
                                                !url->scalar.starts_with("https://")) {
    fault(*url, "'url' is where people find the pages: http://… or https://…");
  }
  config.http.title = word(*http, "title", config.http.title);
  config.http.contact = word(*http, "contact");
  const YamlValue* certificate = http->find("certificate");
  const YamlValue* key = http->find("key");
  if ((certificate == nullptr) != (key == nullptr)) {
    if (!http->doubtful) {
      fault(certificate != nullptr ? *certificate : *key, "TLS needs both 'certificate' and 'key'");
    }
  } else if (certificate != nullptr) {
    config.http.certificate = path(*certificate);
    config.http.key = path(*key);
  }
  config.http.trusted_proxies = words(*http, "trusted-proxies");
  for (const YamlValue* proxy : scalars(*http, "trusted-proxies")) {
    if (const auto network = http::Network::parse(proxy->scalar); !network) {
      fault(*proxy, network.error().message);
    }
  }
  config.http.is_private = word(*http, "private") == "true";
  config.http.access_log = word(*http, "access-log", "true") == "true";
  const auto count = [&](std::string_view name, std::uint64_t least, std::uint64_t& into) {
    if (const YamlValue* value = http->find(name)) {
      into = parse_uint(value->scalar).value_or(0);
      if (into < least || into > 1'000'000) {
        fault(*value, fmt::format("'{}' is between {} and 1000000", name, least));
      }
    }
  };
  count("connections", 16, config.http.connections);
  count("connections-per-address", 1, config.http.connections_per_address);
  count("requests-per-minute", 1, config.http.requests_per_minute);
}

}  // namespace patchmill::app
