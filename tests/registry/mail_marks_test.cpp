#include "registry/mail_marks.hpp"

#include "util/text.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace patchmill;
using namespace patchmill::registry;

namespace {

const std::vector<TagWord> tags = {
    {"acked-by", Tag::acked}, {"reviewed-by", Tag::reviewed}, {"tested-by", Tag::tested}};

std::string marked_mail(const std::string& text, const std::string& headers = "") {
  return "From: Alice A <alice@example.org>\nSubject: Re: a thing\nMessage-Id: <a@x>\n" + headers +
         "\n" + text;
}

MailMarks marks(const std::string& raw, MarksWanted wanted = {}) {
  return read_marks(raw, tags, wanted);
}

std::string with_crlf(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == '\n' ? "\r\n" : std::string(1, c);
  }
  return result;
}

}  // namespace

TEST_CASE("registry::read_marks: trailers count where they begin a line, in any case") {
  const std::string text =
      "> Acked-by: quoted\nReviewed-by: A\nREVIEWED-BY: B\n Tested-by: indented\nTested-by C\n"
      "tested-by:\nNot-Acked-by: D\n";
  const TagCounts expected = {0, 2, 1};
  CHECK(marks(marked_mail(text)).tags == expected);
  CHECK(marks(with_crlf(marked_mail(text))).tags == expected);
  CHECK(marks(marked_mail("\nReviewed=2Dby: A\n",
                          "MIME-Version: 1.0\nContent-Type: text/plain\n"
                          "Content-Transfer-Encoding: quoted-printable\n"))
            .tags == TagCounts{0, 1, 0});
  CHECK(marks(marked_mail("QWNrZWQtYnk6IEEgPGFAeD4K\n",
                          "MIME-Version: 1.0\nContent-Type: text/plain\n"
                          "Content-Transfer-Encoding: BASE64\n"))
            .tags == TagCounts{1, 0, 0});
  CHECK(marks(marked_mail("--b\nContent-Type: text/plain\nContent-Transfer-Encoding: Base64\n\n"
                          "QWNrZWQtYnk6IEEgPGFAeD4K\n--b--\n",
                          "MIME-Version: 1.0\nContent-Type: MultiPart/mixed; boundary=b\n"))
            .tags == TagCounts{1, 0, 0});
  CHECK(marks(marked_mail("Hello.\n-- \nReviewed-by: my signature\n")).tags == TagCounts{});
  CHECK(marks("").tags == TagCounts{});
}

TEST_CASE("registry::read_marks: headers that ask for something") {
  const MailMarks asked = marks(
      marked_mail("Hello.\n",
                  "x-patchwork-state: =?utf-8?q?Under?=\n Review\nX-Patchwork-Delegate:  a@x \n"
                  "X-Patchwork-Action-Required:\n"));
  CHECK(asked.state == "Under Review");
  CHECK(asked.delegate == "a@x");
  CHECK(asked.action_required);
  const MailMarks silent = marks(marked_mail("X-Patchwork-State: in the body\n"));
  CHECK(silent.state.empty());
  CHECK_FALSE(silent.action_required);
}

TEST_CASE("registry::read_marks: paths of both sides, and ancestors, when asked for") {
  const std::string patch = marked_mail(
      "Words.\n---\ndiff --git a/old.c b/new.c\nsimilarity index 90%\nrename from old.c\n"
      "rename to new.c\n--- a/old.c\n+++ b/new.c\n@@ -1 +1 @@\n-a\n+b\n"
      "diff --git a/made.c b/made.c\nnew file mode 100644\n--- /dev/null\n+++ b/made.c\n"
      "@@ -0,0 +1 @@\n+b\n",
      "In-Reply-To: <b@x>\nReferences: <d@x> <c@x> <b@x>\n");
  CHECK(marks(patch).paths.empty());
  CHECK(marks(patch, {.paths = true}).paths ==
        std::vector<std::string>{"made.c", "new.c", "old.c"});
  CHECK(marks(patch, {.ancestors = true}).ancestors ==
        std::vector<std::string>{"b@x", "c@x", "d@x"});
  CHECK_FALSE(marks(patch).hash.has_value());
  CHECK(marks(patch, {.hash = true}).hash.value_or("").size() == 40);
  CHECK_FALSE(marks(marked_mail("Hello.\n"), {.hash = true}).hash.has_value());
}
