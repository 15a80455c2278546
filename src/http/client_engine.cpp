#include "http/client_engine.hpp"

#include "http/client_redirect.hpp"
#include "http/client_retry.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace patchmill::http {

void Client::Impl::finish(Jobs& from, Jobs::iterator at, Result<ClientResponse> result) {
  const std::unique_ptr<ClientJob> job = std::move(*at);
  from.erase(at);
  job->transfer.reset();
  {
    const std::lock_guard lock(mutex);
    --pending;
  }
  job->done(std::move(result));
}

std::chrono::milliseconds Client::Impl::backoff(unsigned attempt) {
  const auto base =
      std::min<std::int64_t>(30'000, config.first_backoff.count() << std::min(attempt, 10u));
  std::uniform_int_distribution<std::int64_t> jitter(base / 2, base + base / 2);
  return std::chrono::milliseconds(jitter(random));
}

void Client::Impl::launch(std::unique_ptr<ClientJob> job) {
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
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      job->deadline - std::chrono::steady_clock::now());
  job->request.timeout =
      std::max(std::chrono::milliseconds(1), std::min(job->request.timeout, left));
  job->transfer =
      std::make_unique<Transfer>(config, job->request, job->url, job->method, job->with_body,
                                 job->url.origin == job->origin, known ? &known->headers : nullptr);
  ::curl_multi_add_handle(multi, job->transfer->handle());
  running.push_back(std::move(job));
}

std::chrono::milliseconds Client::Impl::start_ready(ClientJob::Time now) {
  std::chrono::milliseconds next(1000);
  for (auto at = waiting.begin(); at != waiting.end();) {
    const auto current = at++;
    ClientJob& job = **current;
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
      next = std::min(next, std::chrono::milliseconds(100));
    }
    if (now < job.not_before) {
      next = std::min(next, std::chrono::ceil<std::chrono::milliseconds>(job.not_before - now));
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
      next = std::min(next, std::chrono::ceil<std::chrono::milliseconds>(verdict.when - now));
      continue;
    }
    std::unique_ptr<ClientJob> ready = std::move(*current);
    waiting.erase(current);
    launch(std::move(ready));
  }
  return next;
}

void Client::Impl::ended(Jobs::iterator at, CURLcode code) {
  ClientJob& job = **at;
  ::curl_multi_remove_handle(multi, job.transfer->handle());
  auto result = job.transfer->finish(code);
  const bool sink_used = job.transfer->sink_used();
  const bool stopped = job.request.stop.stop_requested();
  job.transfer.reset();
  const ClientJob::Time now = std::chrono::steady_clock::now();
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

  std::optional<std::chrono::milliseconds> wish;
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
    job.not_before =
        now + std::max(wish.value_or(std::chrono::milliseconds(0)), backoff(job.attempt - 1));
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
  if (follow_redirect(job, *result, error)) {
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

void Client::Impl::end_all(Jobs& jobs, const std::string& why) {
  while (!jobs.empty()) {
    ClientJob& job = *jobs.front();
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
    std::chrono::milliseconds next = start_ready(std::chrono::steady_clock::now());
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
      next = std::min(next, std::chrono::milliseconds(100));
    }
    ::curl_multi_poll(multi, nullptr, 0, static_cast<int>(next.count()), nullptr);
  }
  end_all(running, "the client was closed");
  end_all(waiting, "the client was closed");
}

}  // namespace patchmill::http
