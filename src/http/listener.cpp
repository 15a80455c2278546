#include "http/listen_address.hpp"
#include "http/server_state.hpp"
#include "util/log.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace patchmill::http {
namespace {

constexpr int k_backlog = 4096;

std::string reason(int code) {
  std::string text = std::strerror(code);
  if (code == EADDRINUSE) {
    text += "; another program listens there already";
  } else if (code == EACCES) {
    text += "; ports below 1024 need CAP_NET_BIND_SERVICE, sockets a folder that may be written";
  } else if (code == EADDRNOTAVAIL) {
    text += "; this machine has no such address";
  }
  return text;
}

tl::unexpected<Error> cannot_listen(const Listen& listen, const std::string& why) {
  return fail(ErrorKind::infrastructure, "cannot listen on " + listen.address + ": " + why);
}

Result<Listener> listen_unix(const Listen& listen, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) {
      return cannot_listen(listen, "there is a file of that name that is no socket");
    }
    const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(probe.get(), generic, sizeof(address)) == 0) {
      return cannot_listen(listen, reason(EADDRINUSE));
    }
    ::unlink(path.c_str());  // left behind by a server that died
  }
  Listener listener{listen, Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
                    listen.address, 0};
  // Nobody may connect between bind and chmod.
  const mode_t before = ::umask(0177);
  const int bound = ::bind(listener.fd.get(), generic, sizeof(address));
  const int bind_error = errno;
  ::umask(before);
  if (bound != 0) {
    return cannot_listen(listen, reason(bind_error));
  }
  if (::chmod(path.c_str(), listen.unix_mode) != 0 || ::listen(listener.fd.get(), k_backlog) != 0) {
    return cannot_listen(listen, reason(errno));
  }
  return listener;
}

Result<Listener> take_descriptor(const Listen& listen, int fd) {
  int accepting = 0;
  socklen_t size = sizeof(accepting);
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) != 0 || accepting == 0) {
    return fail(ErrorKind::invalid,
                "cannot listen on " + listen.address + ": that is no listening socket");
  }
  Listener listener{listen, Fd(fd), listen.address, 0};
  ::fcntl(listener.fd.get(), F_SETFL, ::fcntl(listener.fd.get(), F_GETFL) | O_NONBLOCK);
  return listener;
}

void describe(Listener& listener, const std::string& host) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(listener.fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0) {
    if (bound.ss_family == AF_INET) {
      listener.port = ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
    } else if (bound.ss_family == AF_INET6) {
      listener.port = ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
    }
  }
  listener.text = std::string(listener.config.tls ? "https://" : "http://") + host + ":" +
                  std::to_string(listener.port);
}

Result<Listener> listen_tcp(const Listen& listen, const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(address.port);
  const int status = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                                   service.c_str(), &hints, &found);
  if (status != 0 || found == nullptr) {
    return cannot_listen(listen, status != 0 ? ::gai_strerror(status) : "no such address");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Listener listener{
      listen, Fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), {}, 0};
  const int on = 1;
  ::setsockopt(listener.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (found->ai_family == AF_INET6) {
    const int off = 0;  // [::] takes IPv4 as well, whatever the system's default is
    ::setsockopt(listener.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (::bind(listener.fd.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(listener.fd.get(), k_backlog) != 0) {
    return cannot_listen(listen, reason(errno));
  }
  const std::string shown = listen.address.substr(0, listen.address.rfind(':'));
  describe(listener, shown.empty() ? "*" : shown);
  return listener;
}

}  // namespace

Result<Listener> open_listener(const Listen& listen) {
  PM_TRY_ASSIGN(const auto address, ListenAddress::parse(listen.address));
  if (address.kind == ListenAddress::Kind::unix_socket) {
    return listen_unix(listen, address.path);
  }
  if (address.kind == ListenAddress::Kind::descriptor) {
    PM_TRY_ASSIGN(auto listener, take_descriptor(listen, address.descriptor));
    describe(listener, listen.address);
    return listener;
  }
  return listen_tcp(listen, address);
}

Task<void> accept_loop(std::shared_ptr<ServerState> state, std::size_t index, Fd duplicate) {
  const Listener& listener = state->listeners[index];
  asio::posix::basic_stream_descriptor<Executor> waiter(state->io.get_executor(),
                                                        duplicate.release());
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>, Executor>
      pause(state->io.get_executor());
  bool complained = false;
  while (!state->stopping) {
    boost::system::error_code error;
    co_await waiter.async_wait(asio::posix::descriptor_base::wait_read,
                               asio::redirect_error(asio::use_awaitable_t<Executor>{}, error));
    if (error) {
      log::error("{}: cannot wait for connections: {}", listener.text, error.message());
      co_return;
    }
    for (int taken = 0; taken < 64 && !state->stopping; ++taken) {
      sockaddr_storage remote{};
      socklen_t size = sizeof(remote);
      Fd socket(::accept4(waiter.native_handle(), reinterpret_cast<sockaddr*>(&remote), &size,
                          SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket.valid()) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
          break;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
          if (!complained) {
            log::error("{}: cannot accept connections: {}; raise the limit of open files",
                       listener.text, std::strerror(errno));
            complained = true;
          }
          pause.expires_after(std::chrono::milliseconds(100));
          co_await pause.async_wait(asio::redirect_error(asio::use_awaitable_t<Executor>{}, error));
          break;
        }
        if (errno == EINVAL || errno == EBADF) {
          co_return;  // shut by stop()
        }
        continue;  // the client went away in the queue
      }
      complained = false;
      ++state->accepted;
      if (remote.ss_family != AF_UNIX) {
        const int on = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      }
      serve_connection(state, std::move(socket), remote.ss_family, Address::from_sockaddr(remote),
                       listener.config.tls);
    }
  }
}

}  // namespace patchmill::http
