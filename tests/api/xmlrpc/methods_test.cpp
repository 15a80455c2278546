// Data: sample.hpp.
#include "calls.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::api::xmlrpc::test;

namespace {

std::string plain(std::string_view name, std::string_view value) {
  return "<member>\n<name>" + std::string(name) + "</name>\n<value>" + std::string(value) +
         "</value>\n</member>\n";
}
std::string str(std::string_view name, std::string_view value) {
  return plain(name, "<string>" + std::string(value) + "</string>");
}
std::string num(std::string_view name, std::int64_t value) {
  return plain(name, "<int>" + std::to_string(value) + "</int>");
}
std::string bin(std::string_view name, std::string_view value) {
  return plain(name, "<base64>\n" + mail::encode_base64(value) + "</base64>");
}
bool has(const std::string& body, const std::string& part) {
  return body.find(part) != std::string::npos;
}
constexpr std::string_view k_empty = "<param>\n<value><struct>\n</struct></value>\n</param>";
constexpr std::string_view k_no_text = "<param>\n<value><string></string></value>\n</param>";

}  // namespace

TEST_CASE("api::xmlrpc: the version") {
  Data data = sample();
  CHECK(has(Caller(data).call("pw_rpc_version"),
            "<array><data>\n<value><int>1</int></value>\n<value><int>3</int></value>\n"
            "<value><int>0</int></value>\n</data></array>"));
}

TEST_CASE("api::xmlrpc: a patch with Patchwork's fields, in its order and types") {
  Data data = sample();
  data.patches[0].delegate = data.users[1];
  data.patches[0].commit_ref = "abc";
  Caller caller(data);
  CHECK(has(caller.call("patch_get", number(1)),
            "<param>\n<value><struct>\n" + num("id", 1) + bin("date", "2023-11-15 12:01:00") +
                str("filename", "v2-1-2-lorem-say-dolor") + str("msgid", "&lt;p1@lorem&gt;") +
                str("name", "[v2,1/2] lorem: say dolor") + bin("project", "Lorem \"ipsum\"") +
                num("project_id", 1) + bin("state", "New") + num("state_id", 1) +
                plain("archived", "<boolean>0</boolean>") +
                bin("submitter", "Ada Ämter <ada@example.net>") + num("submitter_id", 1) +
                bin("delegate", "dev") + num("delegate_id", 2) + str("commit_ref", "abc") +
                str("hash", std::string(40, 'b')) + "</struct></value>\n</param>"));
  const std::string bare = caller.call("patch_get", text("3"));
  CHECK(has(bare, bin("delegate", "None") + num("delegate_id", 0) + str("commit_ref", "")));
  for (const auto* method :
       {"patch_get", "project_get", "person_get", "state_get", "check_get", "patch_check_get"}) {
    CHECK(has(caller.call(method, number(99)), std::string(k_empty)));
    CHECK(caller.fault(method, text("lorem")) == "argument 1 has to be an id");
  }
}

TEST_CASE("api::xmlrpc: projects, people and states") {
  Data data = sample();
  Caller caller(data);
  const std::string project =
      num("id", 1) + str("linkname", "lorem") + str("name", "Lorem \"ipsum\"");
  CHECK(has(caller.call("project_get", number(1)), project));
  CHECK(has(caller.call("project_list", param("<nil/>") + number(0)), project));
  CHECK(caller.ids("project_list", text("ORE") + number(0)) == "1");
  CHECK(caller.ids("project_list", text("ipsum")) == "");  // only the link name counts
  CHECK(has(caller.call("person_get", number(1)), num("id", 1) + str("email", "ada@example.net") +
                                                      str("name", "Ada Ämter") +
                                                      bin("user", "dev")));
  CHECK(has(caller.call("person_get", number(2)),
            str("name", "bo@example.net") + bin("user", "None")));
  CHECK(caller.ids("person_list") == "1 2");
  CHECK(caller.ids("person_list", text("BO@")) == "2");
  CHECK(caller.ids("person_list", text("ada Ä")) == "1");
  CHECK(caller.ids("person_list", text("ada example")) == "");  // one text, not two words
  CHECK(caller.ids("person_list", text(std::string(5000, 'a'))) == "");
  CHECK(has(caller.call("state_get", number(2)), num("id", 2) + str("name", "Under Review")));
  CHECK(caller.ids("state_list") == "1 2 3 4");
  CHECK(caller.ids("state_list", text("re")) == "2 4");
  CHECK(caller.ids("state_list", text("") + number(2)) == "1 2");
  CHECK(caller.ids("state_list", text("") + number(-3)) == "2 3 4");
  CHECK(caller.ids("state_list", text("") + number(-9)) == "1 2 3 4");
}

