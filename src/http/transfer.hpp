#pragma once
// One attempt of one request, as libcurl sees it. Only for the client.

#include "http/client.hpp"
#include "http/url.hpp"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

namespace patchmill::http {

class Transfer {
 public:
  // conditional: validators of a remembered answer, or null. with_secrets: `url` is of the origin
  // the request's credentials are for.
  Transfer(const ClientConfig& config, const ClientRequest& request, const Url& url,
           const std::string& method, bool with_body, bool with_secrets,
           const Headers* conditional);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  [[nodiscard]] CURL* handle() const { return m_easy.get(); }
  // After libcurl said how it ended.
  Result<ClientResponse> finish(CURLcode code);
  [[nodiscard]] bool sink_used() const { return m_sink_used; }
  [[nodiscard]] bool over_limit() const { return m_over_limit; }

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  struct EasyFree {
    void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
  };
  struct ListFree {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
  };
  const ClientRequest& m_request;
  const Url m_url;
  std::unique_ptr<curl_slist, ListFree> m_list;
  std::unique_ptr<CURL, EasyFree> m_easy;
  std::array<char, CURL_ERROR_SIZE> m_error{};
  ClientResponse m_response;
  std::size_t m_header_bytes = 0;
  bool m_over_limit = false;
  bool m_refused_address = false;
  bool m_sink_used = false;
  std::optional<Error> m_sink_error;
};

}  // namespace patchmill::http
