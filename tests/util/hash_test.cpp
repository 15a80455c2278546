#include "util/hash.hpp"

#include <doctest/doctest.h>

namespace patchmill {
namespace {

// FIPS 180-4 examples.
TEST_CASE("sha1_hex, sha256_hex: known answers") {
  CHECK(sha1_hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(sha1_hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("Sha256: in pieces gives the same as at once") {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  CHECK(hash.hex() == sha256_hex("abc"));
}

}  // namespace
}  // namespace patchmill
