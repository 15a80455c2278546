// Downloads and old links.

#include "client.hpp"
#include "sample.hpp"

namespace patchmill::api::patchwork {
namespace {

using namespace test;

TEST_CASE("downloads: a patch") {
  Data data = sample();
  Client client(data);
  const Answer mbox = client.get("/project/lorem/patch/p1@lorem/mbox/");
  CHECK(mbox.status == 200);
  CHECK(mbox.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(mbox.header("Content-Disposition") == "attachment; filename=v2-1-2-lorem-say-dolor.patch");
  CHECK(mbox.body.starts_with("From patchwork Wed Nov 15 12:01:00 2023\n"));
  CHECK(mbox.body.find("Signed-off-by: Ada <ada@example.net>\nreviewed-by: Bo <bo@example.net>\n"
                       "---\n") != std::string::npos);
  CHECK(mbox.body.find("quoted") == std::string::npos);
  CHECK(mbox.body.ends_with("\n\n" + k_diff));
  const Answer raw = client.get("/project/lorem/patch/p1@lorem/raw/");
  CHECK(raw.body == k_diff);
  CHECK(raw.header("Content-Type") == "text/x-patch");
  CHECK(raw.header("Content-Disposition") == "attachment; filename=v2-1-2-lorem-say-dolor.diff");
  CHECK(client.get("/project/lorem/patch/a%2Fb@lorem/mbox/").status == 200);
}

TEST_CASE("downloads: series, with what comes before a patch") {
  Data data = sample();
  Client client(data);
  const std::string first = client.get("/project/lorem/patch/p1@lorem/mbox/").body;
  const std::string second = client.get("/project/lorem/patch/a%2Fb@lorem/mbox/").body;
  const Answer series = client.get("/series/1/mbox/");
  CHECK(series.header("Content-Disposition") == "attachment; filename=Work-on-lorem.patch");
  CHECK(series.body == first + "\n" + second);
  CHECK(client.get("/project/lorem/patch/a%2Fb@lorem/mbox/?series=*").body == series.body);
  CHECK(client.get("/project/lorem/patch/a%2Fb@lorem/mbox/?series=1").body == series.body);
  CHECK(client.get("/project/lorem/patch/p1@lorem/mbox/?series=*").body == first);
  for (const auto* wrong : {"2", "x", "01", "-1", "**"}) {
    CHECK(client.get("/project/lorem/patch/p1@lorem/mbox/?series=" + std::string(wrong)).status ==
          404);
  }
  CHECK(client.get("/project/lorem/patch/single@lorem/mbox/?series=*").status == 404);
  data.series[0].self.name.reset();
  CHECK(client.get("/series/1/mbox/").header("Content-Disposition") ==
        "attachment; filename=Untitled-series-1.patch");
  data.mails.erase(12);
  CHECK(client.get("/series/1/mbox/").status == 404);
}

TEST_CASE("downloads: a cover and a bundle") {
  Data data = sample();
  Client client(data);
  const Answer cover = client.get("/project/lorem/cover/p0@lorem/mbox/");
  CHECK(cover.header("Content-Disposition") == "attachment; filename=v2-0-2-Work-on-lorem.mbox");
  CHECK(cover.body.ends_with("\n\nWhat this is.\nAcked-by: Bo <bo@example.net>\n"));
  reg::Bundle bundle;
  bundle.id = 3;
  bundle.project = 1;
  bundle.name = "a\r\nX: y \"b\"";
  bundle.owner = data.users[0];
  bundle.is_public = true;
  bundle.patches = {data.patches[2].self};
  data.bundles = {bundle};
  const auto found = FakeRegistry(data).bundle(3);
  REQUIRE(found.has_value());
  data.bundles[0].name = "two words;x";
  const Answer mbox = client.get("/bundle/maint/two%20words%3Bx/mbox/");
  CHECK(mbox.header("Content-Disposition") == "attachment; filename=bundle-3-two-words-x.mbox");
}

TEST_CASE("downloads: a Message-ID that clients would fold away has an address that works") {
  for (const std::string msgid : {".", ".."}) {
    CAPTURE(msgid);
    Data data = sample();
    Client client(data);
    const std::string whole = client.get("/project/lorem/patch/p1@lorem/mbox/").body;
    const std::string letter = client.get("/project/lorem/cover/p0@lorem/mbox/").body;
    data.patches[0].self.msgid = msgid;
    data.covers[0].self.msgid = msgid;
    const std::string place = "/project/lorem/patch/%3C" + msgid + "%3E/";
    const auto patch = client.get("/api/patches/1/").json();
    CHECK(patch.at("web_url").as_string() == "http://testserver" + place);
    CHECK(patch.at("mbox").as_string() == "http://testserver" + place + "mbox/");
    CHECK(patch.at("msgid").as_string() == "<" + msgid + ">");
    CHECK(client.get(place + "mbox/").body == whole);
    CHECK(client.get(place + "raw/").body == k_diff);
    CHECK(client.get("/patch/1/").header("Location") == place);
    CHECK(client.get("/patch/1/mbox/").header("Location") == place + "mbox/");
    const std::string cover_place = "/project/lorem/cover/%3C" + msgid + "%3E/";
    const auto cover = client.get("/api/covers/1/").json();
    CHECK(cover.at("web_url").as_string() == "http://testserver" + cover_place);
    CHECK(cover.at("mbox").as_string() == "http://testserver" + cover_place + "mbox/");
    CHECK(client.get(cover_place + "mbox/").body == letter);
    CHECK(client.get("/cover/1/mbox/").header("Location") == cover_place + "mbox/");
    CHECK(client.get("/comment/4/").header("Location") == place + "#4");
  }
  Data data = sample();
  CHECK(Client(data).get("/project/lorem/patch/%3Cp1@lorem%3E/mbox/").status == 200);
  CHECK(Client(data).get("/project/lorem/patch/%3Cp1@lorem/mbox/").status == 404);
  CHECK(Client(data).get("/project/lorem/patch/%3C%3E/mbox/").status == 404);
}

TEST_CASE("downloads: what is not there is a page") {
  Data data = sample();
  Client client(data);
  for (const auto* path : {"/project/none/patch/p1@lorem/mbox/", "/project/lorem/patch/none/mbox/",
                           "/project/lorem/patch/none/raw/", "/project/lorem/cover/p1@lorem/mbox/",
                           "/series/9/mbox/", "/patch/9/", "/cover/9/mbox/", "/comment/9/",
                           "/bundle/x/y/mbox/", "/project/none/pwclientrc/"}) {
    CAPTURE(path);
    const Answer answer = client.get(path);
    CHECK(answer.status == 404);
    CHECK(answer.header("Content-Type") == "text/html; charset=utf-8");
  }
}

TEST_CASE("old links lead to what they meant") {
  Data data = sample();
  Client client(data);
  const auto to = [&](const char* path) {
    const Answer answer = client.get(path);
    CHECK(answer.status == 302);
    return answer.header("Location");
  };
  CHECK(to("/patch/2/") == "/project/lorem/patch/a%2Fb@lorem/");
  CHECK(to("/patch/1/mbox/") == "/project/lorem/patch/p1@lorem/mbox/");
  CHECK(to("/patch/1/raw/") == "/project/lorem/patch/p1@lorem/raw/");
  CHECK(to("/cover/1/") == "/project/lorem/cover/p0@lorem/");
  CHECK(to("/cover/1/mbox/") == "/project/lorem/cover/p0@lorem/mbox/");
  CHECK(to("/comment/4/") == "/project/lorem/patch/p1@lorem/#4");
  CHECK(to("/comment/5/") == "/project/lorem/cover/p0@lorem/#5");
}

TEST_CASE("links within the service keep its folder") {
  Data data = sample();
  for (const auto& [url, folder] : {std::pair("", ""), std::pair("https://a.example/pm/", "/pm")}) {
    Client client(data, false, url);
    const auto to = [&, folder = std::string(folder)](const char* path) {
      const Answer answer = client.get(path);
      CAPTURE(path);
      CHECK(answer.status == 302);
      CHECK(answer.header("Location").starts_with(folder));
      return answer.header("Location").substr(folder.size());
    };
    CHECK(to("/patch/1/mbox/") == "/project/lorem/patch/p1@lorem/mbox/");
    const Answer moved = client.get("/api/patches?q=a");
    CHECK(moved.status == 301);
    CHECK(moved.header("Location") == std::string(folder) + "/api/patches/?q=a");
  }
}

TEST_CASE("pwclientrc: for the REST backend of pwclient") {
  Data data = sample();
  const Answer answer =
      Client(data, false, "https://pm.example.net").get("/project/lorem/pwclientrc/");
  CHECK(answer.header("Content-Disposition") == "attachment; filename=.pwclientrc");
  CHECK(answer.body.find("# running on pm.example.net.\n") != std::string::npos);
  CHECK(answer.body.ends_with("[lorem]\nbackend = rest\nurl = https://pm.example.net/api/\n\n"));
}

}  // namespace
}  // namespace patchmill::api::patchwork
