// What is changed by the API, who may, and the words for what is wrong.

#include "client.hpp"
#include "sample.hpp"

namespace patchmill::api::patchwork {
namespace {

using namespace test;
namespace json = boost::json;

struct Fixture {
  Data data = sample();
  Client client{data};
  Answer check(std::string body, std::string type = "application/json") {
    return client.send("POST", "/api/1.2/patches/1/checks/", std::move(body), client.maintainer,
                       std::move(type));
  }
  Answer patch(std::string body, std::string method = "PATCH",
               std::string type = "application/json") {
    return client.send(std::move(method), "/api/1.2/patches/1/", std::move(body), client.maintainer,
                       std::move(type));
  }
};

TEST_CASE("add_check: JSON, and what is answered") {
  Fixture f;
  const Answer answer = f.check(
      R"({"state":"warning","context":"build-x86_64","target_url":"https://ci.example.net/1","description":"2 warnings"})");
  CHECK(answer.status == 201);
  CHECK(answer.header("Location") == "http://testserver/api/1.2/patches/1/checks/1/");
  CHECK(answer.body ==
        R"({"id":1,"url":"http://testserver/api/1.2/patches/1/checks/1/","user":{"id":1,)"
        R"("url":"http://testserver/api/1.2/users/1/","username":"maint","first_name":"Mo",)"
        R"("last_name":"","email":"mo@example.net"},"date":"2023-11-15T13:00:00.000250",)"
        R"("state":"warning","target_url":"https://ci.example.net/1","context":"build-x86_64",)"
        R"("description":"2 warnings"})");
  REQUIRE(f.data.checks.size() == 1);
  CHECK(f.client.get("/api/patches/1/").json().at("check").as_string() == "warning");
}

TEST_CASE("add_check: forms, numbers for states, nothing but a state") {
  Fixture f;
  CHECK(f.check("state=fail&context=a&target_url=&description=x+y",
                "application/x-www-form-urlencoded")
            .status == 201);
  CHECK(f.data.checks.back().target_url == "");
  CHECK(f.data.checks.back().description == "x y");
  CHECK(f.check("--b\r\nContent-Disposition: form-data; name=\"state\"\r\n\r\nsuccess\r\n--b--\r\n",
                "multipart/form-data; boundary=b")
            .status == 201);
  CHECK(f.data.checks.back().context == "default");
  CHECK(f.check(R"({"state":3})").status == 201);
  CHECK(f.data.checks.back().state == reg::CheckState::fail);
  CHECK(f.check(R"({"state":"1","target_url":null,"description":null})").status == 201);
  CHECK(f.data.checks.back().state == reg::CheckState::success);
  CHECK_FALSE(f.data.checks.back().target_url.has_value());
  CHECK(f.check(R"({"state":"pending","target_url":"http://localhost/x"})").status == 201);
}

TEST_CASE("add_check: what is wrong, in Patchwork's words") {
  Fixture f;
  const auto wrong = [&](const char* body, const char* expected) {
    CAPTURE(body);
    const Answer answer = f.check(body);
    CHECK(answer.status == 400);
    CHECK(answer.body == expected);
  };
  wrong("{}", R"({"state":["A check must have a state."]})");
  wrong(R"({"state":""})", R"({"state":["A check must have a state."]})");
  wrong(R"({"state":"bogus"})", R"({"state":["\"bogus\" is not a valid choice."]})");
  wrong(R"({"state":4})", R"({"state":["\"4\" is not a valid choice."]})");
  wrong(R"({"state":true})", R"({"state":["\"True\" is not a valid choice."]})");
  wrong(R"({"state":false})", R"({"state":["\"False\" is not a valid choice."]})");
  wrong(R"({"state":1.5})", R"({"state":["\"1.5\" is not a valid choice."]})");
  wrong(R"({"state":[]})", R"({"state":["\"[]\" is not a valid choice."]})");
  wrong(R"({"state":null})", R"({"state":["This field may not be null."]})");
  wrong(R"({"state":"fail","context":""})", R"({"context":["This field may not be blank."]})");
  wrong(R"({"state":"fail","context":null})", R"({"context":["This field may not be null."]})");
  wrong(R"({"state":"fail","context":{}})", R"({"context":["Not a valid string."]})");
  wrong(
      R"({"state":"fail","context":"a/b"})",
      R"({"context":["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."]})");
  wrong(R"({"state":"fail","target_url":"x"})", R"({"target_url":["Enter a valid URL."]})");
  wrong(R"~({"state":"fail","target_url":"javascript://a.b/%0aalert(1)"})~",
        R"({"target_url":["Enter a valid URL."]})");
  wrong(R"({"state":"fail","description":"a\u0000b"})",
        R"({"description":["Null characters are not allowed."]})");
  wrong(
      R"({"state":"x","context":"a b"})",
      R"({"state":["\"x\" is not a valid choice."],"context":["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."]})");
  wrong((R"({"state":"fail","context":")" + std::string(256, 'x') + "\"}").c_str(),
        R"({"context":["Ensure this field has no more than 255 characters."]})");
  wrong(
      (R"({"state":"fail","target_url":"https://ci/)" + std::string(200, 'x') + "\"}").c_str(),
      R"({"target_url":["Ensure this field has no more than 200 characters.","Enter a valid URL."]})");
  CHECK(f.data.checks.empty());
}

