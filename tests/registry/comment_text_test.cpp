#include "registry/comment_text.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace patchmill;
using registry::comment_text;

namespace {

const std::string k_header = "From: Bob <bob@example.org>\nMessage-ID: <r@x>\nSubject: Re: a\n";
const std::string k_one =
    "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n ipsum\n-lorem\n+dolor\n";
const std::string k_other =
    "diff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1,2 +1,2 @@\n ipsum\n-sit\n+amet\n";

}  // namespace

TEST_CASE("registry::comment_text: a diff stays where it stood") {
  const std::string text =
      "How about:\n" + k_one + "or, better,\n\n\n" + k_other + "What do you think?";
  CHECK(comment_text(k_header + "\n" + text + "\n") == text);
  CHECK(comment_text(k_header + "\n\n  " + text + " \n\n") == text);
  CHECK(comment_text(k_header + "\n> a\n>\n> b\n\nNo.\n") == "> a\n>\n> b\n\nNo.");
  // What was written out and read again stays as it is.
  const std::string once = comment_text(k_header + "\n" + text + "\n");
  CHECK(comment_text(k_header + "\n" + once + "\n") == once);
}

TEST_CASE("registry::comment_text: signatures and footers are cut, line ends are \\n") {
  CHECK(comment_text(k_header + "\nYes.\n-- \nBob\n") == "Yes.");
  CHECK(comment_text(k_header + "\nYes.\n____\nlist\n") == "Yes.");
  CHECK(comment_text(k_header + "\nYes.\n--\nBob\n") == "Yes.\n--\nBob");
  CHECK(comment_text("From: b@x\r\nMessage-ID: <r@x>\r\n\r\nYes.\r\n\r\nNo.\r\n-- \r\nBob\r\n") ==
        "Yes.\n\nNo.");
}

TEST_CASE("registry::comment_text: the plain parts, one after the other") {
  const auto part = [](const std::string& head, const std::string& body) {
    return "--b\nContent-Type: " + head + "\n\n" + body + "\n";
  };
  const std::string many =
      k_header + "Content-Type: multipart/mixed; boundary=b\n\npreamble\n" +
      part("text/plain", "\nFirst.\n") + part("text/html", "<p>First.</p>") +
      part("text/x-patch", k_one) + part("text/plain; name=x.patch", k_other) +
      part("text/plain; charset=utf-8\nContent-Transfer-Encoding: base64", "TMO8YmVjay4K") +
      part("text/plain; charset=iso-8859-1",
           "L\xFC"
           "beck") +
      "--b--\n";
  CHECK(comment_text(many) == "First.\n" + k_other + "Lübeck.\nLübeck");
  CHECK(comment_text(k_header + "Content-Type: text/html\n\n<p>Yes.</p>\n").empty());
  CHECK(comment_text(k_header + "Content-Type: multipart/mixed; boundary=b\n\nYes.\n") == "Yes.");
  CHECK(comment_text("").empty());
}
