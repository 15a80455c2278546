#include "checks/kernel_scripts.hpp"
#include "checks/maintainers.hpp"
#include "checks/run_checks.hpp"

using namespace patchmill::checks;
using namespace patchmill::checks::testing;
namespace mail = patchmill::mail;

namespace {

// Prints MAINTAINERS as it is, after looking at the patch as the real one does.
constexpr const char* k_script = R"perl(#!/usr/bin/perl
# 'fixes!'
my %seen = map { $_ => 1 } @ARGV;
for my $needed ('--no-tree', '--nogit', '--nogit-fallback', '--roles', '--norolestats', '--nofixes') {
  die "$needed is missing\n" if !$seen{$needed};
}
open(my $mail, '<', $ARGV[-1]) or die "no patch\n";
my $files = grep { /^\+\+\+ / } <$mail>;
die "nothing touched\n" if !$files;
open(my $in, '<', 'MAINTAINERS') or die "no MAINTAINERS\n";
print while <$in>;
)perl";

constexpr const char* k_maintainers =
    "Mia Maintainer <mia@example.org> (maintainer:FOO DRIVER)\n"
    "\"Rob R. Reviewer\" <Rob@Example.org> (reviewer:FOO DRIVER)\n"
    "foo@lists.example.org (open list:FOO DRIVER)\n"
    "linux-kernel@vger.kernel.org (open list)\n";

const mail::Address k_mia = {"Mia", "MIA@example.org"};
const mail::Address k_rob = {"Rob", "rob@example.org"};
const mail::Address k_list = {"", "foo@lists.example.org"};
const mail::Address k_nobody = {"N", "nobody@example.com"};

struct Sent {
  Sent() {
    repo.commit({{"scripts/get_maintainer.pl", k_script}, {"MAINTAINERS", k_maintainers}});
    repo.patch(series, {{"a.c", "int x;\n"}});
  }
  CheckOutcome to(const std::vector<mail::Address>& people, const Settings& settings = {}) {
    series.message(0).to = people;
    return run_check("cc-maintainers", series, settings, &repo.repository());
  }
  TestRepo repo;
  TestSeries series;
};

bool have_perl() {
  if (patchmill::find_program("perl")) {
    return true;
  }
  MESSAGE("skipped: perl is not installed");
  return false;
}

}  // namespace

TEST_CASE("checks::parse_maintainers: people, lists, roles, noise") {
  const auto people = parse_maintainers(std::string(k_maintainers) + "noise\n<a@b\nx y@z w\n");
  REQUIRE(people.size() == 4);
  CHECK(people[0].address == mail::Address{"Mia Maintainer", "mia@example.org"});
  CHECK(people[0].role == "maintainer:FOO DRIVER");
  CHECK(people[1].address.name == "Rob R. Reviewer");
  CHECK(people[2].address.email == "foo@lists.example.org");
  CHECK(people[3].role == "open list");
}

TEST_CASE("checks::make_cc_maintainers: all, most, few, none") {
  if (!have_perl()) {
    return;
  }
  Sent sent;
  CHECK(sent.to({k_mia, k_rob, k_list}).verdict == Verdict::pass);
  const auto most = sent.to({k_mia, k_list});
  CHECK(most.verdict == Verdict::warning);
  CHECK(most.summary.find("Rob@Example.org") != std::string::npos);
  CHECK(sent.to({k_mia}).verdict == Verdict::fail);
  CHECK(sent.to({k_nobody}).verdict == Verdict::fail);
  // Lists count as well.
  CHECK(sent.to({k_mia, k_rob}).verdict == Verdict::warning);
  CHECK(sent.to({k_mia, k_rob}, {{"ignore", "foo@lists.example.org linux-kernel@vger.kernel.org"}})
            .verdict == Verdict::pass);
  CHECK(sent.to({k_mia, k_rob, k_list}, {{"ignore", ""}}).verdict == Verdict::warning);
  CHECK(
      sent.to({k_list, k_nobody}, {{"colleagues", "ann@example.org=@example.org+@x.y"}}).verdict ==
      Verdict::pass);
}

TEST_CASE("checks::make_cc_maintainers: who cannot be asked is no fault") {
  if (!have_perl()) {
    return;
  }
  Sent sent;
  CHECK(sent.to({}).verdict == Verdict::skip);
  sent.series.view.pull_request = true;
  CHECK(sent.to({k_nobody}).verdict == Verdict::skip);
  TestRepo bare;
  TestSeries series;
  bare.patch(series, {{"a.c", "int x;\n"}});
  series.message(0).to = {k_nobody};
  CHECK(run_check("cc-maintainers", series, {}, &bare.repository()).verdict == Verdict::skip);
  CHECK(run_check("cc-maintainers", series).verdict == Verdict::skip);
  TestRepo broken;
  broken.commit({{"scripts/get_maintainer.pl", "die 'broken';\n"}, {"MAINTAINERS", "x\n"}});
  TestSeries other;
  broken.patch(other, {{"a.c", "int x;\n"}});
  other.message(0).to = {k_nobody};
  CHECK(run_check("cc-maintainers", other, {}, &broken.repository()).verdict ==
        Verdict::incomplete);
}

