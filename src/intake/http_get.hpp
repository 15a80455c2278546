#pragma once
// Small files over HTTP, asked for only when they changed.

#include "intake/waiter.hpp"
#include "util/result.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace patchmill::intake {

struct HttpQuestion {
  std::string url;            // http or https
  std::string etag;           // of the answer we have; empty: we have none
  std::string last_modified;  // likewise
  std::string ca_file;
  std::string proxy;
  std::size_t longest = std::size_t{16} << 20;  // bytes of the answer
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

struct HttpAnswer {
  long status = 0;
  std::string body;  // as sent; nothing is unpacked
  std::string etag;
  std::string last_modified;
  std::optional<std::chrono::seconds> retry_after;
};

// Follows up to five redirections that stay with HTTP. Errors: infrastructure when there is no
// answer at all, limit when it is too long. Credentials of the URL are in no message.
Result<HttpAnswer> http_get(const HttpQuestion& question, Waiter& waiter);

}  // namespace patchmill::intake
