#include "mail/diff.hpp"

#include <doctest/doctest.h>

#include <string>

using patchmill::mail::unsafe_path;

TEST_CASE("mail::unsafe_path: every guise of .git and every way out") {
  for (const std::string path : {"",
                                 "/etc/passwd",
                                 "\\x",
                                 "C:x",
                                 "c:/x",
                                 "../x",
                                 "a/../../x",
                                 "a/..",
                                 "./x",
                                 "a//b",
                                 "a/",
                                 ".git",
                                 ".git/config",
                                 "a/.GIT/hooks/x",
                                 "GIT~1/x",
                                 "a/git~1",
                                 ".git./x",
                                 ".git /x",
                                 ".git . /x",
                                 ".git::$INDEX_ALLOCATION/x",
                                 ".git:x",
                                 ".git\\config",
                                 "a\\.git\\config",
                                 "a\\..\\b",
                                 ".g\xE2\x80\x8Cit/config",
                                 "\xEF\xBB\xBF.git/x",
                                 ".gi\xE2\x81\xAFt/x",
                                 "a/.../b",
                                 "a/ /b"}) {
    CAPTURE(path);
    CHECK_FALSE(unsafe_path(path).empty());
  }
  CHECK_FALSE(unsafe_path(std::string("a\0b", 3)).empty());
  CHECK_FALSE(unsafe_path(std::string(5000, 'a')).empty());
}

TEST_CASE("mail::unsafe_path: ordinary names") {
  for (const std::string path :
       {"a", "a/b.c", ".gitignore", ".gitmodules", ".github/x", "git/x", "a.git/x", "..a", "a..",
        ".x", "git~2", "a b/c d", "\xC3\xA4/\xE2\x82\xAC", "digit~1"}) {
    CAPTURE(path);
    CHECK(unsafe_path(path).empty());
  }
}
