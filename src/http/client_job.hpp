#pragma once
// A request that the client has accepted. Only for the client.

#include "http/client.hpp"
#include "http/transfer.hpp"
#include "http/url.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace patchmill::http {

// One request through all its attempts and redirects.
struct ClientJob {
  using Time = std::chrono::steady_clock::time_point;

  ClientRequest request;
  Client::Callback done;
  Time deadline;
  Url url;             // where it goes now
  std::string origin;  // where its credentials belong
  std::string method;
  bool with_body = false;
  unsigned redirects = 0;
  unsigned attempt = 0;
  Time not_before;
  std::string memory_key;
  std::unique_ptr<Transfer> transfer;
};

}  // namespace patchmill::http
