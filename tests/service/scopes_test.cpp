#include "service/scopes.hpp"

#include "http/message.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

using namespace patchmill;
using Words = std::vector<std::string>;

TEST_CASE("service::read_scopes: names, the short forms, and slips") {
  CHECK(*service::read_scopes({"read"}) == Words{"read"});
  CHECK(*service::read_scopes({"write:retry,read", "read"}) == Words{"read", "write:retry"});
  CHECK(*service::read_scopes({"admin", "read"}) == Words{"*"});
  const auto write = *service::read_scopes({"write"});
  CHECK(write.size() == 6);  // 4 of the service, 2 of the Patchwork interface
  CHECK(service::shown_scopes({"*"}) == Words{"admin"});

  const auto slip = service::read_scopes({"write:rety"});
  REQUIRE_FALSE(slip);
  CHECK(slip.error().kind == ErrorKind::invalid);
  CHECK(slip.error().message == "there is no scope 'write:rety'; did you mean 'write:retry'?");
  CHECK_FALSE(service::read_scopes({}));
  CHECK_FALSE(service::read_scopes({"*"}));
  CHECK_FALSE(service::read_scopes({"read,"}));
}

TEST_CASE("service::read_scopes: what is stored is what http understands") {
  http::Identity admin{"ann", "1", *service::read_scopes({"admin"})};
  http::Identity reader{"bob", "2", *service::read_scopes({"read"})};
  for (const auto& spec : service::scopes()) {
    CAPTURE(spec.name);
    CHECK(admin.allows(spec.name));
    CHECK(reader.allows(spec.name) == (spec.name == service::scope::read));
    CHECK(service::scopes_markdown().find("`" + std::string(spec.name) + "`") != std::string::npos);
  }
}

TEST_CASE("service::scopes_markdown: the manual has the very table") {
  CHECK(
      read_file(PATCHMILL_SOURCE_DIR "/docs/operate.md").value().find(service::scopes_markdown()) !=
      std::string::npos);
}
