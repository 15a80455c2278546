#include "store/blob_store.hpp"

#include "util/file.hpp"
#include "util/hash.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace patchmill::store {
namespace {

namespace fs = std::filesystem;

std::size_t regular_files(const fs::path& root) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    count += entry.is_regular_file() ? 1u : 0u;
  }
  return count;
}

TEST_CASE("store::BlobStore::put: named by content, idempotent, made when first used") {
  const TempDir folder;
  BlobStore blobs(folder.path() / "deep" / "blobs");
  CHECK_FALSE(fs::exists(folder.path() / "deep"));
  const std::string content("a\0b", 3);
  const auto name = blobs.put(content);
  REQUIRE(name);
  CHECK(*name == sha256_hex(content));
  CHECK(*blobs.put(content) == *name);
  CHECK(*blobs.get(*name) == content);
  CHECK(blobs.get(*blobs.put("")).value().empty());
  CHECK(regular_files(folder.path()) == 2);
}

TEST_CASE("store::BlobStore::put_file: as put, leaving the file") {
  const TempDir folder;
  BlobStore blobs(folder.path() / "blobs");
  const std::string content(300'000, 'z');
  REQUIRE(write_file_atomic(folder.path() / "file", content));
  const auto name = blobs.put_file(folder.path() / "file");
  REQUIRE(name);
  CHECK(*name == sha256_hex(content));
  CHECK(*blobs.get(*name) == content);
  CHECK(*blobs.put(content) == *name);
  CHECK(*blobs.put_file(folder.path() / "file") == *name);
  CHECK(regular_files(folder.path() / "blobs") == 1);
  CHECK(blobs.put_file(folder.path() / "none").error().kind == ErrorKind::not_found);
  CHECK_FALSE(blobs.put_file(folder.path()).has_value());
  CHECK(regular_files(folder.path() / "blobs") == 1);
}

TEST_CASE("store::BlobStore::get: wrong names never become paths") {
  const TempDir folder;
  const BlobStore blobs(folder.path());
  CHECK(blobs.get(std::string(64, 'a')).error().kind == ErrorKind::not_found);
  for (const auto& name : {std::string("../../etc/passwd"), std::string(), std::string(63, 'a'),
                           std::string(64, 'A'), std::string(64, '/'), std::string(65, 'a')}) {
    CAPTURE(name);
    CHECK(blobs.get(name).error().kind == ErrorKind::invalid);
    CHECK(blobs.path_of(name).error().kind == ErrorKind::invalid);
  }
}

TEST_CASE("store::BlobStore::get: damage is noticed") {
  const TempDir folder;
  BlobStore blobs(folder.path());
  const auto name = blobs.put("content").value();
  REQUIRE(write_file_atomic(*blobs.path_of(name), "c0ntent"));
  const auto damaged = blobs.get(name);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().kind == ErrorKind::infrastructure);
}

TEST_CASE("store::BlobStore::put: several at once") {
  const TempDir folder;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      BlobStore blobs(folder.path());
      for (int i = 0; i < 20; ++i) {
        good += blobs.put(std::to_string(i)).has_value() ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(good == 80);
  CHECK(regular_files(folder.path()) == 20);
}

}  // namespace
}  // namespace patchmill::store
