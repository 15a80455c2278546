#include "reports/identity.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

Identity identity() {
  Identity result;
  result.from = {"CI", "ci@example.org"};
  return result;
}

std::string reason(const std::string& fields, const std::string& from = "Ann <ann@x.org>",
                   const std::string& id = "1@x.org") {
  const auto mail = mail::parse_message("From: " + from + "\nMessage-ID: <" + id +
                                        ">\nSubject: [PATCH] x\n" + fields + "\ntext\n");
  REQUIRE(mail.has_value());
  return reason_not_to_answer(*mail, identity());
}

TEST_CASE("reports::reason_not_to_answer: programs and ourselves, but not lists") {
  CHECK(reason("").empty());
  CHECK(reason("Auto-Submitted: no\n").empty());
  // What majordomo and mailman add to what people write.
  CHECK(
      reason("Precedence: bulk\nList-Id: <netdev.vger.kernel.org>\nX-Loop: list@x.org\n").empty());
  CHECK(reason("Precedence: list\n").empty());
  CHECK(reason("Auto-Submitted: auto-replied\n").find("auto-replied") != std::string::npos);
  CHECK(reason("auto-submitted: Auto-Generated; x=y\n") ==
        "it was sent by a program (Auto-Submitted: Auto-Generated)");
  CHECK(reason("Precedence: auto_reply\n") == "it is an automatic reply (Precedence: auto_reply)");
  CHECK(reason("Return-Path: <>\n") == "it is a bounce (empty Return-Path)");
  CHECK(reason("X-Patchmill-Loop: elsewhere.org\n") == "it was sent by a patchmill");
  CHECK(reason("", "CI <CI@example.org>") == "it was sent by ourselves");
  CHECK(reason("", "Ann <ann@x.org>", make_message_id(identity(), "x")) ==
        "it was sent by ourselves");
}

TEST_CASE("reports::make_message_id: equal for equal content, known again") {
  const std::string id = make_message_id(identity(), "a");
  CHECK(id == make_message_id(identity(), "a"));
  CHECK(id != make_message_id(identity(), "b"));
  CHECK(id.ends_with("@example.org"));
  CHECK(is_own_message_id(id));
  CHECK_FALSE(is_own_message_id("patchmill.x@example.org"));
  CHECK_FALSE(is_own_message_id("20260101.1@example.org"));
}

TEST_CASE("reports::check_identity: faults") {
  CHECK(check_identity(identity()).empty());
  CHECK(check_identity({}).size() == 1);
  Identity bad = identity();
  bad.contact.email = "x y";
  bad.domain = "a b";
  bad.envelope_sender = "<>";
  CHECK(check_identity(bad).size() == 3);
  CHECK(identity().opt_out_sentence() == "To get no more such mail, tell ci@example.org.");
}

}  // namespace
}  // namespace patchmill::reports