TEST_CASE("api::xmlrpc: patch_list and its filters") {
  Data data = sample();
  data.patches[1].state = "accepted";
  data.patches[1].delegate = data.users[1];
  data.patches[2].archived = true;
  data.patches[2].commit_ref = "cafe";
  data.patches[2].submitter = data.people[1];
  Caller caller(data);
  const auto ids = [&](std::string_view name, std::string_view value) {
    return caller.ids("patch_list", filter(name, value));
  };
  CHECK(caller.ids("patch_list") == "1 2 3");
  CHECK(caller.ids("patch_list", filter("")) == "1 2 3");
  SUBCASE("ids") {
    CHECK(ids("project_id", "<int>1</int>") == "1 2 3");
    CHECK(ids("project_id", "<int>9</int>") == "");
    CHECK(ids("submitter_id", "<int>2</int>") == "3");
    CHECK(ids("state_id", "3") == "2");
    CHECK(ids("series", "<string>1</string>") == "1 2");
    CHECK(ids("delegate_id", "<int>1</int>") == "2");  // person 1 is the user dev
    CHECK(ids("delegate_id", "<int>2</int>") == "");   // nobody's
    CHECK(ids("id", "<int>2</int>") == "2");
    CHECK(data.patch_filter.id == registry::Values{"2"});  // not looked for among all
    const std::string two =
        "<array><data><value><int>3</int></value><value><int>99</int></value>"
        "<value><int>1</int></value></data></array>";
    CHECK(ids("id__in", two) == "1 3");
    CHECK(ids("id__in", "<array><data></data></array>") == "");
    CHECK(ids("id__gt", "<int>1</int>") == "2 3");
  }
  SUBCASE("fields") {
    CHECK(ids("archived", "<boolean>1</boolean>") == "3");
    CHECK(ids("archived", "<string>False</string>") == "1 2");
    CHECK(ids("archived", "<int>1</int>") == "3");
    CHECK(ids("msgid", "&lt;a/b@lorem&gt;") == "2");
    CHECK(ids("msgid", "a/b@lorem") == "2");
    CHECK(ids("hash", std::string(40, 'c')) == "2");
    CHECK(ids("hash__isnull", "<boolean>1</boolean>") == "");
    CHECK(ids("commit_ref", "cafe") == "3");
    CHECK(ids("commit_ref__isnull", "<boolean>1</boolean>") == "1 2");
    CHECK(ids("name__icontains", "Lorem: SAY a") == "2");
    CHECK(data.patch_filter.q == "Lorem: SAY a");
    CHECK(ids("name", "elit") == "3");
    CHECK(ids("name__startswith", "[v2") == "1 2");
    CHECK(ids("name__icontains", std::string(2000, 'a')) == "");
    CHECK(ids("date__gt", "2023-11-15T12:01:00") == "2 3");
    CHECK(ids("date__lt", "2023-11-15 12:02:00") == "1");
    CHECK(ids("date__year", "<int>2022</int>") == "");
  }
  SUBCASE("Message-IDs, with and without the brackets they are kept in") {
    CHECK(ids("msgid", "&lt;a/b@lorem") == "");
    CHECK(ids("msgid", "&lt;") == "");
    CHECK(ids("msgid__iexact", "&lt;A/b@Lorem&gt;") == "2");
    CHECK(ids("msgid__startswith", "p1") == "1");
    CHECK(ids("msgid__startswith", "&lt;p1") == "1");
    CHECK(ids("msgid__startswith", "&lt;1@") == "");
    CHECK(ids("msgid__startswith", "&lt;") == "1 2 3");
    CHECK(ids("msgid__startswith", "&lt;p1@lorem&gt;") == "1");
    CHECK(ids("msgid__startswith", "&lt;p1@lore&gt;") == "");
    CHECK(ids("msgid__istartswith", "&lt;P1") == "1");
    CHECK(ids("msgid__istartswith", "&lt;P1@lorem&gt;") == "1");
    CHECK(ids("msgid__endswith", "@lorem") == "1 2 3");
    CHECK(ids("msgid__endswith", "@lorem&gt;") == "1 2 3");
    CHECK(ids("msgid__endswith", "1@lorem&gt;") == "1");
    CHECK(ids("msgid__endswith", "p1@&gt;") == "");
    CHECK(ids("msgid__endswith", "&lt;p1@lorem&gt;") == "1");
    CHECK(ids("msgid__iendswith", "1@LOREM&gt;") == "1");
    CHECK(ids("msgid__iendswith", "&lt;P1@lorem") == "1");
    CHECK(ids("msgid__contains", "b@lo") == "2");
    CHECK(ids("msgid__contains", "&lt;a/b") == "2");
    CHECK(ids("msgid__contains", "&lt;/b") == "");
    CHECK(ids("msgid__contains", "b@lorem&gt;") == "2");
    CHECK(ids("msgid__contains", "&lt;a/b@lorem&gt;") == "2");
    CHECK(ids("msgid__contains", "&gt;") == "1 2 3");
    CHECK(ids("msgid__contains", "&lt;&gt;") == "");
    CHECK(ids("msgid__icontains", "&lt;A/B") == "2");
    CHECK(ids("msgid__icontains", "B@lorem&gt;") == "2");
    CHECK(ids("msgid__icontains", "&lt;A/b@lorem&gt;") == "2");
    CHECK(ids("msgid__lt", "&lt;b") == "2");
    CHECK(ids("msgid__in",
              "<array><data><value>&lt;p1@lorem&gt;</value><value>a/b@lorem</value>"
              "</data></array>") == "1 2");
  }
  SUBCASE("counts") {
    CHECK(ids("max_count", "<int>2</int>") == "1 2");
    CHECK(ids("max_count", "<int>-2</int>") == "2 3");
    CHECK(ids("max_count", "<int>0</int>") == "1 2 3");
    CHECK(ids("max_count", "<i8>-9223372036854775808</i8>") == "1 2 3");
    CHECK(caller.ids("patch_list", filter(member("max_count", "<int>-1</int>") +
                                          member("name__icontains", "lorem"))) == "2");
    CHECK(data.patch_filter.order.descending);
  }
  SUBCASE("what names nothing") {
    CHECK(ids("submitter", "x") == "");
    CHECK(ids("name__regex", "x") == "");
    CHECK(ids("name__lte", "x") == "");
    CHECK(caller.ids("patch_list", filter(member("zzz", "x") + member("id", "1"))) == "");
  }
  SUBCASE("what is wrong") {
    CHECK(caller.fault("patch_list", filter("project_id", "lorem")) ==
          "the filter 'project_id' takes an id");
    CHECK(caller.fault("patch_list", filter("max_count", "many")) ==
          "'max_count' has to be a number");
    CHECK(caller.fault("patch_list", filter("date__gt", "today")).find("takes a date") !=
          std::string::npos);
    CHECK(caller.fault("patch_list", number(1)) == "argument 1 has to be a struct");
  }
}