TEST_CASE("add_check: in nobody else's name") {
  Fixture f;
  CHECK(f.check(R"({"state":"success","user":1})").status == 201);
  const Answer answer = f.check(R"({"state":"success","user":2})");
  CHECK(answer.status == 400);
  CHECK(
      answer.body ==
      R"({"user":["A check is posted as the owner of the token, 'maint' (1); leave out 'user', or use a token of that user."]})");
  CHECK(f.check(R"({"state":"success","user":"x"})").body ==
        R"({"user":["Incorrect type. Expected pk value, received str."]})");
  CHECK(f.data.checks.size() == 1);
}

TEST_CASE("add_check: who may") {
  Fixture f;
  const auto as = [&](std::string authorization, std::string path = "/api/patches/1/checks/") {
    return f.client.send("POST", std::move(path), R"({"state":"success"})",
                         std::move(authorization));
  };
  const std::string no = R"({"detail":"You do not have permission to perform this action."})";
  CHECK(as("").status == 403);
  CHECK(as("").body == no);
  CHECK(as(f.client.developer).body == no);
  CHECK(as(f.client.token("maint", {"write:patches"})).body ==
        R"({"detail":"This token lacks the scope 'write:checks'."})");
  CHECK(
      as(f.client.token("ghost", {"*"})).body ==
      R"({"detail":"The owner of this token, 'ghost', is no user here; who operates this instance can add one."})");
  CHECK(as(f.client.maintainer, "/api/patches/99/checks/").status == 404);
  CHECK(as("", "/api/patches/99/checks/").status == 404);
  CHECK(f.data.checks.empty());
  CHECK(as(f.client.token("maint", {"write:checks"})).status == 201);
}

TEST_CASE("bodies: what cannot be read") {
  Fixture f;
  CHECK(f.check("x", "text/plain").status == 415);
  CHECK(f.check("x", "text/plain; charset=x").body ==
        R"({"detail":"Unsupported media type \"text/plain; charset=x\" in request."})");
  const Answer broken = f.check("{\"state\":");
  CHECK(broken.status == 400);
  CHECK(broken.body.starts_with(R"({"detail":"JSON parse error - )"));
  CHECK(f.check("[1]").body ==
        R"({"detail":"Invalid data. Expected a dictionary, but got list."})");
  CHECK(f.check("x", "multipart/form-data").status == 400);
  for (const char* form : {"state=%zz", "state=fail&context=%"}) {
    const Answer fault = f.check(form, "application/x-www-form-urlencoded");
    CHECK(fault.status == 400);
    CHECK(fault.body ==
          R"({"detail":"Form parse error - a '%' is not followed by two hexadecimal digits"})");
  }
  CHECK(f.check("state=%ff", "application/x-www-form-urlencoded").body ==
        R"({"detail":"Form parse error - what its '%' codes stand for is not valid UTF-8"})");
  CHECK(f.check(std::string(100, '[')).status == 400);
  CHECK(f.check("").status == 400);
  CHECK(f.check(std::string("{\"state\":\"\xff\"}")).status == 400);
}

