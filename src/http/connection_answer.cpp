// From a request that was understood to its answer: guards, body, handler.
#include "http/connection.hpp"
#include "util/log.hpp"

#include <algorithm>

namespace patchmill::http {
namespace {

constexpr std::size_t k_upload_piece = 128u << 10;  // handed to a sink at once

// What `work` returns, a Response or perhaps one; 500 when it throws.
template <class Work>
std::invoke_result_t<Work> guarded(const Request& request, Work&& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    log::error("http {} {} failed (request {}): {}", request.method, request.path, request.id,
               error.what());
  }
  return Response::error(
      500, "patchmill failed at this request; its log tells more under " + request.id);
}

}  // namespace

Task<void> Connection::answer(Exchange& exchange) {
  const Route& route = *exchange.match.route;
  Request& request = exchange.request;
  bool guards_run = false;
  bool answered = false;
  const auto overloaded = [&] {
    exchange.finish(
        Response::retry_later(503, "the server has too much to do", std::chrono::seconds(1)));
  };

  if (exchange.has_body && !route.guards.empty()) {
    // Nobody's body is read before he is known to be allowed to send it.
    guards_run = true;
    const std::function<void()> work = [&] {
      if (auto refused = guarded(request, [&] { return exchange.run_guards(); })) {
        exchange.finish(std::move(*refused));
        answered = true;
      }
    };
    const bool run = co_await offload(work);
    if (!run) {
      overloaded();
      co_return;
    }
    if (answered) {
      co_return;
    }
  }
  if (route.upload) {
    co_await take_upload(exchange);
    co_return;
  }
  if (exchange.has_body) {
    co_await read_whole_body(exchange);
    if (!exchange.body_read) {
      co_return;
    }
    phase = Phase::handling;
    deadline = 0;
  }
  const std::function<void()> work = [&] {
    exchange.finish(guarded(request, [&]() -> Response {
      if (!guards_run) {
        if (auto refused = exchange.run_guards()) {
          return std::move(*refused);
        }
      }
      return route.handler(request);
    }));
  };
  if (route.run == Run::loop) {
    work();
    co_return;
  }
  const bool run = co_await offload(work);
  if (!run) {
    overloaded();
  }
}

Task<void> Connection::say_continue(Exchange& exchange) {
  if (exchange.expects_continue && m_in.empty()) {
    exchange.expects_continue = false;
    start_writing();
    co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

// Appends decoded bytes of the body to `into` until it holds `want` or the body is done. False:
// cut off or refused, and the answer is in `exchange`.
Task<bool> Connection::receive(Exchange& exchange, std::string& into, std::size_t want,
                               bool& done) {
  const std::uint64_t most = exchange.match.route->max_body;
  constexpr std::size_t piece = 16u << 10;
  phase = Phase::reading;
  while (into.size() < want && !done) {
    const std::size_t before = into.size();
    into.resize(std::min(want, before + piece));
    auto step = m_parser.decode_body(m_in.view(),
                                     std::span<char>(into.data() + before, into.size() - before));
    if (!step) {
      ++m_state->malformed;
      exchange.finish(Response::error(step.error().status, step.error().detail));
      co_return false;
    }
    into.resize(before + step->produced);
    m_in.consume(step->consumed);
    exchange.bytes_in += step->produced;
    if (exchange.bytes_in > most) {
      exchange.finish(
          Response::error(413, "at most " + std::to_string(most) + " bytes can be sent here"));
      co_return false;
    }
    done = step->done;
    if (done || step->consumed > 0 || step->produced > 0) {
      continue;
    }
    deadline = transfer_deadline(exchange.bytes_in, m_state->config.timeouts.body_idle);
    const bool more = co_await read_more(k_body_buffer);
    if (!more) {
      exchange.complete = false;
      exchange.finish(timed_out ? Response::error(408, "the body did not arrive in time")
                                : Response::error(400, "the body ended too early"));
      co_return false;
    }
  }
  co_return true;
}

Task<void> Connection::read_whole_body(Exchange& exchange) {
  co_await say_continue(exchange);
  m_transfer_start = coarse_now();
  bool done = false;
  constexpr std::size_t step = 64u << 10;
  while (!done) {
    if (!exchange.buffered.hold(step)) {
      // Before the answer: who reads it may take for granted that there is room again.
      std::string().swap(exchange.request.body);
      exchange.buffered.release();
      exchange.finish(Response::retry_later(503, "too many requests with bodies at once",
                                            std::chrono::seconds(1)));
      co_return;
    }
    const bool good = co_await receive(exchange, exchange.request.body,
                                       exchange.request.body.size() + step, done);
    if (!good) {
      co_return;
    }
  }
  exchange.body_read = true;
}

Task<void> Connection::take_upload(Exchange& exchange) {
  const Route& route = *exchange.match.route;
  Request& request = exchange.request;
  std::unique_ptr<UploadSink> sink;
  std::optional<Response> refused;
  const std::function<void()> open = [&] {
    refused = guarded(request, [&]() -> std::optional<Response> {
      if (!exchange.has_body) {
        if (auto by_guard = exchange.run_guards()) {
          return by_guard;
        }
      }
      auto opened = route.upload(request);
      if (!opened) {
        return std::move(opened.error());
      }
      sink = std::move(*opened);
      return std::nullopt;
    });
  };
  // The sink may have files to remove.
  const std::function<void()> drop = [&] { sink.reset(); };
  bool run = co_await offload(open);
  std::string piece;
  bool done = !exchange.has_body;
  if (run && !refused && !done) {
    co_await say_continue(exchange);
    m_transfer_start = coarse_now();
  }
  while (run && !refused && !done) {
    const bool good = co_await receive(exchange, piece, k_upload_piece, done);
    if (!good) {
      co_await offload(drop);
      co_return;
    }
    phase = Phase::handling;
    deadline = 0;
    const std::int64_t before = coarse_now();
    const std::function<void()> write = [&] {
      refused = guarded(request, [&]() -> std::optional<Response> {
        if (auto written = sink->write(piece); !written) {
          return Response::error(written.error());
        }
        return std::nullopt;
      });
    };
    run = co_await offload(write);
    m_transfer_start += coarse_now() - before;  // our own time is not the client's slowness
    piece.clear();
  }
  exchange.body_read = done;
  if (run && !refused) {
    const std::function<void()> end = [&] {
      exchange.finish(guarded(request, [&] { return sink->finish(request); }));
      sink.reset();
    };
    run = co_await offload(end);
  }
  if (!run) {
    refused = Response::retry_later(503, "the server has too much to do", std::chrono::seconds(1));
  }
  if (refused) {
    exchange.finish(std::move(*refused));
    if (sink) {
      co_await offload(drop);
    }
  }
}

}  // namespace patchmill::http
