#include "service/backup_folder.hpp"

#include "support/store_fixture.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

using namespace patchmill;

TEST_CASE("service::read_manifest: names that lead elsewhere, newer formats") {
  const TempDir folder;
  const auto with = [&](const std::string& text) {
    REQUIRE(write_file_atomic(folder.path() / service::k_manifest, text));
    return service::read_manifest(folder.path());
  };
  service::Manifest manifest;
  manifest.store.file = "store-1.sqlite";
  manifest.blob_list.file = "blobs-1.list";
  CHECK(with(service::write_manifest(manifest)));
  for (const auto* name : {"../x", "a/b", "", ".hidden", "/etc/passwd"}) {
    CAPTURE(name);
    manifest.store.file = name;
    CHECK(with(service::write_manifest(manifest)).error().kind == ErrorKind::invalid);
  }
  CHECK(with("{\"format\":2}").error().message.find("newer") != std::string::npos);
  CHECK(with("[]").error().kind == ErrorKind::invalid);
  CHECK(with("").error().kind == ErrorKind::invalid);
}
