#include "api/patchwork/api.hpp"

#include "client.hpp"
#include "sample.hpp"

namespace patchmill::api::patchwork {
namespace {

using namespace test;
namespace json = boost::json;

std::string detail(const Answer& answer) {
  const auto value = answer.json();
  const auto* text = value.as_object().if_contains("detail");
  return text == nullptr ? answer.body : std::string(text->as_string());
}

std::string keys(const json::value& object) {
  std::string all;
  for (const auto& member : object.as_object()) {
    all += (all.empty() ? "" : " ") + std::string(member.key());
  }
  return all;
}

TEST_CASE("add_routes: paths without their slash lead to it, whatever the method") {
  Data data = sample();
  Client client(data);
  for (const auto* method : {"GET", "POST", "PATCH", "HEAD"}) {
    const Answer answer = client.ask({method, "/api/1.2/patches?project=lorem&msgid=a%40x"});
    CHECK(answer.status == 301);
    CHECK(answer.header("Location") == "/api/1.2/patches/?project=lorem&msgid=a%40x");
  }
  CHECK(client.get("/api").header("Location") == "/api/");
  CHECK(client.get("/api/1.3").header("Location") == "/api/1.3/");
  CHECK(client.get("/series/1/mbox").status == 301);
}

TEST_CASE("add_routes: what is nowhere in Patchwork is a page") {
  Data data = sample();
  Client client(data);
  for (const auto* path : {"/api/1.9/", "/api/1.2/nothing/", "/api/1.2/patches/x/",
                           "/api/1.0/patches/1/comments/", "/api/1.2/patches/x"}) {
    CAPTURE(path);
    const Answer answer = client.get(path);
    CHECK(answer.status == 404);
    CHECK(answer.header("Content-Type") == "text/html; charset=utf-8");
  }
}

TEST_CASE("add_routes: what is not there is JSON") {
  Data data = sample();
  Client client(data);
  for (const auto* path :
       {"/api/patches/99/", "/api/1.2/patches/99999999999999999999999/", "/api/projects/nope/",
        "/api/patches/1/checks/9/", "/api/patches/99/checks/", "/api/covers/9/comments/",
        "/api/patches/2/comments/4/", "/api/series/0/", "/api/bundles/1/"}) {
    CAPTURE(path);
    const Answer answer = client.get(path);
    CHECK(answer.status == 404);
    CHECK(detail(answer) == "Not found.");
  }
}

TEST_CASE("add_routes: methods") {
  Data data = sample();
  Client client(data);
  Answer answer = client.send("DELETE", "/api/patches/1/", "", client.maintainer);
  CHECK(answer.status == 405);
  CHECK(detail(answer) == "Method \"DELETE\" not allowed.");
  CHECK(answer.header("Allow") == "GET, PUT, PATCH, HEAD, OPTIONS");
  answer = client.ask({"OPTIONS", "/api/patches/1/checks/"});
  CHECK(answer.status == 200);
  CHECK(answer.header("Allow") == "GET, POST, HEAD, OPTIONS");
  answer = client.ask({"HEAD", "/api/patches/"});
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
  CHECK(answer.headers.has("Link"));
  answer = client.send("POST", "/api/1.1/bundles/", "{}", client.maintainer);
  CHECK(answer.status == 405);
  CHECK(answer.header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(client.ask({"GET", "/api/1.1/bundles/"}).header("Allow") == "GET, POST, HEAD, OPTIONS");
}

TEST_CASE("add_routes: what a client accepts") {
  Data data = sample();
  Client client(data);
  const auto with = [&](std::string accept) {
    return client.ask({.target = "/api/patches/", .accept = std::move(accept)}).status;
  };
  CHECK(with("") == 200);
  CHECK(with("*/*") == 200);
  CHECK(with("application/json") == 200);
  CHECK(with("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") == 200);
  CHECK(with("application/xml") == 406);
  CHECK(with("application/json;q=0") == 406);
  CHECK(client.get("/api/patches/?format=json").status == 200);
  CHECK(client.get("/api/patches/?format=xml").status == 404);
}

TEST_CASE("add_routes: links begin with the address asked for, or with the configured one") {
  Data data = sample();
  CHECK(Client(data).get("/api/1.2/").json().at("patches").as_string() ==
        "http://testserver/api/1.2/patches/");
  CHECK(
      Client(data, false, "https://pm.example.net/").get("/api/").json().at("events").as_string() ==
      "https://pm.example.net/api/events/");
}

TEST_CASE("credentials: always 403, in Patchwork's words") {
  Data data = sample();
  Client client(data);
  const auto with = [&](std::string authorization) {
    return client.ask({.target = "/api/patches/", .authorization = std::move(authorization)});
  };
  Answer answer = with("Token 0123456789012345678901234567890123456789");
  CHECK(answer.status == 403);
  CHECK(detail(answer) == "Invalid token.");
  CHECK_FALSE(answer.headers.has("WWW-Authenticate"));
  CHECK(detail(with("Basic bWFpbnQ6eA==")) == "Invalid username/password.");
  CHECK(detail(with("Basic !!")) ==
        "Invalid basic header. Credentials not correctly base64 encoded.");
  CHECK(detail(with("Token")) == "Invalid token header. No credentials provided.");
  CHECK(with("Negotiate abc").status == 200);
  CHECK(with(client.maintainer).status == 200);
  CHECK(with("Bearer" + client.maintainer.substr(5)).status == 200);
}

TEST_CASE("credentials: people and users are for those who are known") {
  Data data = sample();
  Client client(data);
  for (const auto* path : {"/api/users/", "/api/users/1/", "/api/people/", "/api/people/1/"}) {
    const Answer answer = client.get(path);
    CHECK(answer.status == 403);
    CHECK(detail(answer) == "Authentication credentials were not provided.");
    CHECK(client.ask({.target = path, .authorization = client.developer}).status == 200);
  }
  const auto own = client.ask({.target = "/api/users/2/", .authorization = client.developer});
  CHECK(keys(own.json()) == "id url username first_name last_name email settings");
  const auto other = client.ask({.target = "/api/users/1/", .authorization = client.developer});
  CHECK(keys(other.json()) == "id url username first_name last_name email");
  const auto old = client.ask({.target = "/api/1.1/users/2/", .authorization = client.developer});
  CHECK(keys(old.json()) == "id url username first_name last_name email");
}

TEST_CASE("credentials: a private instance shows nothing to strangers") {
  Data data = sample();
  Client client(data, true);
  for (const auto* path : {"/api/", "/api/patches/", "/series/1/mbox/", "/patch/1/"}) {
    CAPTURE(path);
    CHECK(client.get(path).status == 403);
    CHECK(client.ask({.target = path, .authorization = client.token("maint", {"write:checks"})})
              .status == 403);
    CHECK(client.ask({.target = path, .authorization = client.maintainer}).status != 403);
  }
}

TEST_CASE("lists: fields by version") {
  Data data = sample();
  Client client(data);
  const auto first = [&](const char* path) { return keys(client.get(path).json().at(0)); };
  CHECK(first("/api/1.0/patches/") ==
        "id url project msgid date name commit_ref pull_url state archived hash submitter delegate "
        "mbox series check checks tags");
  CHECK(first("/api/1.1/patches/") ==
        "id url web_url project msgid date name commit_ref pull_url state archived hash submitter "
        "delegate mbox series comments check checks tags");
  CHECK(
      first("/api/1.2/patches/") ==
      "id url web_url project msgid list_archive_url date name commit_ref pull_url state archived "
      "hash submitter delegate mbox series comments check checks tags related");
  CHECK(first("/api/1.0/series/") ==
        "id url project name date submitter version total received_total received_all mbox "
        "cover_letter patches");
  CHECK(first("/api/1.4/series/") ==
        "id url web_url project name date submitter version total received_total received_all mbox "
        "cover_letter patches dependencies dependents");
  CHECK(first("/api/1.0/covers/") == "id url project msgid date name submitter series");
  CHECK(first("/api/1.2/patches/1/comments/") ==
        "id web_url msgid list_archive_url date subject submitter content headers");
  CHECK(first("/api/patches/1/comments/") ==
        "id url web_url msgid list_archive_url date subject submitter content headers addressed");
  CHECK(keys(client.get("/api/1.0/projects/1/").json()) ==
        "id url name link_name list_id list_email web_url scm_url webscm_url maintainers");
}

TEST_CASE("lists: a series, its links and its odd characters") {
  Data data = sample();
  Client client(data);
  const auto series = client.get("/api/1.4/series/").json().at(0);
  CHECK(series.at("url").as_string() == "http://testserver/api/1.4/series/1/");
  CHECK(series.at("web_url").as_string() == "http://testserver/project/lorem/list/?series=1");
  CHECK(series.at("project").at("name").as_string() == "Lorem \"ipsum\"");
  CHECK(series.at("submitter").at("name").as_string() == "Ada Ämter");
  CHECK(series.at("received_all").as_bool());
  CHECK(series.at("dependencies").at(0).as_string() == "http://testserver/api/1.4/series/7/");
  const auto& patch = series.at("patches").at(1);
  CHECK(patch.at("msgid").as_string() == "<a/b@lorem>");
  CHECK(patch.at("mbox").as_string() == "http://testserver/project/lorem/patch/a%2Fb@lorem/mbox/");
  CHECK(patch.at("list_archive_url").as_string() == "https://lists.example.net/lorem/a%2Fb@lorem/");
  data.projects[0].show_dependencies = false;
  data.projects[0].list_archive_url_format.clear();
  data.series[0].self.name.reset();
  data.series[0].cover.reset();
  const auto plain = client.get("/api/series/1/").json();
  CHECK_FALSE(plain.as_object().contains("dependencies"));
  CHECK(plain.at("name").is_null());
  CHECK(plain.at("cover_letter").is_null());
  CHECK(plain.at("patches").at(0).at("list_archive_url").is_null());
}

TEST_CASE("lists: pages") {
  Data data = sample();
  Client client(data);
  Answer answer = client.get("/api/1.2/patches/?per_page=2&page=2");
  CHECK(answer.json().as_array().size() == 1);
  CHECK(answer.header("Link") ==
        "<http://testserver/api/1.2/patches/?per_page=2>; rel=\"prev\", "
        "<http://testserver/api/1.2/patches/?page=1&per_page=2>; rel=\"first\", "
        "<http://testserver/api/1.2/patches/?page=2&per_page=2>; rel=\"last\"");
  CHECK(client.get("/api/patches/?page=last&per_page=1").json().at(0).at("id").as_int64() == 3);
  for (const auto* path : {"/api/patches/?page=2", "/api/patches/?page=0", "/api/patches/?page=x",
                           "/api/patches/?page=99999999999999999999"}) {
    CAPTURE(path);
    answer = client.get(path);
    CHECK(answer.status == 404);
    CHECK(detail(answer) == "Invalid page.");
  }
  answer = client.get("/api/patches/?state=nothing-of-the-kind");
  CHECK(answer.status == 200);
  CHECK(answer.body == "[]");
  CHECK(answer.headers.has("Link"));
}

TEST_CASE("lists: nothing that is asked for is answered by an error of ours") {
  Data data = sample();
  Client client(data);
  std::string many;
  for (int i = 0; i < 900; ++i) {
    many += "&state=s" + std::to_string(i);
  }
  CHECK(client.get("/api/patches/?x=" + many).status == 400);
  for (const auto* query :
       {"order=received_all", "since=2023-11-15T00:00:00Z", "since=%27%3B%20DROP", "q=%25%5F%5C",
        "project=%F0%9F%90%A7", "series=-1", "series=99999999999999999999", "archived=maybe",
        "order=-", "order=,,,", "per_page=-5", "state=New&state=1", "msgid=%3Cx%3E"}) {
    for (const auto* list : {"patches", "series", "covers", "events", "bundles", "projects"}) {
      CAPTURE(query);
      CHECK(client.get("/api/" + std::string(list) + "/?" + query).status == 200);
    }
    CHECK(client.get("/api/patches/1/checks/?" + std::string(query)).status == 200);
  }
  const int before = data.finds;
  // A script whose variable is empty must not act on every project.
  for (const auto* path :
       {"patches/?state=", "patches/?project=", "patches/?delegate=", "patches/?series=",
        "patches/?submitter=", "series/?project=", "events/?project=", "bundles/?owner="}) {
    CAPTURE(path);
    const Answer answer = client.get("/api/" + std::string(path));
    CHECK(answer.status == 200);
    CHECK(answer.body == "[]");
  }
  CHECK(client.get("/api/patches/?msgid=" + std::string(4000, 'x')).body == "[]");
  CHECK(data.finds == before);  // the registry is not even asked
}

TEST_CASE("details: a patch with its mail") {
  Data data = sample();
  Client client(data);
  const auto patch = client.get("/api/1.2/patches/1/").json();
  CHECK(patch.at("content").as_string() ==
        "Say dolor.\n\nSigned-off-by: Ada <ada@example.net>\n---\n lorem.c | 1 +");
  CHECK(patch.at("diff").as_string() == k_diff);
  CHECK(json::serialize(patch.at("prefixes")) == R"(["v2","1/2"])");
  CHECK(patch.at("headers").at("From").as_string() ==
        "Ada =?utf-8?q?=C3=84mter?= <ada@example.net>");
  CHECK(patch.at("comments").as_string() == "http://testserver/api/patches/1/comments/");
  data.mails.clear();
  const auto bare = client.get("/api/1.2/patches/1/").json();
  CHECK(bare.at("diff").is_null());
  CHECK(bare.at("headers").as_object().empty());
}

TEST_CASE("details: headers that come twice are a list") {
  Data data = sample();
  data.mails[11] = "From: a@x.org\nMessage-Id: <p1@lorem>\nReceived: one\nReceived: two\n\nx\n";
  const auto patch = Client(data).get("/api/patches/1/").json();
  CHECK(json::serialize(patch.at("headers").at("Received")) == R"(["one","two"])");
}

TEST_CASE("a store that does not answer is 503, not a crash") {
  http::MemoryTokenStore tokens;
  ManualClock clock;
  http::Authenticator authenticator(tokens, clock);
  http::Router router;
  Options options;
  options.authenticator = &authenticator;
  options.open = []() -> std::unique_ptr<Registry> { throw store::DatabaseError("secret path"); };
  add_routes(router, std::move(options));
  http::Request request;
  request.method = "GET";
  request.path = request.target = "/api/patches/";
  request.decoded_path = *http::parse_path(request.path);
  const auto match = router.match("GET", request.decoded_path);
  REQUIRE(match.route != nullptr);
  const auto response = match.route->handler(request);
  CHECK(response.status == 503);
  CHECK(std::get<std::string>(response.body).find("secret") == std::string::npos);
  CHECK(response.headers.has("Retry-After"));
}

TEST_CASE("answers can be kept: ETag and 304") {
  Data data = sample();
  Client client(data);
  const Answer first = client.get("/api/patches/");
  Ask again{.target = "/api/patches/"};
  again.more.add("If-None-Match", first.header("ETag"));
  CHECK(client.ask(again).status == 304);
  data.patches[0].state = "accepted";
  CHECK(client.ask(again).status == 200);
}

}  // namespace
}  // namespace patchmill::api::patchwork
