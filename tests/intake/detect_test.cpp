#include "intake/detect.hpp"

#include "intake/mails.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace patchmill::intake {
namespace {

namespace fs = std::filesystem;

TEST_CASE("intake::detect_source: files") {
  const TempDir folder;
  const auto kind_of = [&](std::string_view content) {
    test::write(folder.path() / "file", content);
    const auto found = detect_source((folder.path() / "file").string());
    return found ? std::string(to_string(found->kind)) : found.error().message;
  };
  CHECK(kind_of(test::as_mbox({test::simple_mail(1)})) == "mbox");
  CHECK(kind_of("\n\nFrom x Mon Jan  5 10:00:00 2026\n") == "mbox");
  CHECK(kind_of("") == "mbox");
  CHECK(kind_of(test::simple_mail(1)) == "mail");
  CHECK(kind_of(">From x\nA: b\n") == "mail");
  CHECK(kind_of("\x1f\x8b\x08 rest").find("gunzip") != std::string::npos);
  CHECK(kind_of("\xfd"
                "7zXZ rest")
            .find("unxz") != std::string::npos);
  CHECK(kind_of("\x28\xb5\x2f\xfd rest").find("unzstd") != std::string::npos);
  CHECK(kind_of("diff --git a/x b/x\n").find("holds no mail") != std::string::npos);
  CHECK(kind_of(std::string(600, 'x')).find("holds no mail") != std::string::npos);
}

TEST_CASE("intake::detect_source: folders") {
  const TempDir folder;
  const auto kind_of = [&](const fs::path& path) {
    const auto found = detect_source(path.string());
    return found ? std::string(to_string(found->kind)) : found.error().message;
  };
  CHECK(kind_of(folder.path()).find("no maildir") != std::string::npos);
  fs::create_directories(folder.path() / "m" / "cur");
  fs::create_directories(folder.path() / "m" / "new");
  CHECK(kind_of(folder.path() / "m") == "maildir");
  const test::InboxMaker epoch(folder.path() / "i" / "git" / "0.git");
  CHECK(kind_of(folder.path() / "i") == "public-inbox");
  CHECK(kind_of(folder.path() / "i" / "git") == "public-inbox");
  CHECK(kind_of(epoch.git_dir()) == "public-inbox repository");
  fs::create_directory_symlink(folder.path() / "m", folder.path() / "link");
  CHECK(detect_source((folder.path() / "link").string())->location ==
        fs::canonical(folder.path() / "m").string());
}

TEST_CASE("intake::detect_source: what is nothing") {
  const TempDir folder;
  const auto missing = detect_source((folder.path() / "a\x1b[1m").string());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::not_found);
  CHECK(missing.error().message.find('\x1b') == std::string::npos);
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  CHECK(detect_source((folder.path() / "pipe").string()).error().kind == ErrorKind::invalid);
  CHECK(detect_source("https://example.org/list/")->kind == SourceKind::url);
}

}  // namespace
}  // namespace patchmill::intake
