#include "delivery/curl_stream.hpp"

#include "util/text.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <mutex>
#include <optional>
#include <stop_token>

namespace patchmill::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t k_longest_line = 4096;
constexpr milliseconds k_goodbye{1000};
// After a stop: time for an answer that is on its way, so that no mail is in doubt needlessly.
constexpr milliseconds k_last_chance{400};
constexpr int k_slice = 100;  // ms between looks at the stop token

// OpenSSL writes without MSG_NOSIGNAL, and a server that hangs up must not end the program.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigset_t pending;
    sigemptyset(&m_set);
    sigaddset(&m_set, SIGPIPE);
    sigpending(&pending);
    m_was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &m_set, &m_old);
  }
  ~NoSigpipe() {
    if (!m_was_pending) {
      const timespec now{0, 0};
      while (sigtimedwait(&m_set, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &m_old, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t m_set{}, m_old{};
  bool m_was_pending = false;
};

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

std::uint16_t port_of(const SmtpConfig& config) {
  if (config.port != 0) {
    return config.port;
  }
  switch (config.tls) {
    case Tls::implicit:
      return 465;
    case Tls::required:
      return 587;
    case Tls::opportunistic:
    case Tls::never:
      break;
  }
  return 25;
}

std::string helo_of(const SmtpConfig& config) {
  if (!config.helo.empty()) {
    return config.helo;
  }
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data()
                                                                             : "localhost";
}

std::string server_of(const SmtpConfig& config) {
  const bool v6 = config.host.find(':') != std::string::npos && config.host.front() != '[';
  return fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), config.host, port_of(config));
}

}  // namespace

struct CurlStream::State {
  ~State() {
    if (easy && multi) {
      curl_multi_remove_handle(multi.get(), easy.get());
    }
  }
  // The multi handle owns the connection, and waits in slices where curl_easy_perform() would not.
  std::unique_ptr<CURLM, MultiDeleter> multi;
  std::unique_ptr<CURL, EasyDeleter> easy;
  std::stop_token stop;
  std::optional<steady_clock::time_point> stop_by;
  std::vector<std::string> ehlo;  // words after "250-" of the last answer to EHLO
  bool in_block = false;
  std::string last_line;  // the server's last words, for errors
  std::array<char, CURL_ERROR_SIZE> error{};
  Capabilities capabilities;
  std::string buffer;
  bool gone = false;
  steady_clock::time_point deadline = steady_clock::time_point::max();

  // libcurl hands over each line of the server's answers.
  static std::size_t on_line(char* data, std::size_t one, std::size_t size, void* self) {
    auto& state = *static_cast<State*>(self);
    std::string_view line = trim(std::string_view(data, one * size));
    if (line.starts_with("250-") || line.starts_with("250 ")) {
      if (!state.in_block) {
        state.ehlo.clear();
      }
      state.in_block = line[3] == '-';
      if (state.ehlo.size() < 100) {
        state.ehlo.emplace_back(line.substr(4));
      }
    }
    if (!line.empty()) {
      state.last_line = ellipsize(mend_utf8(line), 200);
    }
    return one * size;
  }

  // True once the time that a stop leaves is over.
  bool stopped() {
    if (!stop_by && stop.stop_requested()) {
      stop_by = steady_clock::now() + k_last_chance;
    }
    return stop_by && steady_clock::now() >= *stop_by;
  }

  // curl_easy_perform(), but it can be stopped.
  std::optional<CURLcode> perform() {
    curl_multi_add_handle(multi.get(), easy.get());
    int running = 1;
    while (true) {
      if (curl_multi_perform(multi.get(), &running) != CURLM_OK) {
        return CURLE_FAILED_INIT;
      }
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
        if (message->msg == CURLMSG_DONE) {
          return message->data.result;
        }
      }
      if (running == 0) {
        return CURLE_FAILED_INIT;
      }
      if (stopped()) {
        return std::nullopt;
      }
      curl_multi_poll(multi.get(), nullptr, 0, k_slice, nullptr);
    }
  }

  Result<void> wait(short events, steady_clock::time_point until) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(easy.get(), CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
        socket == CURL_SOCKET_BAD) {
      gone = true;
      return fail(ErrorKind::infrastructure, "the connection is closed");
    }
    const auto left =
        std::chrono::duration_cast<milliseconds>(std::min(until, deadline) - steady_clock::now());
    if (left.count() <= 0) {
      gone = true;
      return fail(ErrorKind::infrastructure, "the server did not answer in time");
    }
    pollfd poll_one{socket, events, 0};
    if (stopped()) {
      gone = true;
      return fail(ErrorKind::infrastructure, "patchmill was stopped before the server answered");
    }
    const auto bounded = std::min<long long>(left.count(), stop.stop_possible() ? k_slice : 60'000);
    if (::poll(&poll_one, 1, static_cast<int>(bounded)) < 0 && errno != EINTR) {
      gone = true;
      return fail(ErrorKind::infrastructure, "waiting for the server failed");
    }
    return {};
  }
};

CurlStream::CurlStream(std::unique_ptr<State> state) : m_state(std::move(state)) {}

