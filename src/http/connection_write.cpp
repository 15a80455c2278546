#include "http/conditional.hpp"
#include "http/connection.hpp"
#include "util/log.hpp"

#include <fmt/format.h>
#include <sys/sendfile.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace patchmill::http {
namespace {

constexpr std::size_t k_piece = 64u << 10;          // of copied and produced bodies
constexpr std::uint64_t k_most_at_once = 4u << 20;  // sent by one visit to a worker

const std::string& date_now() {
  thread_local std::time_t at = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != at) {
    at = now;
    text = format_http_date(now);
  }
  return text;
}

std::string format_head(const Response& response, bool chunked, std::optional<std::uint64_t> length,
                        bool keep_alive, bool http_1_0) {
  std::string head;
  head.reserve(512);
  head += "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\nDate: ";
  head += date_now();
  head += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (is_token(name)) {
      head += name;
      head += ": ";
      head += safe_field_value(value);
      head += "\r\n";
    }
  }
  if (chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (length) {
    head += "Content-Length: ";
    head += std::to_string(*length);
    head += "\r\n";
  }
  if (!keep_alive) {
    head += "Connection: close\r\n";
  } else if (http_1_0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

// sendfile(2) has no MSG_NOSIGNAL; the thread is one of our pool.
void block_sigpipe() {
  thread_local bool done = false;
  if (!done) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    done = true;
  }
}

}  // namespace

void Connection::start_writing(Phase writing) {
  m_transfer_start = coarse_now();
  m_written = 0;
  deadline = m_transfer_start + m_state->config.timeouts.write.count();
  phase = writing;
}

Task<bool> Connection::write_response(Exchange& exchange) {
  Prepared& prepared = exchange.prepared;
  Response& response = prepared.response;
  const bool unknown_length = prepared.send_body && !prepared.length;
  const bool chunked = unknown_length && !exchange.http_1_0;
  if (unknown_length && exchange.http_1_0) {
    exchange.keep_alive = false;  // the end of the connection is the end of the body
  }
  if (stopping || m_state->stopping ||
      std::holds_alternative<std::shared_ptr<EventStream>>(response.body)) {
    exchange.keep_alive = false;
  }
  std::optional<std::uint64_t> length = prepared.length;
  if (response.status == 204 || response.status == 304 || response.status < 200) {
    length.reset();
  }
  const std::string head =
      format_head(response, chunked, length, exchange.keep_alive, exchange.http_1_0);
  start_writing();
  if (const auto* text = std::get_if<std::string>(&response.body)) {
    exchange.bytes_out = prepared.send_body ? text->size() : 0;
    co_return co_await write_all(head, prepared.send_body ? *text : std::string_view{}, true);
  }
  if (const auto* shared = std::get_if<SharedBytes>(&response.body)) {
    exchange.bytes_out = prepared.send_body ? shared->bytes.size() : 0;
    co_return co_await write_all(head, prepared.send_body ? shared->bytes : std::string_view{},
                                 true);
  }
  const bool begun = co_await write_all(head);
  if (!begun || !prepared.send_body) {
    if (auto* events = std::get_if<std::shared_ptr<EventStream>>(&response.body)) {
      (*events)->close();
    }
    co_return begun;
  }
  if (const auto* file = std::get_if<FileBytes>(&response.body)) {
    co_return co_await write_file(exchange, *file);
  }
  if (auto* produced = std::get_if<Produced>(&response.body)) {
    co_return co_await write_produced(exchange, *produced, chunked);
  }
  co_return co_await write_events(exchange, std::get<std::shared_ptr<EventStream>>(response.body),
                                  chunked);
}

// From the page cache straight to the socket, on a worker because the disk may be asked.
Task<bool> Connection::write_file(Exchange& exchange, const FileBytes& file) {
  if (m_tls) {
    co_return co_await write_file_copied(exchange, file, 0);
  }
  std::uint64_t sent = 0;
  while (sent < file.length) {
    int failure = 0;
    const std::uint64_t before = sent;
    const std::function<void()> work = [&] {
      block_sigpipe();
      const std::uint64_t stop_at = std::min(file.length, sent + k_most_at_once);
      while (sent < stop_at) {
        auto offset = static_cast<off_t>(file.offset + sent);
        const ssize_t n = ::sendfile(fd(), file.fd->get(), &offset, stop_at - sent);
        if (n > 0) {
          sent += static_cast<std::uint64_t>(n);
        } else if (n == 0) {
          failure = EPIPE;  // the file has become shorter
          break;
        } else if (errno != EINTR) {
          failure = errno;
          break;
        }
      }
    };
    const bool run = co_await offload(work);
    exchange.bytes_out = sent;
    if (failure == EINVAL && sent == 0) {
      co_return co_await write_file_copied(exchange, file, 0);  // a file system without it
    }
    if (failure != 0 && failure != EAGAIN) {
      co_return false;
    }
    if (sent > before) {
      m_written += sent - before;
      deadline = transfer_deadline(m_written, m_state->config.timeouts.write);
    }
    if (failure == EAGAIN || !run) {
      const bool ready = co_await wait_writable();
      if (!ready || timed_out) {
        co_return false;
      }
    }
  }
  co_return true;
}

