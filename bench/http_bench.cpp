// Small JSON answers over keep-alive connections, and the memory of idle event streams.
// The load generator runs in this process and on the same two cores as the server, so the figure
// is what is left of two cores after paying for the client as well. The event-stream clients are a
// process of their own; both ends are reported.

#include "http/event_stream.hpp"
#include "http/server.hpp"
#include "util/fd.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace patchmill;
using namespace patchmill::http;

constexpr double k_peer = 20'000;  // requests/s asked for
constexpr int k_streams = 10'000;
constexpr double k_stream_bound_mb = 200;

[[noreturn]] void die(const std::string& why) {
  fmt::print(stderr, "http_bench: {}\n", why);
  std::exit(1);
}

Fd connect_to(std::uint16_t port, std::uint32_t source = INADDR_LOOPBACK) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(source);
  if (!fd.valid() ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0) {
    die("cannot make a socket: " + std::to_string(errno));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    die("cannot connect: " + std::to_string(errno));
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

double resident_mb(const std::string& who = "self") {
  std::ifstream file("/proc/" + who + "/statm");
  std::size_t total = 0;
  std::size_t pages = 0;
  file >> total >> pages;
  return static_cast<double>(pages) * 4096 / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

// Each connection has one request under way; an answer is known by its length.
struct Load {
  std::atomic<bool> go_on = true;
  std::atomic<std::uint64_t> answers = 0;

  void run(std::uint16_t port, int connections, const std::string& path) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\n\r\n";
    const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    std::vector<Fd> sockets;
    std::vector<std::size_t> received(static_cast<std::size_t>(connections), 0);
    std::size_t length = 0;
    for (int i = 0; i < connections; ++i) {
      sockets.push_back(connect_to(port));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = static_cast<std::uint32_t>(i);
      ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, sockets.back().get(), &event);
    }
    std::vector<char> buffer(65536);
    // The length is learnt from one answer; all of them are the same.
    if (::send(sockets[0].get(), request.data(), request.size(), MSG_NOSIGNAL) <= 0) {
      die("cannot send");
    }
    const ssize_t first = ::recv(sockets[0].get(), buffer.data(), buffer.size(), 0);
    if (first <= 0 || std::string_view(buffer.data(), 15) != "HTTP/1.1 200 OK") {
      die("the server does not answer with 200");
    }
    length = static_cast<std::size_t>(first);
    for (const Fd& socket : sockets) {
      ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
    }
    std::vector<epoll_event> events(64);
    while (go_on) {
      const int n = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < n; ++i) {
        const std::size_t at = events[static_cast<std::size_t>(i)].data.u32;
        const ssize_t got = ::recv(sockets[at].get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got <= 0) {
          die("the server closed a connection");
        }
        received[at] += static_cast<std::size_t>(got);
        if (received[at] > length) {
          die("an answer of another length");
        }
        if (received[at] == length) {
          received[at] = 0;
          ++answers;
          ::send(sockets[at].get(), request.data(), request.size(), MSG_NOSIGNAL);
        }
      }
    }
  }
};

struct Measured {
  double rate = 0, cpu_per_request = 0;
};

Measured measure(std::uint16_t port, const std::string& path, int connections) {
  Load load;
  std::thread client([&] { load.run(port, connections, path); });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const std::uint64_t before = load.answers;
  const double cpu_before = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(std::chrono::seconds(4));
  const std::uint64_t count = load.answers - before;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double cpu = cpu_seconds() - cpu_before;
  load.go_on = false;
  client.join();
  return {static_cast<double>(count) / took.count(), cpu * 1e6 / static_cast<double>(count)};
}

// A line to the process that measures, which waits for it.
void say(const std::string& line) {
  if (std::puts(line.c_str()) < 0 || std::fflush(stdout) != 0) {
    die("nobody reads what the streams have to say");
  }
}

// The other process: opens k_streams event streams, says so, holds them until its input ends.
int hold_streams(std::uint16_t port) {
  std::vector<Fd> streams;
  const std::string request = "GET /events HTTP/1.1\r\nHost: bench\r\n\r\n";
  std::vector<char> buffer(4096);
  for (int i = 0; i < k_streams; ++i) {
    streams.push_back(connect_to(port, INADDR_LOOPBACK + static_cast<std::uint32_t>(i % 16)));
    ::send(streams.back().get(), request.data(), request.size(), MSG_NOSIGNAL);
  }
  for (const Fd& stream : streams) {
    if (::recv(stream.get(), buffer.data(), buffer.size(), 0) <= 0) {
      die("an event stream was not answered");
    }
  }
  say("ready");
  // An event to all of them, and the time until the last one has it.
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), stdin) != nullptr) {
    for (const Fd& stream : streams) {
      if (::recv(stream.get(), buffer.data(), buffer.size(), 0) <= 0) {
        die("an event stream ended");
      }
    }
    say(fmt::format("got {:.1f}", resident_mb()));
  }
  return 0;
}

