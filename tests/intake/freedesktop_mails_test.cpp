#include "intake/freedesktop_mails.hpp"

#include "mail/message.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>

namespace patchmill::intake {
namespace {

std::string mbox_of(int id, const std::string& more = "") {
  return fmt::format(
      "From patchwork Mon Jan  5 10:00:00 2026\nContent-Type: text/plain; charset=\"utf-8\"\n"
      "MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\nSubject: [i-g-t,v2,{0}/2] t {0}\n"
      "From: A <a@example.org>\nX-Patchwork-Id: {0}\nMessage-Id: <m{0}@example.org>\n{1}"
      "Date: Mon, 5 Jan 2026 10:00:00 +0000\n\nText {0}.\n\ndiff --git a/f b/f\n--- a/f\n"
      "+++ b/f\n@@ -1 +1 @@\n-a\n+b\n",
      id, more);
}

TEST_CASE("split_revision: exactly the patches that are wanted, or nothing") {
  const std::array<std::int64_t, 2> both = {1, 2};
  const auto mbox = mbox_of(1) + "\n" + mbox_of(2);
  const auto all = split_revision(mbox, both);
  REQUIRE(all.has_value());
  REQUIRE(all->size() == 2);
  CHECK(all->at(0).id == 1);
  CHECK(all->at(1).message_id == "m2@example.org");
  CHECK(all->at(1).mail.starts_with("Content-Type:"));
  const std::array<std::int64_t, 2> turned = {2, 1};
  CHECK_FALSE(split_revision(mbox, turned).has_value());
  CHECK_FALSE(split_revision(mbox_of(1), both).has_value());
  CHECK_FALSE(split_revision(mbox + "\n" + mbox_of(3), both).has_value());
  CHECK_FALSE(split_revision("text\n" + mbox, both).has_value());
  CHECK_FALSE(split_revision("", both).has_value());
  CHECK_FALSE(split_revision("", {}).has_value());
  CHECK_FALSE(split_revision("From patchwork x\n\nFrom patchwork y\n", both).has_value());
}

TEST_CASE("patch_mail: answers and names its list, unless it says so itself") {
  const auto plain = read_patch(mbox_of(1), 1);
  REQUIRE(plain.has_value());
  auto mail = mail::parse_message(patch_mail(*plain, "cover@example.org", "l.example.org"));
  REQUIRE(mail.has_value());
  CHECK(mail->in_reply_to == std::vector<std::string>{"cover@example.org"});
  CHECK(mail->references == std::vector<std::string>{"cover@example.org"});
  CHECK(mail->list_ids == std::vector<std::string>{"l.example.org"});
  CHECK(mail->message_id == "m1@example.org");
  const auto own = read_patch(mbox_of(1, "In-Reply-To: <r@b>\nList-Id: <o.example.org>\n"), 1);
  REQUIRE(own.has_value());
  mail = mail::parse_message(patch_mail(*own, "x@b", "l.example.org"));
  REQUIRE(mail.has_value());
  CHECK(mail->in_reply_to == std::vector<std::string>{"r@b"});
  CHECK(mail->list_ids == std::vector<std::string>{"o.example.org"});
  mail = mail::parse_message(patch_mail(*plain, "", ""));
  REQUIRE(mail.has_value());
  CHECK(mail->in_reply_to.empty());
  CHECK(mail->list_ids.empty());
  CHECK_FALSE(read_patch("<html>no</html>", 1).has_value());
}

TEST_CASE("cover_mail: as the first patch was sent; a title begins no header") {
  const auto first = read_patch(mbox_of(1, "Cc: C <c@example.org>\n"), 1);
  REQUIRE(first.has_value());
  const auto mail = mail::parse_message(cover_mail(
      *first, "root@example.org", "drm: ü\nX-Patchwork-Hint: ignore", "Why.", 2, "l.example.org"));
  REQUIRE(mail.has_value());
  CHECK(mail->subject == "[PATCH i-g-t v2 0/2] drm: ü X-Patchwork-Hint: ignore");
  CHECK(mail->message_id == "root@example.org");
  CHECK(mail->from.email == "a@example.org");
  CHECK(mail->text == "Why.");
  CHECK_FALSE(mail->header("X-Patchwork-Hint").has_value());
}

}  // namespace
}  // namespace patchmill::intake
