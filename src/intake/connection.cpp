#include "intake/connection.hpp"

#include "intake/curl_transfer.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <array>

namespace patchmill::intake {
namespace {

using SteadyClock = std::chrono::steady_clock;

tl::unexpected<Error> broken(std::string_view why) {
  return fail(ErrorKind::infrastructure, std::string(why));
}

class CurlConnection final : public ByteStream {
 public:
  CurlConnection(Waiter& waiter, std::chrono::milliseconds io_timeout)
      : m_waiter(waiter), m_timeout(io_timeout) {}

  Result<void> open(const Endpoint& endpoint);
  Result<void> write(std::string_view data) override;
  Result<std::size_t> read(char* buffer, std::size_t size) override;
  Waiter::Woken wait(std::chrono::milliseconds at_most) override;

 private:
  enum class Received { some, nothing_yet, end };
  Result<Received> receive();
  Waiter::Woken poll(short events, std::chrono::milliseconds at_most, bool heeds_wake);

  Waiter& m_waiter;
  std::chrono::milliseconds m_timeout;
  CurlTransfer m_transfer;
  curl_socket_t m_socket = CURL_SOCKET_BAD;
  std::array<char, 16384> m_received{};
  std::size_t m_begin = 0;
  std::size_t m_end = 0;
};

Result<void> CurlConnection::open(const Endpoint& endpoint) {
  // http and https say nothing by themselves when only connecting; imap does STARTTLS.
  const auto* scheme = endpoint.security == Security::tls        ? "https"
                       : endpoint.security == Security::starttls ? "imap"
                                                                 : "http";
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  const auto url = fmt::format("{}://{}{}{}:{}/", scheme, is_ipv6 ? "[" : "", endpoint.host,
                               is_ipv6 ? "]" : "", endpoint.port);
  m_transfer.set(CURLOPT_URL, url.c_str());
  m_transfer.set(CURLOPT_CONNECT_ONLY, 1L);
  m_transfer.set(CURLOPT_PROTOCOLS_STR, scheme);
  m_transfer.set(CURLOPT_HTTPPROXYTUNNEL, 1L);
  m_transfer.set(CURLOPT_SSL_ENABLE_ALPN, 0L);
  m_transfer.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(endpoint.connect_timeout.count()));
  m_transfer.set_trust(endpoint.ca_file, {});
  // The environment's proxies are for the web, whatever the scheme is called here.
  m_transfer.set(CURLOPT_PROXY, endpoint.proxy.c_str());
  if (endpoint.security == Security::starttls) {
    m_transfer.set(CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
  }
  PM_TRY(m_transfer.run(m_waiter, endpoint.connect_timeout + std::chrono::seconds(5)));
  if (curl_easy_getinfo(m_transfer.easy(), CURLINFO_ACTIVESOCKET, &m_socket) != CURLE_OK ||
      m_socket == CURL_SOCKET_BAD) {
    return broken("the connection was lost at once");
  }
  return {};
}

Waiter::Woken CurlConnection::poll(short events, std::chrono::milliseconds at_most,
                                   bool heeds_wake) {
  std::array<pollfd, 1> polled{{{m_socket, events, 0}}};
  return heeds_wake ? m_waiter.wait(at_most, polled) : m_waiter.wait_on(at_most, polled);
}

Result<void> CurlConnection::write(std::string_view data) {
  const auto deadline = SteadyClock::now() + m_timeout;
  while (!data.empty()) {
    std::size_t sent = 0;
    const auto code = curl_easy_send(m_transfer.easy(), data.data(), data.size(), &sent);
    if (code == CURLE_OK) {
      data.remove_prefix(sent);
      continue;
    }
    if (code != CURLE_AGAIN) {
      return broken("the connection was cut while sending");
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    // TLS may want to read before it can write.
    const auto woken =
        poll(POLLOUT | POLLIN, std::min(left, std::chrono::milliseconds(250)), false);
    if (woken == Waiter::Woken::stopped) {
      return broken("stopped");
    }
    if (left.count() <= 0) {
      return broken(fmt::format("the server took nothing for {} s", m_timeout.count() / 1000));
    }
  }
  return {};
}

Result<CurlConnection::Received> CurlConnection::receive() {
  std::size_t count = 0;
  const auto code = curl_easy_recv(m_transfer.easy(), m_received.data(), m_received.size(), &count);
  if (code == CURLE_AGAIN) {
    return Received::nothing_yet;
  }
  if (code != CURLE_OK) {
    return broken(fmt::format("the connection was cut ({})", curl_easy_strerror(code)));
  }
  m_begin = 0;
  m_end = count;
  return count > 0 ? Received::some : Received::end;
}

Result<std::size_t> CurlConnection::read(char* buffer, std::size_t size) {
  while (m_begin == m_end) {
    PM_TRY_ASSIGN(const auto received, receive());
    if (received == Received::end) {
      return std::size_t{0};
    }
    if (received == Received::some) {
      break;
    }
    switch (poll(POLLIN, m_timeout, false)) {
      case Waiter::Woken::stopped:
        return broken("stopped");
      case Waiter::Woken::timeout:
        return broken(fmt::format("the server did not answer for {} s", m_timeout.count() / 1000));
      default:
        break;
    }
  }
  const auto count = std::min(size, m_end - m_begin);
  std::copy_n(m_received.data() + m_begin, count, buffer);
  m_begin += count;
  return count;
}

Waiter::Woken CurlConnection::wait(std::chrono::milliseconds at_most) {
  if (m_begin < m_end) {
    return Waiter::Woken::ready;
  }
  const auto received = receive();
  if (!received || *received != Received::nothing_yet) {
    return Waiter::Woken::ready;  // reading tells what it is
  }
  return poll(POLLIN, at_most, true);
}

}  // namespace

std::string to_string(const Endpoint& endpoint, std::string_view protocol) {
  return fmt::format("{}{}://{}:{}", protocol, endpoint.security == Security::tls ? "s" : "",
                     escape_terminal(endpoint.host), endpoint.port);
}

Result<std::unique_ptr<ByteStream>> Connection::open(const Endpoint& endpoint, Waiter& waiter) {
  auto connection = std::make_unique<CurlConnection>(waiter, endpoint.io_timeout);
  if (const auto opened = connection->open(endpoint); !opened) {
    return fail(opened.error().kind,
                fmt::format("cannot connect to {} port {}: {}; check host, port and security",
                            escape_terminal(endpoint.host), endpoint.port, opened.error().message));
  }
  return std::unique_ptr<ByteStream>(std::move(connection));
}

}  // namespace patchmill::intake
