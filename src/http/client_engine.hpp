#pragma once
// The client's thread: when each job starts, and what follows from how an attempt ended. Only for
// the client.

#include "http/answer_memory.hpp"
#include "http/client.hpp"
#include "http/client_job.hpp"
#include "http/host_guard.hpp"

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>

namespace patchmill::http {

struct Client::Impl {
  using Jobs = std::list<std::unique_ptr<ClientJob>>;

  explicit Impl(ClientConfig client_config)
      : config(std::move(client_config)), hosts(config.host), memory(config.memory_bytes) {}

  const ClientConfig config;
  CURLM* multi = nullptr;  // made and cleaned up by Client

  // Of both sides, under the mutex.
  std::mutex mutex;
  std::deque<std::unique_ptr<ClientJob>> incoming;
  std::size_t pending = 0;  // accepted and not done
  bool stop = false;

  std::thread thread;  // started and joined by Client

  // The thread's own.
  Jobs waiting, running;
  HostGuard hosts;
  AnswerMemory memory;
  std::minstd_rand random{std::random_device{}()};

  // The body of the thread. After `stop` every job ends with an error.
  void work();
  // Takes the job out of its list and calls it back, without the mutex.
  void finish(Jobs& from, Jobs::iterator at, Result<ClientResponse> result);
  // Starts what may go; how long until the next one might.
  std::chrono::milliseconds start_ready(ClientJob::Time now);
  void launch(std::unique_ptr<ClientJob> job);
  // An attempt of a running job: it is done, or waits for another attempt or a redirect.
  void ended(Jobs::iterator at, CURLcode code);
  // Before the attempt after number `attempt`, which counts from 0.
  std::chrono::milliseconds backoff(unsigned attempt);
  void end_all(Jobs& jobs, const std::string& why);
};

}  // namespace patchmill::http