void raise_open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, k_streams + 1000);
  limit.rlim_max = std::max(limit.rlim_max, limit.rlim_cur);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    die("cannot raise the limit of open files to 11 000");
  }
}

void measure_streams() {
  EventHub hub;
  auto router = std::make_shared<Router>();
  router->get("/events", [&](Request&) { return Response::events(hub.subscribe()); });
  IoThreads io(2);
  ServerConfig config;
  config.listen = {{"127.0.0.1:0"}};
  config.access_log = false;
  config.max_connections = k_streams + 100;
  config.max_connections_per_address = k_streams;
  const auto server = Server::start(io.context(), config, router);
  if (!server) {
    die(server.error().message);
  }
  const double before = resident_mb();
  Command command;
  command.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "--hold",
                  std::to_string((*server)->port())};
  auto child = ChildProcess::start(command);
  if (!child || (*child)->read_line().value_or("") != "ready") {
    die("the clients of the event streams did not get ready");
  }
  const double idle = resident_mb();
  if (hub.subscribers() != static_cast<std::size_t>(k_streams)) {
    die("not every client is subscribed");
  }
  const double cpu_before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const double idle_cpu = (cpu_seconds() - cpu_before) / 2;
  const double cpu_publish = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  hub.publish(1, "series", R"({"id": 1, "state": "new"})");
  if (!(*child)->write("go\n")) {
    die("the clients are gone");
  }
  const std::string got = (*child)->read_line().value_or("");
  if (!got.starts_with("got ")) {
    die("the clients did not get the event");
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  const double cpu = cpu_seconds() - cpu_publish;
  const double after = resident_mb();
  fmt::print(
      "http streams: {} idle event streams: server {:.1f} MB resident ({:.1f} before them, {:.1f} "
      "KB each, bound {:.0f} MB), {:.1f} % of a core when idle; clients in a process of their own "
      "{} MB\n",
      k_streams, idle, before, (idle - before) * 1000 / k_streams, k_stream_bound_mb,
      idle_cpu * 100, got.substr(4));
  fmt::print(
      "http fan-out: one event to all of them in {:.0f} ms, {:.1f} us of CPU each; {:.1f} MB "
      "afterwards\n",
      took.count(), cpu * 1e6 / k_streams, after);
  if (after > k_stream_bound_mb) {
    die("the event streams take more than their bound");
  }
}

}  // namespace

int main(int argc, char** argv) {
  raise_open_files();
  if (argc == 3 && std::string_view(argv[1]) == "--hold") {
    return hold_streams(static_cast<std::uint16_t>(parse_uint(argv[2]).value_or(0)));
  }
  measure_streams();

  auto router = std::make_shared<Router>();
  const auto small = [](Request& r) {
    return Response::json(R"({"id": )" + r.param("id") +
                          R"(, "name": "[PATCH] mm: fix a leak", "state": "new", "version": 1,)"
                          R"( "submitter": {"id": 7, "name": "A Developer"}})");
  };
  router->get("/series/{id:uint}/", small);
  Route loop{"GET", "/loop/{id:uint}/", small, {}};
  loop.run = Run::loop;
  router->add(loop);
  IoThreads io(2);
  ServerConfig config;
  config.listen = {{"127.0.0.1:0"}};
  config.access_log = false;
  config.worker_threads = 2;
  const auto server = Server::start(io.context(), config, router);
  if (!server) {
    die(server.error().message);
  }
  const Measured on_loop = measure((*server)->port(), "/loop/7/", 64);
  const Measured on_worker = measure((*server)->port(), "/series/7/", 64);
  fmt::print(
      "http: 64 keep-alive connections; the client shares the cores and its CPU is counted\n");
  fmt::print("http on the event loop: {:.0f} requests/s, {:.1f} us of CPU a request\n",
             on_loop.rate, on_loop.cpu_per_request);
  fmt::print("http on worker threads: {:.0f} requests/s, {:.1f} us of CPU a request\n",
             on_worker.rate, on_worker.cpu_per_request);
  fmt::print("http ratio {:.1f} (ours {:.0f} requests/s, peer {:.0f} requests/s)\n",
             on_worker.rate / k_peer, on_worker.rate, k_peer);
  return 0;
}