Task<bool> Connection::write_file_copied(Exchange& exchange, const FileBytes& file,
                                         std::uint64_t from) {
  const std::unique_ptr<char[]> buffer(new char[k_piece]);
  std::uint64_t sent = from;
  while (sent < file.length) {
    ssize_t n = 0;
    const std::function<void()> work = [&] {
      n = ::pread(file.fd->get(), buffer.get(),
                  std::min<std::uint64_t>(k_piece, file.length - sent),
                  static_cast<off_t>(file.offset + sent));
    };
    const bool run = co_await offload(work);
    if (!run || n <= 0) {
      co_return false;
    }
    const bool written = co_await write_all({buffer.get(), static_cast<std::size_t>(n)}, {}, true);
    if (!written) {
      co_return false;
    }
    sent += static_cast<std::uint64_t>(n);
    exchange.bytes_out = sent;
  }
  co_return true;
}

Task<bool> Connection::write_produced(Exchange& exchange, Produced& produced, bool chunked) {
  const std::unique_ptr<char[]> buffer(new char[k_piece + 2]);
  std::uint64_t left = produced.length.value_or(0);
  while (!produced.length || left > 0) {
    std::size_t n = 0;
    bool failed = false;
    const std::size_t most = produced.length
                                 ? static_cast<std::size_t>(std::min<std::uint64_t>(left, k_piece))
                                 : k_piece;
    const std::function<void()> work = [&] {
      try {
        const auto made = produced.produce(std::span<char>(buffer.get(), most));
        if (made) {
          n = std::min(*made, most);
        } else {
          log::warning("http {} {} (request {}): {}", exchange.request.method,
                       exchange.request.path, exchange.request.id, made.error().message);
        }
        failed = !made || (n == 0 && produced.length);
      } catch (const std::exception& error) {
        log::error("http {} {} (request {}): {}", exchange.request.method, exchange.request.path,
                   exchange.request.id, error.what());
        failed = true;
      }
    };
    phase = Phase::handling;
    deadline = 0;
    const bool run = co_await offload(work);
    if (!run || failed) {
      co_return false;  // cut: the client sees that the end is missing
    }
    start_writing();
    bool written = false;
    if (chunked) {
      if (n == 0) {
        co_return co_await write_all("0\r\n\r\n");
      }
      buffer[n] = '\r';
      buffer[n + 1] = '\n';
      const std::string size = fmt::format("{:x}\r\n", n);
      written = co_await write_all(size, {buffer.get(), n + 2});
    } else {
      if (n == 0) {
        co_return true;
      }
      written = co_await write_all({buffer.get(), n});
    }
    if (!written) {
      co_return false;
    }
    left -= produced.length ? n : 0;
    exchange.bytes_out += n;
  }
  co_return true;
}

Task<bool> Connection::write_events(Exchange& exchange, std::shared_ptr<EventStream> events,
                                    bool chunked) {
  m_in.release();
  m_parser.reset();
  m_unread = false;
  exchange.request.headers = {};
  exchange.prepared.response.headers = {};
  m_events = std::move(events);
  m_last_event = coarse_now();
  deadline = 0;
  phase = Phase::streaming_events;
  if (stopping) {
    m_events->close();
  }
  while (true) {
    const std::vector<Frame> frames = m_events->take();
    if (frames.empty()) {
      if (m_events->closed()) {
        break;
      }
      deadline = 0;
      co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
          [this](auto handler) {
            auto held = std::make_shared<decltype(handler)>(std::move(handler));
            m_events->wait([held = std::move(held), executor = m_state->io.get_executor()] {
              asio::post(executor, [held] { std::move (*held)(); });
            });
          },
          k_await);
      continue;
    }
    std::string batch;
    std::size_t size = 0;
    for (const Frame& frame : frames) {
      size += frame->size();
    }
    batch.reserve(size + 16);
    if (chunked) {
      batch += fmt::format("{:x}\r\n", size);
    }
    for (const Frame& frame : frames) {
      batch += *frame;
    }
    if (chunked) {
      batch += "\r\n";
    }
    m_last_event = coarse_now();
    deadline = m_last_event + m_state->config.timeouts.write.count();
    const bool written = co_await write_all(batch);
    if (!written) {
      m_events->close();
      co_return false;
    }
    exchange.bytes_out += size;
  }
  if (m_events->overflowed()) {
    co_return false;
  }
  deadline = coarse_now() + 1000;
  co_return co_await write_all(chunked ? "0\r\n\r\n" : "");
}

}  // namespace patchmill::http
