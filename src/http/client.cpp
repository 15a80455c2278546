#include "http/client.hpp"

#include "http/answer_memory.hpp"
#include "http/conditional.hpp"
#include "http/transfer.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <list>
#include <mutex>
#include <random>
#include <thread>

namespace patchmill::http {
namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using std::chrono::milliseconds;

// One request through all its attempts and redirects.
struct Job {
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

bool is_idempotent(const ClientRequest& request) {
  static constexpr std::array methods = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};
  return request.idempotent ||
         std::find(methods.begin(), methods.end(), request.method) != methods.end();
}

bool is_worth_repeating(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// Seconds or a date.
std::optional<milliseconds> retry_after(const Headers& headers) {
  const auto value = headers.get("Retry-After");
  if (!value) {
    return std::nullopt;
  }
  if (const auto seconds = parse_uint(*value)) {
    return milliseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, 86400)) * 1000);
  }
  if (const auto date = parse_http_date(*value)) {
    return milliseconds(std::clamp<std::int64_t>(*date - std::time(nullptr), 0, 86400) * 1000);
  }
  return std::nullopt;
}

// GitHub's and GitLab's way to say that the quota is spent, and until when.
std::optional<milliseconds> spent_quota(const Headers& headers) {
  for (const std::string prefix : {"X-RateLimit-", "RateLimit-"}) {
    const auto remaining = headers.get(prefix + "Remaining");
    const auto reset = headers.get(prefix + "Reset");
    if (remaining && reset && *remaining == "0") {
      if (const auto at = parse_uint(*reset); at && *at < (1ull << 40)) {
        const std::int64_t wait = static_cast<std::int64_t>(*at) - std::time(nullptr);
        return milliseconds(std::clamp<std::int64_t>(wait, 0, 3600) * 1000);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

struct Client::Impl {
  explicit Impl(ClientConfig client_config)
      : config(std::move(client_config)), hosts(config.host), memory(config.memory_bytes) {}

  const ClientConfig config;
  CURLM* multi = nullptr;
  std::mutex mutex;
  std::deque<std::unique_ptr<Job>> incoming;
  std::size_t pending = 0;  // accepted and not done
  bool stop = false;
  std::thread thread;

  // The thread's own.
  std::list<std::unique_ptr<Job>> waiting, running;
  HostGuard hosts;
  AnswerMemory memory;
  std::minstd_rand random{std::random_device{}()};

  void work();
  void finish(std::list<std::unique_ptr<Job>>& from, std::list<std::unique_ptr<Job>>::iterator at,
              Result<ClientResponse> result);
  milliseconds start_ready(Time now);
  void launch(std::unique_ptr<Job> job);
  void ended(std::list<std::unique_ptr<Job>>::iterator at, CURLcode code);
  bool redirect(Job& job, const ClientResponse& response, std::optional<Error>& error);
  milliseconds backoff(unsigned attempt);
  void end_all(std::list<std::unique_ptr<Job>>& jobs, const std::string& why);
};

void Client::Impl::finish(std::list<std::unique_ptr<Job>>& from,
                          std::list<std::unique_ptr<Job>>::iterator at,
                          Result<ClientResponse> result) {
  const std::unique_ptr<Job> job = std::move(*at);
  from.erase(at);
  job->transfer.reset();
  {
    const std::lock_guard lock(mutex);
    --pending;
  }
  job->done(std::move(result));
}

milliseconds Client::Impl::backoff(unsigned attempt) {
  const auto base =
      std::min<std::int64_t>(30'000, config.first_backoff.count() << std::min(attempt, 10u));
  std::uniform_int_distribution<std::int64_t> jitter(base / 2, base + base / 2);
  return milliseconds(jitter(random));
}

void Client::Impl::launch(std::unique_ptr<Job> job) {
  const Remembered* known = nullptr;
  if (job->method == "GET" && job->request.remember && !job->request.sink) {
    job->memory_key = AnswerMemory::key(job->url.text, job->request.headers);
    const bool own = job->request.headers.has("If-None-Match") || job->request.headers.has("Range");
    known = own ? nullptr : memory.find(job->memory_key);
  } else {
    job->memory_key.clear();
  }
  ++job->attempt;
  // The time left bounds the attempt too.
  const auto left = std::chrono::duration_cast<milliseconds>(job->deadline - Clock::now());
  job->request.timeout = std::max(milliseconds(1), std::min(job->request.timeout, left));
  job->transfer =
      std::make_unique<Transfer>(config, job->request, job->url, job->method, job->with_body,
                                 job->url.origin == job->origin, known ? &known->headers : nullptr);
  ::curl_multi_add_handle(multi, job->transfer->handle());
  running.push_back(std::move(job));
}

// Starts what may go; how long until the next one might.
milliseconds Client::Impl::start_ready(Time now) {
  milliseconds next(1000);
  for (auto at = waiting.begin(); at != waiting.end();) {
    const auto current = at++;
    Job& job = **current;
    const std::string where = job.request.method + " " + job.url.origin;
    if (job.request.stop.stop_requested()) {
      finish(waiting, current, fail(ErrorKind::infrastructure, where + ": stopped"));
      continue;
    }
    if (now >= job.deadline) {
      finish(waiting, current,
             fail(ErrorKind::infrastructure, where + ": no answer before the deadline"));
      continue;
    }
    if (job.request.stop.stop_possible()) {
      next = std::min(next, milliseconds(100));
    }
    if (now < job.not_before) {
      next = std::min(next, std::chrono::ceil<milliseconds>(job.not_before - now));
      continue;
    }
    if (running.size() >= config.max_parallel) {
      continue;
    }
    const auto to_host = static_cast<std::size_t>(
        std::count_if(running.begin(), running.end(),
                      [&](const auto& other) { return other->url.origin == job.url.origin; }));
    if (to_host >= config.max_parallel_per_host) {
      continue;
    }
    const HostGuard::Verdict verdict = hosts.admit(job.url.origin, now);
    if (verdict.open) {
      const auto wait = std::chrono::ceil<std::chrono::seconds>(verdict.when - now);
      finish(waiting, current,
             fail(ErrorKind::infrastructure,
                  where + ": it failed several times in a row, at last with \"" + verdict.why +
                      "\"; not asked again for " + std::to_string(wait.count()) + " s"));
      continue;
    }
    if (verdict.when > now) {
      if (verdict.when >= job.deadline) {
        finish(waiting, current,
               fail(ErrorKind::infrastructure,
                    where + ": its quota is spent until after the deadline"));
        continue;
      }
      next = std::min(next, std::chrono::ceil<milliseconds>(verdict.when - now));
      continue;
    }
    std::unique_ptr<Job> ready = std::move(*current);
    waiting.erase(current);
    launch(std::move(ready));
  }
  return next;
}

// Whether the job goes on elsewhere.
bool Client::Impl::redirect(Job& job, const ClientResponse& response, std::optional<Error>& error) {
  const int status = response.status;
  const auto location = response.headers.get("Location");
  const bool moved =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  if (!moved || !location || job.request.max_redirects == 0) {
    return false;
  }
  const std::string where = job.request.method + " " + job.url.origin;
  if (++job.redirects > job.request.max_redirects) {
    error = Error{ErrorKind::limit, where + ": more than " +
                                        std::to_string(job.request.max_redirects) + " redirects"};
    return false;
  }
  auto target = resolve_url(job.url, *location);
  if (!target) {
    error = Error{target.error().kind, where + ": redirected to " + target.error().message};
    return false;
  }
  if (job.url.origin.starts_with("https:") && target->origin.starts_with("http:")) {
    error =
        Error{ErrorKind::invalid, where + ": redirected from https to http, which is not followed"};
    return false;
  }
  const bool read = job.method == "GET" || job.method == "HEAD";
  if ((status == 303 && !read) || ((status == 301 || status == 302) && job.method == "POST")) {
    job.method = "GET";
    job.with_body = false;
  }
  job.url = std::move(*target);
  // Never back to whoever had them either: one stranger in between is enough.
  if (job.url.origin != job.origin) {
    job.origin = "none";
    if (job.with_body) {
      error = Error{ErrorKind::invalid, where + ": redirected with its body to " + job.url.origin +
                                            ", which is not followed"};
      return false;
    }
  }
  return true;
}

void Client::Impl::ended(std::list<std::unique_ptr<Job>>::iterator at, CURLcode code) {
  Job& job = **at;
  ::curl_multi_remove_handle(multi, job.transfer->handle());
  auto result = job.transfer->finish(code);
  const bool sink_used = job.transfer->sink_used();
  const bool stopped = job.request.stop.stop_requested();
  job.transfer.reset();
  const Time now = Clock::now();
  const bool no_answer = !result && result.error().kind == ErrorKind::infrastructure;
  if (no_answer && !stopped && !sink_used) {
    // The sentence it is quoted in says where, too.
    std::string why = result.error().message;
    const std::string where = job.request.method + " " + job.url.origin + ": ";
    hosts.failed(job.url.origin, now, why.starts_with(where) ? why.substr(where.size()) : why);
  } else if (result && result->status >= 500 && result->status != 501) {
    hosts.failed(job.url.origin, now, "status " + std::to_string(result->status));
  } else if (!stopped) {
    hosts.succeeded(job.url.origin);
  }

  std::optional<milliseconds> wish;
  if (result) {
    wish = retry_after(result->headers);
    if (const auto quota = spent_quota(result->headers)) {
      hosts.pause_until(job.url.origin, now + *quota);
    } else if (wish && (result->status == 429 || result->status == 503)) {
      hosts.pause_until(job.url.origin, now + std::min(*wish, config.longest_retry_after));
    }
  }
  const bool repeat = is_idempotent(job.request) && job.attempt < job.request.attempts &&
                      !stopped && !sink_used &&
                      (no_answer || (result && is_worth_repeating(result->status))) &&
                      (!wish || *wish <= config.longest_retry_after);
  if (repeat) {
    job.not_before = now + std::max(wish.value_or(milliseconds(0)), backoff(job.attempt - 1));
    if (job.not_before < job.deadline) {
      waiting.splice(waiting.end(), running, at);
      return;
    }
  }
  if (!result) {
    finish(running, at, std::move(result));
    return;
  }
  std::optional<Error> error;
  if (redirect(job, *result, error)) {
    job.not_before = now;
    --job.attempt;  // a redirect is no failure
    waiting.splice(waiting.end(), running, at);
    return;
  }
  if (error) {
    finish(running, at, tl::unexpected(std::move(*error)));
    return;
  }
  result->attempts = job.attempt;
  if (!job.memory_key.empty()) {
    if (result->status == 304) {
      if (const Remembered* known = memory.find(job.memory_key)) {
        result->status = 200;
        result->from_memory = true;
        result->body = known->body;
        Headers merged = known->headers;
        for (const auto& [name, value] : result->headers) {
          merged.set(name, value);
        }
        result->headers = std::move(merged);
      }
    } else if (result->status == 200) {
      memory.keep(job.memory_key, result->headers, result->body);
    }
  }
  finish(running, at, std::move(result));
}

void Client::Impl::end_all(std::list<std::unique_ptr<Job>>& jobs, const std::string& why) {
  while (!jobs.empty()) {
    Job& job = *jobs.front();
    if (job.transfer) {
      ::curl_multi_remove_handle(multi, job.transfer->handle());
    }
    finish(jobs, jobs.begin(),
           fail(ErrorKind::infrastructure, job.request.method + " " + job.url.origin + ": " + why));
  }
}

void Client::Impl::work() {
  while (true) {
    {
      const std::lock_guard lock(mutex);
      while (!incoming.empty()) {
        waiting.push_back(std::move(incoming.front()));
        incoming.pop_front();
      }
      if (stop) {
        break;
      }
    }
    milliseconds next = start_ready(Clock::now());
    int active = 0;
    ::curl_multi_perform(multi, &active);
    int left = 0;
    bool any = false;
    while (const CURLMsg* message = ::curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) {
        continue;
      }
      const CURLcode code = message->data.result;
      const CURL* easy = message->easy_handle;
      const auto found = std::find_if(running.begin(), running.end(), [&](const auto& job) {
        return job->transfer && job->transfer->handle() == easy;
      });
      if (found != running.end()) {
        ended(found, code);
        any = true;
      }
    }
    if (any) {
      continue;  // a slot became free
    }
    if (std::any_of(running.begin(), running.end(),
                    [](const auto& job) { return job->request.stop.stop_possible(); })) {
      next = std::min(next, milliseconds(100));
    }
    ::curl_multi_poll(multi, nullptr, 0, static_cast<int>(next.count()), nullptr);
  }
  end_all(running, "the client was closed");
  end_all(waiting, "the client was closed");
}

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
  auto job = std::make_unique<Job>();
  job->deadline = Clock::now() + request.deadline;
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
