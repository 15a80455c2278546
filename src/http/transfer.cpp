#include "http/transfer.hpp"

#include "http/address.hpp"
#include "util/text.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace patchmill::http {
namespace {

constexpr std::size_t k_header_limit = 256u << 10;

bool is_secret(std::string_view name) {
  return iequals(name, "Authorization") || iequals(name, "Private-Token") ||
         iequals(name, "Cookie") || iequals(name, "Proxy-Authorization");
}

// Addresses that mean this machine or this network.
bool is_public(const Address& address) {
  static const std::vector<Network> closed = [] {
    std::vector<Network> networks;
    for (const auto* text :
         {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
          "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
          "::/127", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"}) {
      networks.push_back(*Network::parse(text));
    }
    return networks;
  }();
  return std::none_of(closed.begin(), closed.end(),
                      [&](const Network& network) { return network.contains(address); });
}

}  // namespace

Transfer::Transfer(const ClientConfig& config, const ClientRequest& request, const Url& url,
                   const std::string& method, bool with_body, bool with_secrets,
                   const Headers* conditional)
    : m_request(request), m_url(url), m_easy(::curl_easy_init()) {
  CURL* const easy = m_easy.get();
  if (easy == nullptr) {
    throw std::bad_alloc();
  }
  m_response.url = url.text;
  ::curl_easy_setopt(easy, CURLOPT_URL, m_url.text.c_str());
  ::curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, m_error.data());
  ::curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  ::curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  ::curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  ::curl_easy_setopt(easy, CURLOPT_USERAGENT, config.user_agent.c_str());
  ::curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(config.connect_timeout.count()));
  ::curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  ::curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 32L);
  ::curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 60L);
  if (!config.proxy.empty()) {
    ::curl_easy_setopt(easy, CURLOPT_PROXY, config.proxy.c_str());
  }
  if (!config.ca_file.empty()) {
    ::curl_easy_setopt(easy, CURLOPT_CAINFO, config.ca_file.c_str());
  }
  if (config.public_only) {
    ::curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
    ::curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  }
  if (method == "HEAD") {
    ::curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    if (with_body) {
      ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
      ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    }
    ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  const auto append = [&](const std::string& line) {
    m_list.reset(::curl_slist_append(m_list.release(), line.c_str()));
  };
  append("Expect:");
  if (with_body && !request.headers.has("Content-Type")) {
    append("Content-Type:");
  }
  for (const auto& [name, value] : request.headers) {
    if (is_token(name) && (with_secrets || !is_secret(name))) {
      const std::string safe = safe_field_value(value);
      append(name + (safe.empty() ? ";" : ": " + safe));
    }
  }
  if (conditional != nullptr) {
    if (const auto tag = conditional->get("ETag")) {
      append("If-None-Match: " + safe_field_value(*tag));
    } else if (const auto date = conditional->get("Last-Modified")) {
      append("If-Modified-Since: " + safe_field_value(*date));
    }
  }
  ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, m_list.get());
  ::curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  ::curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  ::curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  ::curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  ::curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
}

int Transfer::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(self)->m_request.stop.stop_requested() ? 1 : 0;
}

curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
  sockaddr_storage storage{};
  std::memcpy(&storage, &address->addr, std::min<std::size_t>(address->addrlen, sizeof(storage)));
  if (!is_public(Address::from_sockaddr(storage))) {
    static_cast<Transfer*>(self)->m_refused_address = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t Transfer::on_header(char* data, std::size_t, std::size_t count, void* self_pointer) {
  auto& self = *static_cast<Transfer*>(self_pointer);
  const std::string_view line(data, count);
  self.m_header_bytes += count;
  if (self.m_header_bytes > k_header_limit) {
    self.m_over_limit = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    self.m_response.headers = {};  // those before were of a 1xx or of the proxy
    return count;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && is_token(line.substr(0, colon))) {
    self.m_response.headers.add(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return count;
}

std::size_t Transfer::on_body(char* data, std::size_t, std::size_t count, void* self_pointer) {
  auto& self = *static_cast<Transfer*>(self_pointer);
  if (self.m_request.sink) {
    long status = 0;
    ::curl_easy_getinfo(self.m_easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) {
      self.m_sink_used = true;
      try {
        if (auto taken = self.m_request.sink({data, count}); !taken) {
          self.m_sink_error = taken.error();
          return 0;
        }
      } catch (const std::exception& error) {
        self.m_sink_error = Error{ErrorKind::infrastructure, error.what()};
        return 0;
      }
      return count;
    }
  }
  // After decompression, so that a small bomb cannot become a large body.
  if (self.m_response.body.size() + count > self.m_request.max_body) {
    self.m_over_limit = true;
    return 0;
  }
  self.m_response.body.append(data, count);
  return count;
}

Result<ClientResponse> Transfer::finish(CURLcode code) {
  const std::string where = m_request.method + " " + m_url.origin;
  if (m_sink_error) {
    return tl::unexpected(*m_sink_error);
  }
  if (m_over_limit) {
    return fail(ErrorKind::limit, where + ": the answer is larger than " +
                                      std::to_string(m_request.max_body) + " bytes");
  }
  if (m_refused_address) {
    return fail(ErrorKind::invalid, where + ": its address is not a public one");
  }
  if (code != CURLE_OK) {
    if (m_request.stop.stop_requested()) {
      return fail(ErrorKind::infrastructure, where + ": stopped");
    }
    std::string reason = m_error[0] != '\0' ? m_error.data() : ::curl_easy_strerror(code);
    return fail(ErrorKind::infrastructure, where + ": " + escape_terminal(reason));
  }
  long status = 0;
  ::curl_easy_getinfo(m_easy.get(), CURLINFO_RESPONSE_CODE, &status);
  m_response.status = static_cast<int>(status);
  return std::move(m_response);
}

}  // namespace patchmill::http
