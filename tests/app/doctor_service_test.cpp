#include "app/doctor_service.hpp"

#include "util/fd.hpp"
#include "util/file.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace patchmill;
using app::Health;

TEST_CASE("app::diagnose_address: free, taken by others, taken by us, impossible") {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  socklen_t size = sizeof place;
  REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&place), &size) == 0);
  const std::string address = "127.0.0.1:" + std::to_string(ntohs(place.sin_port));

  const auto taken = app::diagnose_address(address, false);
  CHECK(taken.health == Health::broken);
  CHECK(taken.mend.find("ss -ltnp 'sport = :" + std::to_string(ntohs(place.sin_port))) == 0);
  CHECK(app::diagnose_address(address, true).health == Health::good);
  CHECK(app::diagnose_address("127.0.0.1:0", false).health == Health::good);
  CHECK(app::diagnose_address("192.0.2.1:0", false).state.find("no such address") !=
        std::string::npos);
  CHECK(app::diagnose_address("fd:3", false).health == Health::good);
  for (const auto* wrong : {"8080", "127.0.0.1:99999", "no.such.host.invalid:80", "unix:/none/x"}) {
    CAPTURE(wrong);
    const auto bad = app::diagnose_address(wrong, false);
    CHECK(bad.health == Health::broken);
    CHECK_FALSE(bad.mend.empty());
  }
}

TEST_CASE("app::diagnose_watches: too few, enough, none") {
  const TempDir folder;
  CHECK(app::diagnose_watches(folder.path()).health == Health::limited);
  REQUIRE(write_file_atomic(folder.path() / "max_user_watches", "512\n"));
  REQUIRE(write_file_atomic(folder.path() / "max_user_instances", "128\n"));
  CHECK(app::diagnose_watches(folder.path()).mend.find("sysctl -w fs.inotify") == 0);
  REQUIRE(write_file_atomic(folder.path() / "max_user_watches", "65536\n"));
  CHECK(app::diagnose_watches(folder.path()).health == Health::good);
}

TEST_CASE("app::diagnose_linger: of people, not of system users") {
  const TempDir folder;
  const auto linger = folder.path() / "linger";
  CHECK(app::diagnose_linger(0, "root", linger).health == Health::good);
  CHECK(app::diagnose_linger(998, "patchmill", linger).health == Health::good);
  const auto person = app::diagnose_linger(1000, "ann", linger);
  CHECK(person.health == Health::limited);
  CHECK(person.mend == "loginctl enable-linger ann");
  std::filesystem::create_directory(linger);
  REQUIRE(write_file_atomic(linger / "ann", ""));
  CHECK(app::diagnose_linger(1000, "ann", linger).health == Health::good);
}

TEST_CASE("app::diagnose_service: what is not well says what mends it") {
  app::Config config;
  config.data = "/nonexistent/data";
  config.store_url = "/nonexistent/data/store.sqlite";
  config.log.file = "/nonexistent/log/patchmill.log";
  config.http.certificate = "/nonexistent/tls.pem";
  config.http.key = "/nonexistent/tls.key";
  std::size_t broken = 0;
  for (const auto& item : app::diagnose_service(config)) {
    CAPTURE(item.what);
    CHECK_FALSE(item.state.empty());
    CHECK((item.health == Health::good || item.what == "inotify" || !item.mend.empty()));
    broken += item.health == Health::broken ? 1u : 0u;
  }
  CHECK(broken >= 2);
}
