#include "intake/curl_transfer.hpp"

#include "util/text.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <new>

namespace patchmill::intake {
namespace {

using SteadyClock = std::chrono::steady_clock;

void init_curl_once() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) {
    throw std::bad_alloc();
  }
}

// Told to leave signals alone, libcurl lets OpenSSL write to connections that are gone. Threads
// that are made from here inherit this; child processes do not.
void block_sigpipe() {
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
}

}  // namespace

CurlTransfer::CurlTransfer() {
  init_curl_once();
  block_sigpipe();
  m_easy = curl_easy_init();
  m_multi = curl_multi_init();
  if (m_easy == nullptr || m_multi == nullptr) {
    curl_easy_cleanup(m_easy);
    curl_multi_cleanup(m_multi);
    throw std::bad_alloc();
  }
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(m_words));
  set(CURLOPT_NOSIGNAL, 1L);
  // Nobody waits for the thread that asks a name server that is gone.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, 60L);
  set(CURLOPT_TCP_KEEPINTVL, 30L);
  // Nothing of the person's own settings.
  set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_multi_add_handle(m_multi, m_easy);
}

CurlTransfer::~CurlTransfer() {
  curl_multi_remove_handle(m_multi, m_easy);
  curl_easy_cleanup(m_easy);
  curl_multi_cleanup(m_multi);
}

void CurlTransfer::set_trust(const std::string& ca_file, const std::string& proxy) {
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!ca_file.empty()) {
    set(CURLOPT_CAINFO, ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!proxy.empty()) {
    set(CURLOPT_PROXY, proxy.c_str());
  }
}

Result<void> CurlTransfer::run(Waiter& waiter, std::chrono::milliseconds timeout) {
  const auto deadline = SteadyClock::now() + timeout;
  while (true) {
    int running = 0;
    const auto code = curl_multi_perform(m_multi, &running);
    if (code != CURLM_OK) {
      return fail(ErrorKind::infrastructure, curl_multi_strerror(code));
    }
    if (running == 0) {
      break;
    }
    if (waiter.stopped()) {
      return fail(ErrorKind::infrastructure, "stopped");
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("no answer within {} s", timeout.count() / 1000));
    }
    curl_waitfd stop{waiter.stop_fd(), CURL_WAIT_POLLIN, 0};
    curl_multi_poll(m_multi, &stop, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1000)),
                    nullptr);
  }
  int queued = 0;
  while (const auto* message = curl_multi_info_read(m_multi, &queued)) {
    if (message->msg == CURLMSG_DONE && message->data.result != CURLE_OK) {
      const std::string words =
          m_words[0] != '\0' ? m_words : curl_easy_strerror(message->data.result);
      return fail(ErrorKind::infrastructure, ellipsize(escape_terminal(trim(words)), 300));
    }
  }
  return {};
}

}  // namespace patchmill::intake