TEST_CASE("change_patch: state by slug or name, and the rest") {
  Fixture f;
  Answer answer = f.patch(
      R"({"state":"Under Review","archived":true,"commit_ref":"abc","pull_url":null,"delegate":1,"name":"ignored","hash":"x"})");
  CHECK(answer.status == 200);
  const auto changed = answer.json();
  CHECK(changed.at("state").as_string() == "under-review");
  CHECK(changed.at("archived").as_bool());
  CHECK(changed.at("commit_ref").as_string() == "abc");
  CHECK(changed.at("delegate").at("username").as_string() == "maint");
  CHECK(changed.at("name").as_string() == "[v2,1/2] lorem: say dolor");
  CHECK(changed.as_object().contains("diff"));
  CHECK(f.patch("state=accepted&archived=False&delegate=", "PATCH",
                "application/x-www-form-urlencoded")
            .status == 200);
  CHECK(f.data.patches[0].state == "accepted");
  CHECK_FALSE(f.data.patches[0].archived);
  CHECK_FALSE(f.data.patches[0].delegate.has_value());
  CHECK(f.patch("{}").status == 200);
  CHECK(f.data.patches[0].commit_ref == "abc");
}

TEST_CASE("change_patch: what is wrong") {
  Fixture f;
  const auto wrong = [&](const char* body, const char* expected) {
    CAPTURE(body);
    const Answer answer = f.patch(body);
    CHECK(answer.status == 400);
    CHECK(answer.body == expected);
  };
  wrong(
      R"({"state":"Bogus One"})",
      R"({"state":["Invalid state bogus-one. Expected one of: new, under-review, accepted, changes-requested."]})");
  wrong(R"({"state":["new"]})", R"({"state":["Not a valid string."]})");
  wrong(R"({"commit_ref":1e400})", R"({"commit_ref":["Not a valid string."]})");
  wrong(R"({"state":null})", R"({"state":["This field may not be null."]})");
  wrong(R"({"archived":"maybe"})", R"({"archived":["Must be a valid boolean."]})");
  wrong(R"({"archived":null})", R"({"archived":["This field may not be null."]})");
  wrong(R"({"delegate":999})", R"({"delegate":["Invalid pk \"999\" - object does not exist."]})");
  wrong(R"({"delegate":2})",
        R"({"delegate":["User 'dev' is not a maintainer for project 'Lorem \"ipsum\"'"]})");
  wrong(R"({"delegate":"maint"})",
        R"({"delegate":["Incorrect type. Expected pk value, received str."]})");
  wrong(R"({"delegate":99999999999999999999999})",
        R"({"delegate":["Incorrect type. Expected pk value, received float."]})");
  wrong(R"({"delegate":-1})",
        R"({"delegate":["Incorrect type. Expected pk value, received int."]})");
  wrong(R"({"related":[77]})", R"({"related":["Invalid pk \"77\" - object does not exist."]})");
  wrong(R"({"related":3})", R"({"related":["Expected a list of items but got type \"int\"."]})");
  CHECK(f.patch("{}", "PUT").body ==
        R"({"state":["This field is required."],"delegate":["This field is required."]})");
  CHECK(f.data.patches[0].state == "new");
}