Result<std::unique_ptr<CurlStream>> CurlStream::connect(const SmtpConfig& config,
                                                        std::stop_token stop) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  const NoSigpipe guard;
  auto state = std::make_unique<State>();
  state->stop = std::move(stop);
  state->multi.reset(curl_multi_init());
  state->easy.reset(curl_easy_init());
  CURL* easy = state->easy.get();
  if (easy == nullptr || !state->multi) {
    return fail(ErrorKind::infrastructure, "libcurl cannot start");
  }
  const bool implicit = config.tls == Tls::implicit;
  const std::unique_ptr<char, decltype(&curl_free)> helo(
      curl_easy_escape(easy, helo_of(config).c_str(), 0), curl_free);
  const std::string url = fmt::format("{}://{}/{}", implicit ? "smtps" : "smtp", server_of(config),
                                      helo ? helo.get() : "localhost");
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if CURL_AT_LEAST_VERSION(7, 87, 0)
  // A name server that does not answer must not hold up the end.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, state->error.data());
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &State::on_line);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, state.get());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(config.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(config.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  const long ssl = config.tls == Tls::required        ? static_cast<long>(CURLUSESSL_ALL)
                   : config.tls == Tls::opportunistic ? static_cast<long>(CURLUSESSL_TRY)
                                                      : static_cast<long>(CURLUSESSL_NONE);
  curl_easy_setopt(easy, CURLOPT_USE_SSL, ssl);
  const bool checked = config.tls != Tls::opportunistic;
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, checked ? 2L : 0L);
  if (!config.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, config.ca_file.c_str());
  }
  if (!config.user.empty()) {
    PM_TRY_ASSIGN(const std::string password, read_secret(config.password));
    curl_easy_setopt(easy, CURLOPT_USERNAME, config.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, password.c_str());
  }
  // An empty string also keeps the environment's proxies out.
  curl_easy_setopt(easy, CURLOPT_PROXY, config.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!config.proxy_user.empty()) {
    PM_TRY_ASSIGN(const std::string password, read_secret(config.proxy_password));
    curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, config.proxy_user.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, password.c_str());
  }
  const auto code = state->perform();
  if (code != CURLE_OK) {
    const std::string why = !code                     ? "patchmill was stopped"
                            : state->error[0] != '\0' ? state->error.data()
                                                      : curl_easy_strerror(*code);
    std::string message =
        fmt::format("SMTP server {}: {}", server_of(config), escape_terminal(mend_utf8(why)));
    if (!state->last_line.empty()) {
      message += fmt::format(" (it said '{}')", escape_terminal(state->last_line));
    }
    return fail(ErrorKind::infrastructure, std::move(message));
  }
  state->capabilities = parse_capabilities(state->ehlo);
  return std::unique_ptr<CurlStream>(new CurlStream(std::move(state)));
}

CurlStream::~CurlStream() {
  if (!m_state->gone) {
    m_state->deadline = steady_clock::time_point::max();
    if (write("QUIT\r\n", k_goodbye)) {
      (void)read_line(k_goodbye);
    }
  }
  const NoSigpipe guard;
  abandon();
  m_state.reset();
}

void CurlStream::abandon() {
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(m_state->easy.get(), CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK &&
      socket != CURL_SOCKET_BAD) {
    ::shutdown(socket, SHUT_RDWR);
  }
  m_state->gone = true;
}

const Capabilities& CurlStream::capabilities() const {
  return m_state->capabilities;
}

void CurlStream::set_deadline(steady_clock::time_point deadline) {
  m_state->deadline = deadline;
}

Result<void> CurlStream::write(std::string_view bytes, milliseconds patience) {
  const NoSigpipe guard;
  const auto until = steady_clock::now() + patience;
  while (!bytes.empty()) {
    if (m_state->gone) {
      return fail(ErrorKind::infrastructure, "the connection is closed");
    }
    std::size_t written = 0;
    const CURLcode code = curl_easy_send(m_state->easy.get(), bytes.data(), bytes.size(), &written);
    if (code == CURLE_OK) {
      bytes.remove_prefix(written);
    } else if (code == CURLE_AGAIN) {
      PM_TRY(m_state->wait(POLLOUT, until));
    } else {
      m_state->gone = true;
      return fail(ErrorKind::infrastructure,
                  fmt::format("the connection broke ({})", curl_easy_strerror(code)));
    }
  }
  return {};
}

Result<std::string> CurlStream::read_line(milliseconds patience) {
  const NoSigpipe guard;
  const auto until = steady_clock::now() + patience;
  while (true) {
    if (const auto end = m_state->buffer.find('\n'); end != std::string::npos) {
      std::string line = m_state->buffer.substr(0, end);
      m_state->buffer.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') {
        line.pop_back();
      }
      return line;
    }
    if (m_state->buffer.size() > k_longest_line) {
      m_state->gone = true;
      return fail(ErrorKind::invalid, "the server sends a line without end");
    }
    if (m_state->gone) {
      return fail(ErrorKind::infrastructure, "the connection is closed");
    }
    std::array<char, 4096> block{};
    std::size_t got = 0;
    const CURLcode code = curl_easy_recv(m_state->easy.get(), block.data(), block.size(), &got);
    if (code == CURLE_AGAIN) {
      PM_TRY(m_state->wait(POLLIN, until));
    } else if (code != CURLE_OK || got == 0) {
      m_state->gone = true;
      return fail(ErrorKind::infrastructure,
                  code == CURLE_OK
                      ? std::string("the server hung up")
                      : fmt::format("the connection broke ({})", curl_easy_strerror(code)));
    } else {
      m_state->buffer.append(block.data(), got);
    }
  }
}

}  // namespace patchmill::delivery
