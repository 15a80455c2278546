#pragma once
// Asking other servers: one thread, libcurl underneath, polite and bounded.

#include "http/headers.hpp"
#include "http/host_guard.hpp"
#include "util/result.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace patchmill::http {

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http or https
  Headers headers;  // Authorization, Private-Token and Cookie go to the origin of `url` only
  std::string body;
  std::size_t max_body = 32u << 20;             // of the answer; beyond it error limit
  std::chrono::milliseconds timeout{60'000};    // of one attempt, from the first byte sent
  std::chrono::milliseconds deadline{300'000};  // of everything: waiting, redirects, attempts
  unsigned max_redirects = 5;
  unsigned attempts = 4;    // of idempotent methods
  bool idempotent = false;  // says so of a POST or PATCH
  bool remember = true;     // ETag memory for GET
  std::stop_token stop;     // gives up when stopped
  // Takes the body of a 2xx answer instead of ClientResponse::body, on the client's thread; an
  // error ends the transfer. No second attempt once it was called.
  std::function<Result<void>(std::string_view)> sink;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
  std::string url;           // after redirects
  bool from_memory = false;  // the server said 304; status is 200 and the body the remembered one
  unsigned attempts = 1;
};

struct ClientConfig {
  std::string user_agent = "patchmill/" PATCHMILL_VERSION;
  std::string proxy;  // "http://host:port", "socks5h://…"; empty: http_proxy and the like
  std::filesystem::path ca_file;  // PEM, beside none of the system's; empty: the system's
  bool public_only =
      false;  // refuse private, local and link addresses (for addresses from outside)
  std::chrono::milliseconds connect_timeout{15'000};
  std::size_t max_parallel = 32;
  std::size_t max_parallel_per_host = 4;
  std::size_t max_queued = 10'000;
  std::size_t memory_bytes = 64u << 20;
  HostRule host;
  std::chrono::milliseconds first_backoff{500};            // doubles, with jitter, up to 30 s
  std::chrono::milliseconds longest_retry_after{120'000};  // a longer wish ends the attempts
};

class Client {
 public:
  using Callback = std::function<void(Result<ClientResponse>)>;

  explicit Client(ClientConfig config = {});
  ~Client();  // every request under way ends with an error
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Any status is a response. Errors: invalid (address, redirect), limit (size, redirects, queue),
  // infrastructure (no answer, breaker open, deadline, stopped); the text names host and reason,
  // never credentials. Not from a callback.
  Result<ClientResponse> fetch(ClientRequest request);
  // The callback runs on the client's thread and must be quick; it is called exactly once.
  void fetch(ClientRequest request, Callback done);

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace patchmill::http