TEST_CASE("change_patch: a boolean that a form leaves empty is not given") {
  Fixture f;
  const auto form = [&](std::string body) {
    return f.patch(std::move(body), "PATCH", "application/x-www-form-urlencoded").status;
  };
  CHECK(form("archived=true&state=new") == 200);
  CHECK(form("archived=&state=under-review") == 200);
  CHECK(f.data.patches[0].archived);
  CHECK(f.data.patches[0].state == "under-review");
  CHECK(form("archived=true&archived=") == 200);  // the last one counts
  CHECK(f.data.patches[0].archived);
  CHECK(f.patch("--b\r\nContent-Disposition: form-data; name=\"archived\"\r\n\r\n\r\n--b--\r\n",
                "PATCH", "multipart/form-data; boundary=b")
            .status == 200);
  CHECK(f.data.patches[0].archived);
  CHECK(form("archived=+") == 400);
  CHECK(form("archived=null") == 400);
  CHECK(f.patch(R"({"archived":null})").body == R"({"archived":["This field may not be null."]})");
  CHECK(f.patch(R"({"archived":""})").status == 400);
}

TEST_CASE("change_patch: who may") {
  Fixture f;
  const auto as = [&](std::string authorization, std::string path = "/api/1.2/patches/1/") {
    return f.client.send("PATCH", std::move(path), R"({"state":"accepted"})",
                         std::move(authorization));
  };
  CHECK(as("").body == R"({"detail":"Authentication credentials were not provided."})");
  CHECK(as(f.client.developer).body ==
        R"({"detail":"You do not have permission to perform this action."})");
  CHECK(as(f.client.token("maint", {"write:checks", "read"})).body ==
        R"({"detail":"This token lacks the scope 'write:patches'."})");
  CHECK(as(f.client.maintainer, "/api/patches/99/").status == 404);
  CHECK(f.data.patches[0].state == "new");
}

TEST_CASE("change_patch: relations") {
  Fixture f;
  const auto answer = f.patch(R"({"related":[2,3]})");
  CHECK(answer.json().at("related").as_array().size() == 2);
  CHECK(f.patch(R"({"related":[]})").json().at("related").as_array().empty());
  // Before 1.2 there were none.
  const auto old =
      f.client.send("PATCH", "/api/1.1/patches/1/", R"({"related":[2]})", f.client.maintainer);
  CHECK(old.status == 200);
  CHECK(f.data.patches[0].related.empty());
}

TEST_CASE("change_comment") {
  Fixture f;
  const auto send = [&](std::string path, std::string body, std::string who) {
    return f.client.send("PATCH", std::move(path), std::move(body), std::move(who));
  };
  const std::string path = "/api/1.3/patches/1/comments/4/";
  CHECK(send(path, R"({"addressed":true})", f.client.maintainer).json().at("addressed").as_bool());
  CHECK(send(path, R"({"addressed":null})", f.client.maintainer).json().at("addressed").is_null());
  CHECK(send(path, R"({"addressed":"x"})", f.client.maintainer).body ==
        R"({"addressed":["Must be a valid boolean."]})");
  CHECK(send(path, R"({"addressed":true})", f.client.developer).status == 403);
  CHECK(send(path, R"({"addressed":true})", "").status == 403);
  CHECK(send("/api/covers/1/comments/5/", R"({"addressed":false})", f.client.maintainer).status ==
        200);
  CHECK(f.data.cover_comments[0].addressed == false);
  CHECK(send("/api/covers/1/comments/4/", "{}", f.client.maintainer).status == 404);
}

