#include "tracker/selection.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace patchmill::tracker {
namespace {

SeriesTraits series() {
  SeriesTraits traits;
  traits[Trait::project].values = {"netdevbpf"};
  traits[Trait::delegate].values = {"kuba"};
  traits[Trait::state].values = {"new", "under-review"};
  traits[Trait::tag].values = {"net-next", "RFC"};
  traits[Trait::submitter].values = {"Ann@Example.org", "Ann Ample"};
  traits[Trait::path].values = {"net/core/dev.c", "drivers/net/veth.c"};
  traits[Trait::list].values = {"netdev.vger.kernel.org"};
  return traits;
}

Condition is(Trait trait, std::vector<std::string> patterns) {
  return {trait, std::move(patterns), false};
}
Condition is_not(Trait trait, std::vector<std::string> patterns) {
  return {trait, std::move(patterns), true};
}

TEST_CASE("tracker::select: one condition") {
  struct Row {
    Condition condition;
    Taking taking;
  };
  const std::vector<Row> table = {
      {is(Trait::project, {"netdevbpf"}), Taking::taken},
      {is(Trait::project, {"other"}), Taking::skipped},
      {is(Trait::project, {"other", "netdev*"}), Taking::taken},
      {is_not(Trait::project, {"netdevbpf"}), Taking::skipped},
      {is_not(Trait::project, {"other"}), Taking::taken},
      {is(Trait::delegate, {"kuba"}), Taking::taken},
      {is(Trait::delegate, {"ann"}), Taking::skipped},
      {is(Trait::state, {"new"}), Taking::taken},
      {is(Trait::state, {"accepted"}), Taking::skipped},
      {is_not(Trait::state, {"under-review"}), Taking::skipped},
      {is(Trait::tag, {"rfc"}), Taking::taken},
      {is(Trait::tag, {"net"}), Taking::skipped},
      {is(Trait::submitter, {"*@example.ORG"}), Taking::taken},
      {is(Trait::submitter, {"ann ample"}), Taking::taken},
      {is(Trait::submitter, {"example.org"}), Taking::skipped},
      {is(Trait::path, {"drivers/*"}), Taking::taken},
      {is(Trait::path, {"Documentation/*"}), Taking::skipped},
      {is_not(Trait::path, {"Documentation/*"}), Taking::taken},
      {is(Trait::path, {"Drivers/*"}), Taking::skipped},
      {is_not(Trait::path, {"DRIVERS/*"}), Taking::taken},
      {is(Trait::list, {"NETDEV.vger*"}), Taking::taken},
      {is(Trait::list, {"netdev.vger.kernel.org"}), Taking::taken},
      {is(Trait::list, {"bpf.vger.kernel.org"}), Taking::skipped},
  };
  const auto traits = series();
  for (std::size_t i = 0; i < table.size(); ++i) {
    CAPTURE(i);
    CHECK(select(std::vector<Clause>{{table[i].condition}}, traits).taking == table[i].taking);
  }
}

TEST_CASE("tracker::select: all conditions of a clause, any of the clauses") {
  const auto yes = is(Trait::tag, {"net-next"});
  const auto no = is(Trait::tag, {"bpf"});
  auto traits = series();
  traits[Trait::delegate] = {{}, "Patchwork has not told it yet"};
  const auto unknown = is(Trait::delegate, {"kuba"});
  struct Row {
    std::vector<Clause> clauses;
    Taking taking;
  };
  const std::vector<Row> table = {
      {{}, Taking::taken},
      {{{yes}}, Taking::taken},
      {{{yes, no}}, Taking::skipped},
      {{{yes, yes}}, Taking::taken},
      {{{no}, {yes}}, Taking::taken},
      {{{no}, {no}}, Taking::skipped},
      {{{unknown}}, Taking::waiting},
      {{{yes, unknown}}, Taking::waiting},
      {{{unknown, no}}, Taking::skipped},
      {{{unknown}, {yes}}, Taking::taken},
      {{{no}, {unknown}}, Taking::waiting},
      {{{unknown}, {no}}, Taking::waiting},
      {{{is_not(Trait::delegate, {"kuba"})}}, Taking::waiting},
  };
  for (std::size_t i = 0; i < table.size(); ++i) {
    CAPTURE(i);
    CHECK(select(table[i].clauses, traits).taking == table[i].taking);
  }
}

TEST_CASE("tracker::select: what is known may suffice where more is to come") {
  auto traits = series();
  traits[Trait::path].missing = "not all patches are here";
  const auto taking = [&](Condition condition) {
    return select(std::vector<Clause>{{std::move(condition)}}, traits).taking;
  };
  CHECK(taking(is(Trait::path, {"net/*"})) == Taking::taken);
  CHECK(taking(is_not(Trait::path, {"net/*"})) == Taking::skipped);
  CHECK(taking(is(Trait::path, {"mm/*"})) == Taking::waiting);
  CHECK(taking(is_not(Trait::path, {"mm/*"})) == Taking::waiting);
}

TEST_CASE("tracker::select: nobody is delegated") {
  auto traits = series();
  traits[Trait::delegate].values.clear();
  CHECK(select(std::vector<Clause>{{is_not(Trait::delegate, {"*"})}}, traits).taking ==
        Taking::taken);
  CHECK(select(std::vector<Clause>{{is(Trait::delegate, {"*"})}}, traits).taking ==
        Taking::skipped);
}

TEST_CASE("tracker::select: says why, and nothing that steers a terminal") {
  const auto traits = series();
  const std::vector<Clause> clauses = {
      {is(Trait::state, {"accepted"})},
      {is(Trait::tag, {"net-next"}), is_not(Trait::submitter, {"ann*"})}};
  CHECK(select(clauses, traits).reason ==
        "clause 1: state is new, under-review, wanted is state accepted; "
        "clause 2: submitter is Ann@Example.org, Ann Ample, wanted is not submitter ann*");
  const std::vector<Clause> second = {
      {is(Trait::state, {"accepted"})},
      {is(Trait::tag, {"net-next"}), is_not(Trait::project, {"bpf"})}};
  CHECK(select(second, traits).reason == "clause 2: tag net-next; not project bpf");
  auto hostile = series();
  hostile[Trait::submitter].values = {"\x1b[2Jx", std::string(10'000, 'a')};
  const auto reason =
      select(std::vector<Clause>(100, {is(Trait::submitter, {"b"})}), hostile).reason;
  CHECK(reason.find('\x1b') == std::string::npos);
  CHECK(reason.size() < 600);
}

}  // namespace
}  // namespace patchmill::tracker
