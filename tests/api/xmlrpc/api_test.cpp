#include "api/xmlrpc/api.hpp"

#include "calls.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::api::xmlrpc::test;

TEST_CASE("api::xmlrpc: with and without the last slash") {
  Data data = sample();
  Caller caller(data);
  const auto answer =
      caller.client.send("POST", "/xmlrpc", call_of("pw_rpc_version", ""), "", "text/xml");
  CHECK(answer.status == 200);
  CHECK(answer.body.find("<int>3</int>") != std::string::npos);
}

TEST_CASE("api::xmlrpc: what is no call of a method there is") {
  Data data = sample();
  Caller caller(data);
  CHECK(caller.fault("system.listMethods") == "method \"system.listMethods\" is not supported");
  CHECK(caller.fault("pw_rpc_version", number(1)) == "pw_rpc_version takes (), and got 1 argument");
  CHECK(caller.fault("patch_get") == "patch_get takes (id), and got 0 arguments");
  CHECK(Caller::fault_in(caller.ask("lorem").body).find("the request is no XML-RPC call") == 0);
  CHECK(Caller::fault_in(caller.ask("<!DOCTYPE x><methodCall/>").body).find("document type") !=
        std::string::npos);
}

TEST_CASE("api::xmlrpc: a form of another site cannot call") {
  Data data = sample();
  Caller caller(data);
  const std::string body = call_of("pw_rpc_version", "");
  for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    CHECK(caller.ask(body, "", type).status == 415);
  }
  CHECK(caller.ask(body, "", "text/xml; charset=utf-8").status == 200);
  CHECK(caller.ask(body, "", "application/xml").status == 200);
}

TEST_CASE("api::xmlrpc: credentials") {
  Data data = sample();
  Caller caller(data);
  const auto fault = [&](const std::string& authorization) {
    return caller.fault("pw_rpc_version", "", authorization);
  };
  CHECK(fault(basic("maint", caller.client.maintainer)) == "");
  CHECK(fault(basic("", caller.client.maintainer)) == "");
  CHECK(fault(basic("dev", caller.client.maintainer)) == "Invalid username/password");
  CHECK(fault(basic("maint", "Token secret")) == "Invalid username/password");
  CHECK(fault("Basic ?") == "Invalid authentication credentials");
  CHECK(fault("Digest x") == "Authentication scheme not supported");
}

TEST_CASE("api::xmlrpc: a private instance") {
  Data data = sample();
  Caller caller(data, true);
  CHECK(caller.fault("patch_get", number(1)) == "No authentication credentials given");
  CHECK(caller.fault("patch_get", number(1),
                     basic("maint", caller.client.token("maint", {"write:checks"}))) ==
        "This token lacks the scope 'read'.");
  CHECK(caller.fault("patch_get", number(1), basic("maint", caller.client.maintainer)) == "");
}

TEST_CASE("api::xmlrpc: a browser is told what there is") {
  Data data = sample();
  const auto answer = Caller(data).client.get("/xmlrpc/");
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(answer.body.find("check_create(patch id, context, state") != std::string::npos);
}