TEST_CASE("bundles: made, changed, shared and taken away") {
  Fixture f;
  const auto send = [&](std::string method, std::string path, std::string body, std::string who) {
    return f.client.send(std::move(method), "/api/1.2/bundles/" + std::move(path), std::move(body),
                         std::move(who));
  };
  const Answer made =
      send("POST", "", R"({"name":"to do","public":true,"patches":[2,1]})", f.client.developer);
  CHECK(made.status == 201);
  CHECK(made.header("Location") == "http://testserver/api/1.2/bundles/1/");
  CHECK(made.json().at("mbox").as_string() == "http://testserver/bundle/dev/to%20do/mbox/");
  CHECK(made.json().at("patches").at(0).at("id").as_int64() == 2);
  CHECK(send("PATCH", "1/", R"({"public":false})", f.client.maintainer).status == 403);
  CHECK(send("PATCH", "1/", "patches=1&public=false", f.client.developer).status == 400);
  CHECK(send("PATCH", "1/", R"({"public":false})", f.client.developer).status == 200);
  // A private one is there for nobody else.
  CHECK(f.client.get("/api/bundles/1/").status == 404);
  CHECK(f.client.get("/api/bundles/").body == "[]");
  CHECK(f.client.get("/bundle/dev/to%20do/mbox/").status == 404);
  CHECK(send("PATCH", "1/", "{}", f.client.maintainer).status == 404);
  CHECK(f.client.ask({.target = "/api/bundles/", .authorization = f.client.developer})
            .json()
            .as_array()
            .size() == 1);
  CHECK(f.client
            .send("PATCH", "/api/bundles/1/", "patches=1&patches=3", f.client.developer,
                  "application/x-www-form-urlencoded")
            .json()
            .at("patches")
            .as_array()
            .size() == 2);
  CHECK(send("DELETE", "1/", "", f.client.maintainer).status == 404);
  CHECK(f.client.send("DELETE", "/api/1.1/bundles/1/", "", f.client.developer).status == 405);
  CHECK(send("DELETE", "1/", "", f.client.developer).status == 204);
  CHECK(f.data.bundles.empty());

  const auto wrong = [&](const char* body, const char* expected) {
    CHECK(send("POST", "", body, f.client.maintainer).body == expected);
  };
  wrong("{}", R"({"name":["This field is required."],"patches":["This field is required."]})");
  wrong(R"({"name":"x","patches":[]})", R"({"patches":["Bundles cannot be empty"]})");
  wrong(R"({"name":"","patches":[1]})", R"({"name":["This field may not be blank."]})");
  wrong(R"({"name":"x","patches":[99]})",
        R"({"patches":["Invalid pk \"99\" - object does not exist."]})");
  wrong((R"({"name":")" + std::string(51, 'x') + R"(","patches":[1]})").c_str(),
        R"({"name":["Ensure this field has no more than 50 characters."]})");
  f.data.patches[1].self.project = 7;
  wrong(R"({"name":"x","patches":[1,2]})",
        R"({"patches":["Bundle patches must belong to the same project"]})");
  CHECK(send("POST", "", "{}", "").body ==
        R"({"detail":"Authentication credentials were not provided."})");
}

TEST_CASE("change_project: its maintainers may") {
  Fixture f;
  const auto send = [&](std::string body, std::string who) {
    return f.client.send("PATCH", "/api/1.4/projects/lorem/", std::move(body), std::move(who));
  };
  CHECK(send(R"({"web_url":"https://new.example.net/","name":"ignored"})", f.client.maintainer)
            .json()
            .at("web_url")
            .as_string() == "https://new.example.net/");
  CHECK(f.data.projects[0].name == "Lorem \"ipsum\"");
  CHECK(send(R"({"web_url":"x"})", f.client.developer).status == 403);
  CHECK(send(R"({"web_url":"x"})", "").status == 403);
  CHECK(send(R"({"web_url":[]})", f.client.maintainer).body ==
        R"({"web_url":["Not a valid string."]})");
  CHECK(f.client.send("PATCH", "/api/projects/none/", "{}", f.client.maintainer).status == 404);
}

TEST_CASE("users are not changed here") {
  Fixture f;
  const Answer answer = f.client.send("PATCH", "/api/users/1/", "{}", f.client.maintainer);
  CHECK(answer.status == 403);
  CHECK(answer.body.find("operates this instance") != std::string::npos);
}

}  // namespace
}  // namespace patchmill::api::patchwork