TEST_CASE("checks::make_cc_maintainers: .mailmap joins old and new addresses") {
  if (!have_perl()) {
    return;
  }
  Sent sent;
  sent.repo.commit({{".mailmap", "Mia Maintainer <mia@new.example.org> <mia@example.org>\n"}});
  sent.series.view.base = sent.repo.head();
  const mail::Address mia_new = {"Mia", "mia@new.example.org"};
  CHECK(sent.to({mia_new, k_rob, k_list}).verdict == Verdict::pass);
}

TEST_CASE("checks::make_cc_maintainers: those whom a Fixes: tag blames") {
  if (!have_perl()) {
    return;
  }
  Sent sent;
  const std::string culprit = sent.repo.commit(
      {{"b.c", "int b;\n"}},
      "b: add\n\nWhy.\n\nReviewed-by: Vic Viewer <vic@example.org>\nSigned-off-by: A U Thor "
      "<author@example.org>\n");
  sent.series.view.base = culprit;
  auto& patch = sent.series.view.patches[0];
  patch.text.body = "Why.\n\nFixes: " + culprit.substr(0, 12) + " (\"b: add\")\n";
  using namespace std::chrono;
  sent.series.message(0).date = sys_days(2024y / 6 / 1);
  const mail::Address author = {"A U Thor", "author@example.org"};
  const mail::Address vic = {"Vic", "vic@example.org"};
  const auto blamed = sent.to({k_mia, k_rob, k_list, vic});
  CHECK(blamed.verdict == Verdict::fail);
  CHECK(rules(blamed) == "blamed");
  CHECK(sent.to({k_mia, k_rob, k_list, vic, author}).verdict == Verdict::pass);
  CHECK(sent.to({k_mia, k_rob, k_list}, {{"blamed", "false"}}).verdict == Verdict::pass);
  // Years later nobody is expected to remember.
  sent.series.message(0).date = sys_days(2029y / 6 / 1);
  CHECK(sent.to({k_mia, k_rob, k_list}).verdict == Verdict::pass);
}

TEST_CASE("checks::make_cc_maintainers: hostile paths choose no file of ours") {
  if (!have_perl()) {
    return;
  }
  Sent sent;
  TestSeries series;
  series.view.base = sent.series.view.base;
  series.add("x: y", "Why.\n",
             new_file("../../../tmp/patchmill-escaped/x.yaml", {"a"}) +
                 new_file("MAINTAINERS/scripts/x", {"a"}) +
                 new_file("scripts/get_maintainer.pl/x", {"a"}));
  series.message(0).to = {k_mia, k_rob, k_list};
  patchmill::SystemProcessRunner runner;
  const std::vector<EnabledCheck> enabled = {{find_check("cc-maintainers"), {}}};
  CHECK(run_checks(series.view, enabled, &sent.repo.repository(), runner).at(0).outcome.verdict ==
        Verdict::pass);
  CHECK_FALSE(std::filesystem::exists("/tmp/patchmill-escaped"));
}

TEST_CASE("checks::make_cc_maintainers: the real script and MAINTAINERS of Linux") {
  auto files = kernel_scripts();
  if (!files) {
    return;
  }
  TestRepo repo;
  repo.commit(*files);
  TestSeries series;
  repo.patch(series, {{"drivers/net/phy/foo.c", "int x;\n"}});
  series.message(0).to = {k_nobody};
  const auto none = run_check("cc-maintainers", series, {}, &repo.repository());
  CHECK(none.verdict == Verdict::fail);
  CHECK(none.summary.find("netdev@vger.kernel.org") != std::string::npos);
  CHECK(none.findings.size() >= 5);
  // With everybody it named in Cc it passes.
  for (const auto& finding : none.findings) {
    for (auto& address : mail::parse_addresses(finding.message.substr(
             finding.message.find(": ") + 2,
             finding.message.rfind(" (") - finding.message.find(": ") - 2))) {
      series.message(0).cc.push_back(std::move(address));
    }
  }
  const auto all = run_check("cc-maintainers", series, {}, &repo.repository());
  CHECK_MESSAGE(all.verdict == Verdict::pass, all.summary);
}
