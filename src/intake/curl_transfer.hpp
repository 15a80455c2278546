#pragma once
// libcurl driven so that a waiter can stop it.

#include "intake/waiter.hpp"
#include "util/result.hpp"

#include <curl/curl.h>

#include <chrono>
#include <string>

namespace patchmill::intake {

// One easy handle and its multi handle. The error buffer and what all transfers share is set.
// Blocks SIGPIPE for the thread, for good.
class CurlTransfer {
 public:
  CurlTransfer();
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  [[nodiscard]] CURL* easy() const { return m_easy; }
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(m_easy, option, value);
  }
  // TLS as everywhere: verified, 1.2 or newer.
  void set_trust(const std::string& ca_file, const std::string& proxy);
  // To the end, or to the established connection (CURLOPT_CONNECT_ONLY). Errors: infrastructure
  // with libcurl's words; `wake()` does not disturb it, `stop()` ends it.
  Result<void> run(Waiter& waiter, std::chrono::milliseconds timeout);

 private:
  CURL* m_easy;
  CURLM* m_multi;
  char m_words[CURL_ERROR_SIZE] = {};
};

}  // namespace patchmill::intake
