#include "api/xmlrpc/write_answer.hpp"

#include <doctest/doctest.h>

using namespace patchmill::api::xmlrpc;

namespace {

std::string written(const Value& value) {
  const std::string all = answer(value);
  static constexpr std::string_view head =
      "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>";
  static constexpr std::string_view tail = "</value>\n</param>\n</params>\n</methodResponse>\n";
  REQUIRE(all.starts_with(head));
  REQUIRE(all.ends_with(tail));
  return all.substr(head.size(), all.size() - head.size() - tail.size());
}

}  // namespace

TEST_CASE("api::xmlrpc::answer: every type") {
  CHECK(written({std::int64_t{-1}}) == "<int>-1</int>");
  CHECK(written({std::int64_t{2147483647}}) == "<int>2147483647</int>");
  CHECK(written({std::int64_t{2147483648}}) == "<i8>2147483648</i8>");
  CHECK(written({true}) == "<boolean>1</boolean>");
  CHECK(written({}) == "<nil/>");
  CHECK(written({Binary{"lorem"}}) == "<base64>\nbG9yZW0=\n</base64>");
  CHECK(written({Array{{true}}}) ==
        "<array><data>\n<value><boolean>1</boolean></value>\n</data></array>");
  CHECK(written({Struct{{"a<", {false}}}}) ==
        "<struct>\n<member>\n<name>a&lt;</name>\n<value><boolean>0</boolean></value>\n"
        "</member>\n</struct>");
}

TEST_CASE("api::xmlrpc::answer: text that XML can hold, and that it cannot") {
  CHECK(written({std::string("<a> & \"ä\"\t\n\r\n")}) ==
        "<string>&lt;a&gt; &amp; \"ä\"\t\n&#13;\n</string>");
  CHECK(written({std::string("a\fb\x01\xEF\xBF\xBE"
                             "c")}) ==
        "<string>a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD\xEF\xBF\xBD"
        "c</string>");
  CHECK(written({std::string("\xE4")}) == "<string>ä</string>");
  CHECK(fits_xml("ä\r\n\t<"));
  CHECK(fits_xml(""));
  CHECK_FALSE(fits_xml("\f"));
  CHECK_FALSE(fits_xml(std::string_view("\0", 1)));
  CHECK_FALSE(fits_xml("\xE4"));
  CHECK_FALSE(fits_xml("\xEF\xBF\xBF"));
}

TEST_CASE("api::xmlrpc::fault: as Patchwork words it") {
  CHECK(fault("no <x>") ==
        "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n"
        "<name>faultCode</name>\n<value><int>1</int></value>\n</member>\n<member>\n"
        "<name>faultString</name>\n<value><string>&lt;class 'Exception'&gt;:no &lt;x&gt;</string>"
        "</value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n");
}
