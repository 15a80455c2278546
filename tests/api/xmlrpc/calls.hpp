#pragma once
// Calls as Python's xmlrpc.client writes them, and answers as it reads them.

#include "../patchwork/client.hpp"
#include "../patchwork/sample.hpp"
#include "mail/transfer_encode.hpp"

#include <string>
#include <string_view>

namespace patchmill::api::xmlrpc::test {

using patchwork::test::Answer;
using patchwork::test::Client;
using patchwork::test::Data;
using patchwork::test::sample;

inline std::string call_of(std::string_view method, std::string_view values) {
  return "<?xml version='1.0'?>\n<methodCall>\n<methodName>" + std::string(method) +
         "</methodName>\n<params>\n" + std::string(values) + "</params>\n</methodCall>\n";
}
inline std::string param(std::string_view value) {
  return "<param>\n<value>" + std::string(value) + "</value>\n</param>\n";
}
inline std::string number(std::int64_t value) {
  return param("<int>" + std::to_string(value) + "</int>");
}
inline std::string text(std::string_view value) {
  return param("<string>" + std::string(value) + "</string>");
}
inline std::string member(std::string_view name, std::string_view value) {
  return "<member>\n<name>" + std::string(name) + "</name>\n<value>" + std::string(value) +
         "</value>\n</member>\n";
}
inline std::string filter(std::string_view members) {
  return param("<struct>\n" + std::string(members) + "</struct>");
}
inline std::string filter(std::string_view name, std::string_view value) {
  return filter(member(name, value));
}

// "Basic" of a token as `Client` has it.
inline std::string basic(std::string_view user, std::string_view token) {
  std::string coded =
      mail::encode_base64(std::string(user) + ":" + std::string(token.substr(token.find(' ') + 1)));
  std::erase(coded, '\n');
  return "Basic " + coded;
}

class Caller {
 public:
  explicit Caller(Data& data, bool is_private = false)
      : client(data, is_private, "https://pw.example") {}

  Answer ask(std::string body, std::string authorization = {}, std::string type = "text/xml") {
    return client.send("POST", "/xmlrpc/", std::move(body), std::move(authorization),
                       std::move(type));
  }
  std::string call(std::string_view method, std::string_view values = {},
                   std::string authorization = {}) {
    const auto answer = ask(call_of(method, values), std::move(authorization));
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Type") == "text/xml; charset=utf-8");
    return answer.body;
  }
  // The ids of a list.
  std::string ids(std::string_view method, std::string_view values = {}) {
    const std::string body = call(method, values);
    std::string found;
    static constexpr std::string_view before = "<name>id</name>\n<value><int>";
    for (auto at = body.find(before); at != std::string::npos; at = body.find(before, at + 1)) {
      const auto from = at + before.size();
      found += (found.empty() ? "" : " ") + body.substr(from, body.find('<', from) - from);
    }
    return body.find("<fault>") == std::string::npos ? found : body;
  }
  // The text of a fault, or "" when it was none.
  std::string fault(std::string_view method, std::string_view values = {},
                    std::string authorization = {}) {
    return fault_in(call(method, values, std::move(authorization)));
  }
  static std::string fault_in(const std::string& body) {
    static constexpr std::string_view before =
        "<fault>\n<value><struct>\n<member>\n<name>faultCode</name>\n<value><int>1</int></value>\n"
        "</member>\n<member>\n<name>faultString</name>\n"
        "<value><string>&lt;class 'Exception'&gt;:";
    const auto at = body.find(before);
    return at == std::string::npos
               ? std::string()
               : body.substr(at + before.size(),
                             body.find("</string>", at + before.size()) - at - before.size());
  }

  Client client;
};

}  // namespace patchmill::api::xmlrpc::test