TEST_CASE("api::xmlrpc: long lists are whole, or refused") {
  Data data = sample();
  const auto grow = [&](registry::Id to) {
    while (static_cast<registry::Id>(data.patches.size()) < to) {
      auto patch = data.patches[2];
      patch.self.id = static_cast<registry::Id>(data.patches.size()) + 1;
      patch.self.date += std::chrono::seconds(patch.self.id);
      data.patches.push_back(patch);
    }
  };
  Caller caller(data);
  grow(600);
  const std::string all = caller.ids("patch_list");
  CHECK(std::count(all.begin(), all.end(), ' ') == 599);
  CHECK(caller.ids("patch_list", filter("max_count", "<int>-2</int>")) == "599 600");
  grow(10'251);
  CHECK(caller.fault("patch_list").find("more than one call may ask for; add filters") !=
        std::string::npos);
  const std::string some = caller.ids("patch_list", filter("max_count", "<int>10000</int>"));
  CHECK(std::count(some.begin(), some.end(), ' ') == 9'999);
}

TEST_CASE("api::xmlrpc: patches by their hash") {
  Data data = sample();
  data.patches[2].hash = data.patches[1].hash;
  Caller caller(data);
  CHECK(caller.ids("patch_get_by_hash", text(std::string(40, 'b'))) == "1");
  CHECK(has(caller.call("patch_get_by_hash", text("")), std::string(k_empty)));
  CHECK(has(caller.call("patch_get_by_hash", text("00")), std::string(k_empty)));
  CHECK(caller.ids("patch_get_by_project_hash", text("lorem") + text(std::string(40, 'b'))) == "1");
  CHECK(caller.ids("patch_get_by_project_hash", text("sit") + text(std::string(40, 'b'))) == "");
  CHECK(caller.ids("patch_get_by_project_hash", text("") + text(std::string(40, 'b'))) == "");
  CHECK(caller.fault("patch_get_by_hash", text(std::string(40, 'c'))) ==
        "2 patches have the hash " + std::string(40, 'c') + ": 2, 3; name one by its id");
}

TEST_CASE("api::xmlrpc: mbox and diff") {
  Data data = sample();
  Caller caller(data);
  const std::string mbox = caller.call("patch_get_mbox", number(1));
  CHECK(has(mbox, "<string>From patchwork Wed Nov 15 12:01:00 2023\n"));
  CHECK(has(mbox,
            "Signed-off-by: Ada &lt;ada@example.net&gt;\n"
            "reviewed-by: Bo &lt;bo@example.net&gt;\n---\n"));
  CHECK(has(caller.call("patch_get_diff", number(1)),
            "<string>diff --git a/lorem.c b/lorem.c\nindex"));
  for (const auto* method : {"patch_get_mbox", "patch_get_diff"}) {
    CHECK(has(caller.call(method, number(99)), std::string(k_no_text)));
  }
  SUBCASE("a carriage return stays") {
    auto& mail = data.mails[11];
    mail.replace(mail.find("+dolor\n"), 7, "+dolor\r\n");
    CHECK(has(caller.call("patch_get_diff", number(1)), "+dolor&#13;\n"));
  }
  SUBCASE("what XML cannot hold is never sent in part") {
    auto& mail = data.mails[11];
    mail.replace(mail.find("+dolor\n"), 7, "+dolor\f\n");
    CHECK(caller.fault("patch_get_mbox", number(1)) ==
          "Patch 1 has bytes that XML cannot hold; get it from https://pw.example/patch/1/mbox/");
    CHECK(caller.fault("patch_get_diff", number(1)) ==
          "Patch 1 has bytes that XML cannot hold; get it from https://pw.example/patch/1/raw/");
  }
  SUBCASE("a mail that has gone") {
    data.mails.erase(11);
    CHECK(caller.fault("patch_get_mbox", number(1)) == "The mail of patch 1 cannot be read.");
  }
}

TEST_CASE("api::xmlrpc: checks") {
  Data data = sample();
  const auto check = [&](registry::Id id, registry::Id patch, std::size_t user, const char* context,
                         registry::CheckState state) {
    data.checks.push_back(
        {id, patch, data.users[user], data.now, state, std::nullopt, context, std::nullopt});
  };
  check(1, 1, 0, "build", registry::CheckState::fail);
  check(2, 1, 0, "build", registry::CheckState::success);
  check(3, 1, 1, "build", registry::CheckState::warning);
  check(4, 2, 0, "style", registry::CheckState::pending);
  data.checks[1].target_url = "https://ci.example/2";
  data.patches[0].check = registry::CheckState::warning;
  Caller caller(data);
  CHECK(has(caller.call("check_get", number(2)),
            num("id", 2) + bin("date", "2023-11-15 13:00:00.000250") +
                bin("patch", "[v2,1/2] lorem: say dolor") + num("patch_id", 1) +
                bin("user", "maint") + num("user_id", 1) + str("state", "success") +
                str("target_url", "https://ci.example/2") + str("description", "") +
                str("context", "build")));
  CHECK(caller.ids("check_list") == "1 2 3 4");
  CHECK(caller.ids("check_list", filter("patch_id", "<int>1</int>")) == "1 2 3");
  CHECK(caller.ids("check_list", filter("patch_id", "<int>9</int>")) == "");
  CHECK(caller.ids("check_list", filter("project_id", "<int>1</int>")) == "1 2 3 4");
  CHECK(caller.ids("check_list", filter("project_id", "<int>2</int>")) == "");
  CHECK(caller.ids("check_list", filter("user", "dev")) == "3");
  CHECK(caller.ids("check_list", filter("user", "<int>2</int>")) == "3");
  CHECK(caller.ids("check_list", filter("user__icontains", "AIN")) == "1 2 4");
  CHECK(caller.ids("check_list", filter("id__gt", "<int>2</int>")) == "3 4");
  CHECK(caller.ids("check_list", filter("max_count", "<int>-1</int>")) == "4");
  CHECK(caller.ids("check_list", filter("context", "build")) == "");
  const std::string together = caller.call("patch_check_get", number(1));
  CHECK(has(together, str("state", "warning") + num("total", 2)));
  CHECK(caller.ids("patch_check_get", number(1)) == "2 3");
}

TEST_CASE("api::xmlrpc: patch_set") {
  Data data = sample();
  Caller caller(data);
  const std::string maint = basic("maint", caller.client.maintainer);
  const std::string all = member("state", "<int>3</int>") + member("commit_ref", "cafe") +
                          member("archived", "<boolean>1</boolean>") + member("name", "no");
  CHECK(has(caller.call("patch_set", number(1) + filter(all), maint),
            "<value><boolean>1</boolean></value>"));
  CHECK(data.patches[0].state == "accepted");
  CHECK(data.patches[0].archived);
  CHECK(data.patches[0].commit_ref == "cafe");
  CHECK(data.patches[0].self.name == "[v2,1/2] lorem: say dolor");
  CHECK(caller.fault("patch_set", number(1) + filter("archived", "<boolean>0</boolean>"), maint) ==
        "");
  CHECK_FALSE(data.patches[0].archived);
  CHECK(data.patches[0].state == "accepted");

  const std::string accept = number(1) + filter("state", "<int>2</int>");
  CHECK(caller.fault("patch_set", accept) == "No authentication credentials given");
  CHECK(caller.fault("patch_set", accept, basic("dev", caller.client.developer)) ==
        "No permissions to edit this patch");
  CHECK(caller.fault("patch_set", accept,
                     basic("maint", caller.client.token("maint", {"write:checks"}))) ==
        "This token lacks the scope 'write:patches'.");
  CHECK(caller.fault("patch_set", accept, basic("x", caller.client.token("x", {"*"})))
            .find("'x', is no user here") != std::string::npos);
  CHECK(caller.fault("patch_set", number(99) + filter("state", "<int>2</int>"), maint) ==
        "Patch matching query does not exist.");
  CHECK(caller.fault("patch_set", number(1) + filter("state", "<int>77</int>"), maint) ==
        "State matching query does not exist; 'state' is the id of one of: 1 New, 2 Under Review, "
        "3 Accepted, 4 Changes Requested");
  CHECK(caller.fault("patch_set", number(1) + filter("archived", "yes"), maint) ==
        "'archived' has to be a boolean");
  CHECK(caller.fault("patch_set", number(1), maint) ==
        "patch_set takes (id, {state, commit_ref, archived}), and got 1 argument");
  CHECK(data.patches[0].state == "accepted");
}

TEST_CASE("api::xmlrpc: check_create") {
  Data data = sample();
  Caller caller(data);
  const std::string maint = basic("maint", caller.client.maintainer);
  const std::string build = number(1) + text("build") + text("success");
  CHECK(has(caller.call("check_create", build + text("https://ci.example/1") + text("fine"), maint),
            "<value><boolean>1</boolean></value>"));
  REQUIRE(data.checks.size() == 1);
  CHECK(data.checks[0].context == "build");
  CHECK(data.checks[0].state == registry::CheckState::success);
  CHECK(data.checks[0].target_url == "https://ci.example/1");
  CHECK(data.checks[0].description == "fine");
  CHECK(data.checks[0].user.username == "maint");
  CHECK(caller.fault("check_create", number(1) + param("<nil/>") + text("fail"), maint) == "");
  CHECK(data.checks[1].context == "default");
  CHECK_FALSE(data.checks[1].target_url.has_value());
  CHECK(caller.fault("check_create", number(1) + text("b") + text("failed"), maint) ==
        "Invalid check state: failed");
  CHECK(caller.fault("check_create", build) == "No authentication credentials given");
  CHECK(caller.fault("check_create", build, basic("dev", caller.client.developer)) ==
        "No permissions to edit this patch");
  CHECK(caller.fault("check_create", build,
                     basic("maint", caller.client.token("maint", {"write:patches"}))) ==
        "This token lacks the scope 'write:checks'.");
  CHECK(caller.fault("check_create", number(9) + text("b") + text("fail"), maint) ==
        "Patch matching query does not exist.");
  CHECK(data.checks.size() == 2);
}
