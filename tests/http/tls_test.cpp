#include "support.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"

namespace patchmill::http {
namespace {

using namespace test;

Completed run(std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  SystemProcessRunner runner;
  auto done = runner.run(command);
  REQUIRE(done.has_value());
  return *done;
}

struct Certificate {
  explicit Certificate(const std::string& name = "one") {
    const std::string key = (folder.path() / "key.pem").string();
    const std::string certificate = (folder.path() / "certificate.pem").string();
    const auto done =
        run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=" + name,
             "-addext", "subjectAltName=IP:127.0.0.1"});
    REQUIRE_MESSAGE(done.ok(), done.err);
    files = TlsFiles{certificate, key};
  }
  void copy_to(const TlsFiles& other) const {
    std::filesystem::copy_file(files.certificate, other.certificate,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(files.key, other.key,
                               std::filesystem::copy_options::overwrite_existing);
  }
  TempDir folder;
  TlsFiles files;
};

std::shared_ptr<Router> tls_router() {
  auto r = std::make_shared<Router>();
  r->get("/who", [](Request& q) { return Response::text(q.https ? "https" : "http"); });
  r->get("/big", [](Request&) { return Response::text(std::string(5u << 20, 'b')); });
  r->get("/page", [](Request&) { return Response::html("<p>x"); });
  r->get("/file", [](Request&) {
    return std::move(*Response::file("/proc/self/exe", "application/octet-stream"));
  });
  Route echo{"POST", "/echo", [](Request& q) { return Response::text(q.body); }, {}};
  echo.max_body = 16u << 20;
  r->add(echo);
  return r;
}

TEST_CASE("Server: TLS to a real client") {
  const Certificate certificate;
  TestServer t(tls_router(), [&](ServerConfig& config) {
    config.listen = {{"127.0.0.1:0", true}};
    config.tls = certificate.files;
    config.hsts = true;
  });
  const auto curl = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {"curl", "-sS",      "--max-time",
                                     "30",   "--cacert", certificate.files.certificate.string()};
    argv.insert(argv.end(), more.begin(), more.end());
    const Completed done = run(argv);
    CHECK_MESSAGE(done.ok(), done.err);
    return done.out;
  };
  CHECK(t.url().starts_with("https://127.0.0.1:"));
  CHECK(curl({t.url() + "/who"}) == "https");
  CHECK(curl({t.url() + "/big"}).size() == 5u << 20);
  CHECK(curl({"-o", "/dev/null", "-w", "%{size_download}", t.url() + "/file"}) ==
        std::to_string(std::filesystem::file_size("/proc/self/exe")));
  CHECK(curl({"-I", t.url() + "/page"}).find("Strict-Transport-Security: max-age=") !=
        std::string::npos);
  const TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "body", std::string(5u << 20, 'q')));
  CHECK(curl({"--data-binary", "@" + (folder.path() / "body").string(), t.url() + "/echo"}) ==
        std::string(5u << 20, 'q'));
  CHECK_FALSE(run({"curl", "-sS", "--tls-max", "1.1", "-k", t.url() + "/who"}).ok());
  CHECK(t.server->stop());
}

TEST_CASE("Server: plain text and silence on a TLS port are cut") {
  const Certificate certificate;
  TestServer t(tls_router(), [&](ServerConfig& config) {
    config.listen = {{"127.0.0.1:0", true}};
    config.tls = certificate.files;
    config.timeouts.handshake = 500ms;
  });
  RawClient plain(t.port());
  plain.send(get("/who"));
  CHECK(plain.closed_within(3s));
  RawClient silent(t.port());
  CHECK(silent.closed_within(3s));
  CHECK(eventually([&] { return t.server->stats().connections == 0; }));
}

TEST_CASE("Server::reload_tls: the new certificate for new connections, the old one if it is bad") {
  const Certificate one("one");
  const Certificate two("two");
  TestServer t(tls_router(), [&](ServerConfig& config) {
    config.listen = {{"127.0.0.1:0", true}};
    config.tls = one.files;
  });
  const auto subject = [&] {
    const Completed done = run({"curl", "-sSkv", t.url() + "/who"});
    return done.err.find("CN=one") != std::string::npos   ? "one"
           : done.err.find("CN=two") != std::string::npos ? "two"
                                                          : "none";
  };
  CHECK(std::string(subject()) == "one");
  REQUIRE(write_file_atomic(one.files.key, "rubbish"));
  const auto bad = t.server->reload_tls();
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().message.find(one.files.key.string()) != std::string::npos);
  CHECK(std::string(subject()) == "one");
  two.copy_to(one.files);
  CHECK(t.server->reload_tls().has_value());
  CHECK(std::string(subject()) == "two");
}

TEST_CASE("Server::start: a certificate that is not there is said so") {
  ServerConfig config;
  config.listen = {{"127.0.0.1:0", true}};
  IoThreads io(1);
  CHECK(Server::start(io.context(), config, tls_router()).error().message ==
        "no certificate is configured");
  config.tls = TlsFiles{"/nonexistent/certificate.pem", "/nonexistent/key.pem"};
  CHECK(Server::start(io.context(), config, tls_router())
            .error()
            .message.find("/nonexistent/certificate.pem cannot be used") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::http
