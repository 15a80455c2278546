#include "http/client.hpp"

#include "http/client_engine.hpp"
#include "http/client_job.hpp"
#include "http/headers.hpp"
#include "http/url.hpp"

#include <condition_variable>
#include <mutex>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>

namespace patchmill::http {

Client::Client(ClientConfig config) : m_impl(std::make_unique<Impl>(std::move(config))) {
  static const CURLcode ready = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  m_impl->multi = ready == CURLE_OK ? ::curl_multi_init() : nullptr;
  if (m_impl->multi == nullptr) {
    throw std::bad_alloc();
  }
  m_impl->thread = std::thread([impl = m_impl.get()] { impl->work(); });
}

Client::~Client() {
  {
    const std::lock_guard lock(m_impl->mutex);
    m_impl->stop = true;
  }
  ::curl_multi_wakeup(m_impl->multi);
  m_impl->thread.join();
  ::curl_multi_cleanup(m_impl->multi);
}

void Client::fetch(ClientRequest request, Callback done) {
  auto url = parse_url(request.url);
  if (!url) {
    done(fail_with("cannot fetch", url.error()));
    return;
  }
  if (!is_token(request.method)) {
    done(fail(ErrorKind::invalid, "the method is no token"));
    return;
  }
  auto job = std::make_unique<ClientJob>();
  job->deadline = std::chrono::steady_clock::now() + request.deadline;
  job->url = std::move(*url);
  job->origin = job->url.origin;
  job->method = request.method;
  job->with_body = !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
                   request.method == "PATCH";
  job->request = std::move(request);
  job->done = std::move(done);
  std::unique_lock lock(m_impl->mutex);
  if (m_impl->pending >= m_impl->config.max_queued) {
    lock.unlock();
    job->done(fail(ErrorKind::limit, job->request.method + " " + job->url.origin +
                                         ": too many requests wait already"));
    return;
  }
  ++m_impl->pending;
  m_impl->incoming.push_back(std::move(job));
  lock.unlock();
  ::curl_multi_wakeup(m_impl->multi);
}

Result<ClientResponse> Client::fetch(ClientRequest request) {
  if (std::this_thread::get_id() == m_impl->thread.get_id()) {
    throw std::logic_error("a callback of the client waits for the client");
  }
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<ClientResponse>> answer;
  fetch(std::move(request), [&](Result<ClientResponse> result) {
    const std::lock_guard lock(mutex);
    answer = std::move(result);
    ready.notify_one();  // under the lock: the waiter destroys both
  });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return answer.has_value(); });
  return std::move(*answer);
}

}  // namespace patchmill::http
