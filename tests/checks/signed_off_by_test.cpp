#include "checks/fixture.hpp"
#include "checks/mailmap.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;
namespace mail = patchmill::mail;

namespace {

CheckOutcome signed_by(const std::string& body, const mail::Address& author,
                       const mail::Address& sender = {}) {
  TestSeries series;
  series.add("x: y", body, "", author);
  if (!sender.email.empty()) {
    series.message(0).from = sender;
  }
  return run_check("signed-off-by", series);
}

const mail::Address k_ann = {"Ann Author", "ann@example.org"};
const mail::Address k_sam = {"Sam Sender", "sam@example.org"};

}  // namespace

TEST_CASE("checks::make_signed_off_by: the author by address or by name, in any case") {
  CHECK(signed_by("Why.\n\nSigned-off-by: Ann Author <ann@example.org>\n", k_ann).verdict ==
        Verdict::pass);
  CHECK(signed_by("Why.\n\nsigned-off-by: A. A. <ANN@Example.ORG>\n", k_ann).verdict ==
        Verdict::pass);
  CHECK(signed_by("Why.\n\n  Signed-off-by: ann  author <work@example.com>\n", k_ann).verdict ==
        Verdict::pass);
  CHECK(signed_by("Why.\n\nSigned-off-by: \"Ann Author\" <a@example.com>\n", k_ann).verdict ==
        Verdict::pass);
}

TEST_CASE("checks::make_signed_off_by: missing, foreign, malformed and misplaced lines") {
  const auto none = signed_by("Why.\n", k_ann);
  CHECK(none.verdict == Verdict::fail);
  CHECK(none.summary.find("ann@example.org") != std::string::npos);
  CHECK(signed_by("Why.\n\nSigned-off-by: Sam Sender <sam@example.org>\n", k_ann).verdict ==
        Verdict::fail);
  const auto malformed = signed_by("Signed-off-by: Ann Author\n", k_ann);
  CHECK(malformed.verdict == Verdict::fail);
  CHECK(rules(malformed) == "malformed author");
  const auto misspelt = signed_by("Signed-of-by: Ann Author <ann@example.org>\n", k_ann);
  CHECK(misspelt.verdict == Verdict::fail);
  CHECK(rules(misspelt) == "author misspelt");

  TestSeries below;
  below.add("x: y", "Why.\n").text.notes = "Signed-off-by: Ann Author <ann@example.org>\n";
  CHECK(rules(run_check("signed-off-by", below)) == "author below-the-line");
}

TEST_CASE("checks::make_signed_off_by: an in-body From makes author and sender two people") {
  const std::string author = "Signed-off-by: Ann Author <ann@example.org>\n";
  const std::string both = author + "Signed-off-by: Sam Sender <sam@example.org>\n";
  CHECK(signed_by(both, k_ann, k_sam).verdict == Verdict::pass);
  const auto outcome = signed_by(author, k_ann, k_sam);
  CHECK(outcome.verdict == Verdict::fail);
  CHECK(rules(outcome) == "sender");
  // The same person from another address needs no second line.
  CHECK(signed_by(author, k_ann, {"Ann Author", "ann@home.example.org"}).verdict == Verdict::pass);
  // An author whose address a list hid signs by name.
  CHECK(signed_by(author, {"Ann Author via list", "list@example.org"}).verdict == Verdict::pass);
  CHECK(signed_by(author, {"Joe Other via list", "list@example.org"}).verdict == Verdict::fail);
  // Relays and lists that rewrite From sign nothing.
  CHECK(signed_by(author, k_ann, {"Ann A. via list", "list@example.org"}).verdict == Verdict::pass);
  CHECK(signed_by(author, k_ann, {"Ann via B4 Relay", "devnull+ann.example.org@kernel.org"})
            .verdict == Verdict::pass);
}

TEST_CASE("checks::make_signed_off_by: names with characters of patterns are plain text") {
  const mail::Address odd = {"A.* [x](", "odd+x@example.org"};
  CHECK(signed_by("Signed-off-by: Anybody <any@example.org>\n", odd).verdict == Verdict::fail);
  CHECK(signed_by("Signed-off-by: A.* [x]( <o@example.org>\n", odd).verdict == Verdict::pass);
  // An address is not found inside a longer one.
  CHECK(
      signed_by("Signed-off-by: X <joann@example.org.evil>\n", {"Y", "ann@example.org"}).verdict ==
      Verdict::fail);
  // An author without name and address is signed by nobody.
  CHECK(signed_by("Signed-off-by:  <>\n", {"", ""}).verdict == Verdict::fail);
}

TEST_CASE("checks::make_signed_off_by: the .mailmap of the base joins addresses") {
  TestRepo repo;
  repo.commit({{".mailmap", "Ann Proper <ann@new.example.org> <ann@old.example.org>\n"}});
  TestSeries series;
  series.view.base = repo.head();
  series.add("x: y", "Signed-off-by: Ann Proper <ann@new.example.org>\n", "",
             {"ann", "ann@old.example.org"});
  CHECK(run_check("signed-off-by", series).verdict == Verdict::fail);
  CHECK(run_check("signed-off-by", series, {}, &repo.repository()).verdict == Verdict::pass);
}

TEST_CASE("checks::Mailmap: the four forms of an entry, and broken lines") {
  const Mailmap map = Mailmap::parse(
      "# comment\n"
      "Proper Name <commit@example.org>\n"
      "<proper@example.org> <old@example.org>\n"
      "Both <both@example.org> <b1@example.org>\n"
      "By Name <name@example.org> Nick <shared@example.org>\n"
      "broken <\n"
      "no address here\n"
      "<> <>\n");
  CHECK(map.canonical({"x", "COMMIT@example.org"}) ==
        mail::Address{"Proper Name", "COMMIT@example.org"});
  CHECK(map.canonical({"x", "old@example.org"}) == mail::Address{"x", "proper@example.org"});
  CHECK(map.canonical({"x", "b1@example.org"}) == mail::Address{"Both", "both@example.org"});
  CHECK(map.canonical({"nick", "shared@example.org"}) ==
        mail::Address{"By Name", "name@example.org"});
  CHECK(map.canonical({"Other", "shared@example.org"}) ==
        mail::Address{"Other", "shared@example.org"});
  CHECK(map.same_person({"a", "b1@example.org"}, {"b", "both@example.org"}));
  CHECK_FALSE(map.same_person({"a", "a@example.org"}, {"a", "b@example.org"}));
}
