// Conditions, ranges, codings, files, uploads and downloads through the server.

#include "http/assets.hpp"
#include "http/gzip.hpp"
#include "support.hpp"
#include "util/file.hpp"
#include "util/hash.hpp"
#include "util/subprocess.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace patchmill::http {
namespace {

using namespace test;

std::string run_curl(std::vector<std::string> arguments) {
  Command command;
  command.argv = {"curl", "-sS", "--max-time", "200"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  SystemProcessRunner runner;
  const auto done = runner.run(command);
  REQUIRE_MESSAGE(done.has_value(), "curl is missing; run script/bootstrap");
  CHECK_MESSAGE(done->ok(), done->err);
  return done->out;
}

struct Content {
  TempDir folder;
  std::string long_text;
  AssetSet assets;
  std::shared_ptr<Router> router = std::make_shared<Router>();

  Content() {
    for (int i = 0; i < 5000; ++i) {
      long_text += "line " + std::to_string(i) + "\n";
    }
    REQUIRE(write_file_atomic(folder.path() / "digits.txt", "0123456789"));
    assets.add("style.css", "body { color: black }");
    router->get("/text", [this](Request&) { return Response::text(long_text); });
    router->get("/small", [](Request&) { return Response::json(std::string(R"({"a":1})")); });
    router->get("/file/{path...}", [this](Request& r) {
      auto file = Response::file(folder.path() / r.param("path"), "text/plain", true);
      return file ? std::move(*file) : Response::error(file.error());
    });
    router->get("/static/{path...}",
                [this](Request& r) { return assets.respond(r, r.param("path")); });
  }
};

TEST_CASE("Server: ETag and 304") {
  Content c;
  TestServer t(c.router);
  RawClient client(t.port());
  const Answer first = client.ask(get("/small"));
  const std::string tag = first.header("ETag");
  REQUIRE(tag.size() == 34);
  const Answer same = client.ask(get("/small", "If-None-Match: \"other\", W/" + tag + "\r\n"));
  CHECK(same.status == 304);
  CHECK(same.header("ETag") == tag);
  CHECK_FALSE(same.headers.has("Content-Type"));
  CHECK_FALSE(same.headers.has("Content-Length"));
  CHECK(client.ask(get("/small", "If-None-Match: *\r\n")).status == 304);
  CHECK(client.ask(get("/small", "If-None-Match: \"x\"\r\n")).body == "{\"a\":1}");
  CHECK(client.ask(get("/small", "If-Match: \"x\"\r\n")).status == 412);
  CHECK(client.ask(get("/small", "If-Match: " + tag + "\r\n")).status == 200);
}

TEST_CASE("Server: gzip for those who accept it, with an ETag of its own") {
  Content c;
  TestServer t(c.router);
  RawClient client(t.port());
  const Answer plain = client.ask(get("/text"));
  CHECK(plain.body == c.long_text);
  CHECK(plain.header("Vary") == "Accept-Encoding");
  const Answer packed = client.ask(get("/text", "Accept-Encoding: br, gzip;q=0.5\r\n"));
  CHECK(packed.header("Content-Encoding") == "gzip");
  CHECK(packed.body == gzip(c.long_text));
  CHECK(packed.body.size() < c.long_text.size() / 2);
  CHECK(packed.header("ETag") != plain.header("ETag"));
  CHECK(packed.header("ETag").ends_with("-gzip\""));
  CHECK(client
            .ask(get("/text",
                     "Accept-Encoding: gzip\r\nIf-None-Match: " + packed.header("ETag") + "\r\n"))
            .status == 304);
  CHECK(client.ask(get("/text", "If-None-Match: " + packed.header("ETag") + "\r\n")).status == 200);
  CHECK(client.ask(get("/text", "Accept-Encoding: gzip;q=0, *;q=0.1\r\n")).body == c.long_text);
  CHECK_FALSE(
      client.ask(get("/small", "Accept-Encoding: gzip\r\n")).headers.has("Content-Encoding"));
  CHECK(run_curl({"--compressed", t.url() + "/text"}) == c.long_text);
}

TEST_CASE("Server: ranges of a file") {
  Content c;
  TestServer t(c.router);
  RawClient client(t.port());
  const Answer whole = client.ask(get("/file/digits.txt"));
  CHECK(whole.body == "0123456789");
  CHECK(whole.header("Accept-Ranges") == "bytes");
  struct Case {
    std::string range;
    int status;
    std::string body, content_range;
  };
  const std::vector<Case> cases = {
      {"bytes=0-0", 206, "0", "bytes 0-0/10"},
      {"bytes=2-4", 206, "234", "bytes 2-4/10"},
      {"bytes=7-", 206, "789", "bytes 7-9/10"},
      {"bytes=7-99999999999999999", 206, "789", "bytes 7-9/10"},
      {"bytes=-3", 206, "789", "bytes 7-9/10"},
      {"bytes=-99", 206, "0123456789", "bytes 0-9/10"},
      {"bytes=9-9", 206, "9", "bytes 9-9/10"},
      {"bytes=10-", 416, "", "bytes */10"},
      {"bytes=10-20", 416, "", "bytes */10"},
      {"bytes=-0", 416, "", "bytes */10"},
      {"bytes=4-2", 200, "0123456789", ""},
      {"bytes=a-b", 200, "0123456789", ""},
      {"bytes=-", 200, "0123456789", ""},
      {"bytes=0-1,3-4", 200, "0123456789", ""},
      {"bytes=99999999999999999999-", 200, "0123456789", ""},
      {"lines=0-1", 200, "0123456789", ""},
  };
  for (const Case& one : cases) {
    CAPTURE(one.range);
    const Answer answer = client.ask(get("/file/digits.txt", "Range: " + one.range + "\r\n"));
    CHECK(answer.status == one.status);
    CHECK(answer.header("Content-Range") == one.content_range);
    if (one.status != 416) {
      CHECK(answer.body == one.body);
    }
  }
  const std::string range = "Range: bytes=1-2\r\n";
  const auto with = [&](const std::string& condition) {
    return client.ask(get("/file/digits.txt", range + "If-Range: " + condition + "\r\n")).status;
  };
  CHECK(with(whole.header("ETag")) == 206);
  CHECK(with("\"other\"") == 200);
  CHECK(with("W/" + whole.header("ETag")) == 200);
  CHECK(with(whole.header("Last-Modified")) == 206);
  CHECK(with("Sun, 06 Nov 1994 08:49:37 GMT") == 200);
  CHECK(with("nonsense") == 200);
  // Of text made by a handler too.
  CHECK(client.ask(get("/small", "Range: bytes=1-3\r\n")).body == "\"a\"");
  CHECK(run_curl({"-r", "3-5", t.url() + "/file/digits.txt"}) == "345");
}

TEST_CASE("Server: files by date, and what is not a file") {
  Content c;
  TestServer t(c.router);
  RawClient client(t.port());
  const Answer whole = client.ask(get("/file/digits.txt"));
  const std::string date = whole.header("Last-Modified");
  CHECK(client.ask(get("/file/digits.txt", "If-Modified-Since: " + date + "\r\n")).status == 304);
  CHECK(client.ask(get("/file/digits.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))
            .status == 200);
  CHECK(
      client.ask(get("/file/digits.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))
          .status == 412);
  CHECK(client.ask(get("/file/none")).status == 404);
  CHECK(client.ask(get("/file/")).status == 404);  // the folder itself
  REQUIRE(::mkfifo((c.folder.path() / "pipe").c_str(), 0600) == 0);
  CHECK(client.ask(get("/file/pipe")).status == 404);
  CHECK(client.ask(get("/file/a%2f..%2fdigits.txt")).status == 404);
  CHECK(client.ask("HEAD /file/digits.txt HTTP/1.1\r\nHost: t\r\n\r\n").header("Content-Length") ==
        "10");
}

TEST_CASE("Server: a file that was compressed beforehand") {
  Content c;
  REQUIRE(write_file_atomic(c.folder.path() / "log", "a long log"));
  REQUIRE(write_file_atomic(c.folder.path() / "log.gz", gzip("a long log")));
  TestServer t(c.router);
  RawClient client(t.port());
  const Answer packed = client.ask(get("/file/log", "Accept-Encoding: gzip\r\n"));
  CHECK(packed.header("Content-Encoding") == "gzip");
  CHECK(packed.body == gzip("a long log"));
  CHECK(client.ask(get("/file/log")).body == "a long log");
  CHECK(client.ask(get("/file/log", "Accept-Encoding: gzip\r\nRange: bytes=2-5\r\n")).body ==
        "long");
}

TEST_CASE("AssetSet: named by content, compressed, from a folder too") {
  Content c;
  REQUIRE(write_file_atomic(c.folder.path() / "app.js", c.long_text));
  REQUIRE(c.assets.add_folder(c.folder.path()));
  c.assets.add("both.txt", "plain", "gz bytes", "br bytes");
  TestServer t(c.router);
  RawClient client(t.port());
  const std::string url = c.assets.url("/static/", "app.js");
  const Answer named = client.ask(get(url, "Accept-Encoding: gzip\r\n"));
  CHECK(named.header("Cache-Control") == "public, max-age=31536000, immutable");
  CHECK(named.header("Content-Type") == "text/javascript; charset=utf-8");
  CHECK(named.body == gzip(c.long_text, 9));
  CHECK(client.ask(get("/static/app.js?v=old")).header("Cache-Control") == "no-cache");
  CHECK(client.ask(get("/static/both.txt", "Accept-Encoding: gzip, br\r\n")).body == "br bytes");
  CHECK(client.ask(get("/static/both.txt", "Accept-Encoding: gzip\r\n")).body == "gz bytes");
  CHECK(client.ask(get("/static/both.txt")).body == "plain");
  CHECK(client.ask(get("/static/none")).status == 404);
  CHECK_THROWS_AS(static_cast<void>(c.assets.url("/static/", "none")), std::out_of_range);
}

// Counts and hashes what it gets.
class HashSink final : public UploadSink {
 public:
  explicit HashSink(std::atomic<int>* aborted) : m_aborted(aborted) {}
  ~HashSink() override {
    if (!m_finished) {
      ++*m_aborted;
    }
  }
  Result<void> write(std::string_view bytes) override {
    if (bytes.find("REFUSE") != std::string_view::npos) {
      return fail(ErrorKind::invalid, "refused by content");
    }
    m_size += bytes.size();
    m_hash.update(bytes);
    return {};
  }
  Response finish(Request&) override {
    m_finished = true;
    return Response::text(std::to_string(m_size) + " " + m_hash.hex(), 201);
  }

 private:
  std::atomic<int>* m_aborted;
  std::uint64_t m_size = 0;
  Sha256 m_hash;
  bool m_finished = false;
};

TEST_CASE("Server: gigabytes up and down in constant memory") {
  Content c;
  constexpr std::uint64_t size = 1u << 30;
  const auto path = c.folder.path() / "big.bin";
  {
    const Fd file(::open(path.c_str(), O_CREAT | O_WRONLY, 0600));
    REQUIRE(::ftruncate(file.get(), static_cast<off_t>(size)) == 0);  // sparse
  }
  std::atomic<int> aborted = 0;
  Route upload{"PUT", "/up", {}, [&](Request&) { return std::make_unique<HashSink>(&aborted); }};
  upload.max_body = 16ull << 30;
  c.router->add(upload);
  TestServer t(c.router);
  run_curl({"-o", "/dev/null", t.url() + "/small"});
  const std::size_t before = resident();
  std::atomic<std::size_t> highest = before;
  std::jthread watcher([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      highest = std::max(highest.load(), resident());
      std::this_thread::sleep_for(5ms);
    }
  });
  const std::string down =
      run_curl({"-o", "/dev/null", "-w", "%{size_download}", t.url() + "/file/big.bin"});
  CHECK(down == std::to_string(size));
  // Less in this direction: each byte is hashed, which takes its time without optimisation.
  std::filesystem::resize_file(path, size / 8);
  const std::string up = run_curl({"-T", path.string(), t.url() + "/up"});
  CHECK(up == "134217728 254bcc3fc4f27172636df4bf32de9f107f620d559b20d760197e452b97453917");
  const std::string chunked = run_curl({"-T", path.string(), "-H", "Transfer-Encoding: chunked",
                                        "-H", "Content-Length:", t.url() + "/up"});
  CHECK(chunked == up);
  watcher.request_stop();
  watcher.join();
  CHECK((!k_memory_tells || highest < before + (24u << 20)));
  CHECK(aborted == 0);
}

TEST_CASE("Server: an upload that is refused or cut off ends its sink") {
  Content c;
  std::atomic<int> aborted = 0;
  Route upload{
      "PUT", "/up", {}, [&](Request& r) -> tl::expected<std::unique_ptr<UploadSink>, Response> {
        if (r.query.has("no")) {
          return tl::unexpected(Response::error(403, "not you"));
        }
        return std::make_unique<HashSink>(&aborted);
      }};
  upload.max_body = 1u << 20;
  c.router->add(upload);
  TestServer t(c.router);
  CHECK(RawClient(t.port())
            .ask("PUT /up?no HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n")
            .status == 403);
  CHECK(aborted == 0);
  CHECK(RawClient(t.port())
            .ask("PUT /up HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nREFUSE")
            .body == "{\"detail\":\"refused by content\"}\n");
  CHECK(eventually([&] { return aborted == 1; }));
  {
    RawClient cut(t.port());
    cut.send("PUT /up HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\n" +
             std::string(200000, 'x'));
    std::this_thread::sleep_for(50ms);
  }
  CHECK(eventually([&] { return aborted == 2; }));
  RawClient whole(t.port());
  CHECK(whole.ask("PUT /up HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc").body ==
        "3 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(whole.ask("PUT /up HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n").status == 201);
}

TEST_CASE("Response::produce: chunks for 1.1, the end of the connection for 1.0, errors cut") {
  Content c;
  const auto counting = [](int until, bool fails) {
    return [=, i = 0](std::span<char> out) mutable -> Result<std::size_t> {
      if (i == until) {
        return fails ? Result<std::size_t>(fail(ErrorKind::infrastructure, "disk gone"))
                     : Result<std::size_t>(0);
      }
      const std::string piece = std::to_string(i++) + ",";
      piece.copy(out.data(), out.size());
      return piece.size();
    };
  };
  c.router->get("/count",
                [=](Request&) { return Response::produce("text/plain", counting(5, false)); });
  c.router->get("/fail",
                [=](Request&) { return Response::produce("text/plain", counting(3, true)); });
  c.router->get("/sized",
                [=](Request&) { return Response::produce("text/plain", counting(5, false), 10); });
  TestServer t(c.router);
  RawClient client(t.port());
  CHECK(client.ask(get("/count")).body == "0,1,2,3,4,");
  CHECK(client.ask(get("/sized")).body == "0,1,2,3,4,");
  const Answer head = client.ask("HEAD /count HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(head.status == 200);
  client.send(get("/fail"));
  const std::string cut = client.read_all();
  CHECK(cut.find("2,\r\n") != std::string::npos);
  CHECK(cut.find("\r\n0\r\n\r\n") == std::string::npos);
  RawClient old(t.port());
  old.send("GET /count HTTP/1.0\r\n\r\n");
  CHECK(old.read_all().ends_with("\r\n\r\n0,1,2,3,4,"));
}

}  // namespace
}  // namespace patchmill::http
