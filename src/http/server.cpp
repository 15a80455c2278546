#include "http/server.hpp"

#include "http/server_state.hpp"
#include "util/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace patchmill::http {
namespace {

// A value of logfmt: bare when it can be, else quoted with escapes.
std::string logfmt_value(std::string_view value) {
  bool bare = !value.empty();
  for (const char c : value) {
    bare = bare && c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
  }
  if (bare) {
    return std::string(value);
  }
  std::string quoted = "\"";
  for (const char c : value.substr(0, 1024)) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string format_access(const RequestRecord& record) {
  std::string line = fmt::format(
      "http remote={} method={} target={} status={} bytes={} ms={:.1f} route={} id={}",
      record.remote, logfmt_value(record.method), logfmt_value(record.target.substr(0, 1024)),
      record.status, record.bytes_out, static_cast<double>(record.duration.count()) / 1000,
      logfmt_value(record.route), record.id);
  if (record.bytes_in > 0) {
    line += fmt::format(" in={}", record.bytes_in);
  }
  if (!record.identity.empty()) {
    line += " user=" + logfmt_value(record.identity);
  }
  if (!record.agent.empty()) {
    line += " agent=" + logfmt_value(record.agent);
  }
  if (!record.referer.empty()) {
    line += " referer=" + logfmt_value(record.referer);
  }
  if (!record.complete) {
    line += " cut=yes";
  }
  return line;
}

Result<std::unique_ptr<Server>> Server::start(boost::asio::io_context& io, ServerConfig config,
                                              std::shared_ptr<const Router> router) {
  auto state = std::make_shared<ServerState>(io, std::move(config));
  state->set_router(std::move(router));
  bool tls = false;
  for (const Listen& listen : state->config.listen) {
    tls = tls || listen.tls;
    PM_TRY_ASSIGN(auto listener, open_listener(listen));
    state->listeners.push_back(std::move(listener));
  }
  if (tls) {
    PM_TRY(state->load_tls());
  }
  // Asio closes what it owns, and a listener's own descriptor is needed to shut it.
  std::vector<Fd> duplicates;
  for (const Listener& listener : state->listeners) {
    Fd duplicate(::fcntl(listener.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!duplicate.valid()) {
      return fail(ErrorKind::infrastructure,
                  fmt::format("cannot listen on {}: {}; raise the limit of open files",
                              listener.text, std::strerror(errno)));
    }
    duplicates.push_back(std::move(duplicate));
  }
  for (std::size_t i = 0; i < duplicates.size(); ++i) {
    asio::co_spawn(io.get_executor(), accept_loop(state, i, std::move(duplicates[i])),
                   asio::detached);
  }
  asio::co_spawn(io.get_executor(), watch_loop(state), asio::detached);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  stop();
  m_state->pool.wait_idle();
  // What the handlers left to be written fails at once now; hooks are not called afterwards.
  m_state->cut_all();
  m_state->wait_empty(std::chrono::seconds(2));
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> all;
  for (const Listener& listener : m_state->listeners) {
    all.push_back(listener.text);
  }
  return all;
}

std::uint16_t Server::port(std::size_t listener) const {
  return m_state->listeners.at(listener).port;
}

Result<void> Server::reload_tls() {
  return m_state->load_tls();
}

void Server::set_router(std::shared_ptr<const Router> router) {
  m_state->set_router(std::move(router));
}

ServerStats Server::stats() const {
  ServerStats stats;
  std::tie(stats.connections, stats.event_streams) = m_state->count();
  stats.waiting = m_state->waiting;
  stats.accepted = m_state->accepted;
  stats.refused = m_state->refused;
  stats.timed_out = m_state->timed_out;
  stats.malformed = m_state->malformed;
  stats.buffered = m_state->buffered;
  stats.requests = m_state->requests;
  return stats;
}

bool Server::stop(std::chrono::milliseconds limit) {
  const bool first = !m_state->stopping;
  m_state->begin_stop();
  if (first) {
    for (Listener& listener : m_state->listeners) {
      // Wakes the accept loop, which has a duplicate of the descriptor. A socket that was passed
      // to us is somebody else's too, who may want to go on listening.
      if (!listener.config.address.starts_with("fd:")) {
        ::shutdown(listener.fd.get(), SHUT_RDWR);
      }
      if (listener.config.address.starts_with("unix:")) {
        ::unlink(listener.config.address.substr(5).c_str());
      }
    }
  }
  if (m_state->wait_empty(limit * 7 / 10)) {
    return true;
  }
  m_state->cut_all();
  return m_state->wait_empty(limit * 2 / 10);
}

struct IoThreads::Impl {
  asio::io_context context;
  asio::executor_work_guard<Executor> guard{context.get_executor()};
  std::vector<std::thread> threads;
};

IoThreads::IoThreads(unsigned threads) : m_impl(std::make_unique<Impl>()) {
  for (unsigned i = 0; i < std::max(1u, threads); ++i) {
    m_impl->threads.emplace_back([this] { m_impl->context.run(); });
  }
}

IoThreads::~IoThreads() {
  m_impl->guard.reset();
  m_impl->context.stop();
  for (std::thread& thread : m_impl->threads) {
    thread.join();
  }
}

boost::asio::io_context& IoThreads::context() {
  return m_impl->context;
}

}  // namespace patchmill::http
