#include "api/xmlrpc/read_call.hpp"

#include "calls.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using namespace patchmill::api::xmlrpc;
using namespace patchmill::api::xmlrpc::test;

namespace {

Value one(std::string_view value) {
  const auto call = read_call(call_of("m", param(value)));
  INFO((call ? "" : call.error().message));
  REQUIRE(call.has_value());
  REQUIRE(call->params.size() == 1);
  return call->params.front();
}

std::string why(std::string_view body) {
  const auto call = read_call(body);
  return call ? "" : call.error().message;
}

std::string nested(std::size_t depth) {
  std::string value = "<int>1</int>";
  for (std::size_t i = 1; i < depth; ++i) {
    value = "<array><data><value>" + value + "</value></data></array>";
  }
  return call_of("m", param(value));
}

}  // namespace

TEST_CASE("api::xmlrpc::read_call: every type") {
  CHECK(*one("<int>-7</int>").number() == -7);
  CHECK(*one("<i4> +7\n</i4>").number() == 7);
  CHECK(*one("<i8>9223372036854775807</i8>").number() == 9223372036854775807);
  CHECK(*one("<boolean>1</boolean>").boolean());
  CHECK_FALSE(*one("<boolean>0</boolean>").boolean());
  CHECK(*one("<string> a &lt;b&gt; &amp;&#228; </string>").text() == " a <b> &ä ");
  CHECK(*one("bare").text() == "bare");
  CHECK(*one("").text() == "");
  CHECK(*one("<string/>").text() == "");
  CHECK(*one("<![CDATA[<int>]]>").text() == "<int>");
  CHECK(*one("<base64>\nbG9y\nZW0=\n</base64>").text() == "lorem");
  CHECK(*one("<dateTime.iso8601>20231115T12:00:00</dateTime.iso8601>").text() ==
        "20231115T12:00:00");
  CHECK(*one("<double>1.5</double>").text() == "1.5");
  CHECK(one("<nil/>").nil());
  CHECK(one("\n <array>\n<data></data> </array>").array()->empty());
  const Value filled =
      one("<array><data><value><int>1</int></value><value>x</value></data></array>");
  REQUIRE(filled.array()->size() == 2);
  CHECK(*(*filled.array())[1].text() == "x");
  const Value made = one("<struct>" + member("a", "<int>1</int>") + member("b", "x") +
                         member("a", "<int>2</int>") + "</struct>");
  REQUIRE(made.fields()->size() == 2);
  CHECK(made.fields()->front().name == "a");
  CHECK(*made.fields()->front().value.number() == 2);
}

TEST_CASE("api::xmlrpc::read_call: names and params") {
  const auto call = read_call("<methodCall><methodName> state_list\n</methodName></methodCall>");
  REQUIRE(call.has_value());
  CHECK(call->method == "state_list");
  CHECK(call->params.empty());
  CHECK(read_call(call_of("m", number(1) + text("b")))->params.size() == 2);
  const std::string latin =
      "<?xml version='1.0' encoding='iso-8859-1'?><methodCall><methodName>m</methodName><params>"
      "<param><value>\xE4</value></param></params></methodCall>";
  CHECK(*read_call(latin)->params.front().text() == "ä");
}

TEST_CASE("api::xmlrpc::read_call: what is refused") {
  CHECK(why("").find("the request is no XML-RPC call: no element found") == 0);
  CHECK(why("{}").find("not well-formed") != std::string::npos);
  CHECK(why("<methodCall/>").find("it names no method") != std::string::npos);
  CHECK(why("<methodCall>").find("(line 1, column") != std::string::npos);
  CHECK(why("<methodResponse/>").find("<methodResponse> cannot be there") != std::string::npos);
  CHECK(why(call_of("m", "<value>1</value>")).find("<value> cannot be there") != std::string::npos);
  CHECK(why(call_of("m", param("<float>1</float>"))).find("<float> cannot") != std::string::npos);
  CHECK(why(call_of("m", param("<int>1</int><int>2</int>"))).find("cannot") != std::string::npos);
  CHECK(why(call_of("m", "<param/>")).find("a <param> has no <value>") != std::string::npos);
  CHECK(why(call_of("m", param("<struct><member><value>1</value></member></struct>")))
            .find("a <member> needs") != std::string::npos);
  for (const auto* wrong : {"<int></int>", "<int>1x</int>", "<int>9223372036854775808</int>",
                            "<boolean>2</boolean>", "<boolean>true</boolean>"}) {
    CHECK(why(call_of("m", param(wrong))).find("holds none") != std::string::npos);
  }
  CHECK(why("<?xml version='1.0' encoding='utf-7'?><methodCall/>").find("unknown encoding") !=
        std::string::npos);
  CHECK(why(call_of("m", text("\xFF"))).find("invalid token") != std::string::npos);
}

TEST_CASE("api::xmlrpc::read_call: no document type, so no entities") {
  const std::string body = "<methodCall><methodName>m</methodName></methodCall>";
  CHECK(why(body).empty());
  for (const std::string type :
       {"<!DOCTYPE methodCall>", "<!DOCTYPE methodCall SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE m [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>",
        "<!DOCTYPE m [<!ENTITY a SYSTEM 'http://127.0.0.1/'>]>"}) {
    CHECK(why(type + body).find("a document type is not accepted") != std::string::npos);
  }
  CHECK(why("<methodCall><methodName>&a;</methodName></methodCall>").find("undefined entity") !=
        std::string::npos);
}

TEST_CASE("api::xmlrpc::read_call: bounds") {
  CHECK(why(nested(k_deepest)).empty());
  CHECK(why(nested(k_deepest + 1)).find("deeper than 16") != std::string::npos);
  CHECK(why(nested(2'000)).find("deeper than 16") != std::string::npos);
  std::string params;
  std::string members;
  for (std::size_t i = 0; i < k_most_params; ++i) {
    params += number(1);
  }
  for (std::size_t i = 0; i < k_most_members; ++i) {
    members += member(std::to_string(i), "x");
  }
  CHECK(why(call_of("m", params)).empty());
  CHECK(why(call_of("m", params + number(1))).find("more than 20 params") != std::string::npos);
  CHECK(why(call_of("m", filter(members))).empty());
  CHECK(why(call_of("m", filter(members + member("x", "x")))).find("more than 100 members") !=
        std::string::npos);
}
