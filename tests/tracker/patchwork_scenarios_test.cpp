// The 163 scenarios a real Patchwork has answered.

#include "mail/shared_data.hpp"
#include "tracker/patchwork_deviations.hpp"
#include "tracker/tracker_support.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace patchmill;
using namespace patchmill::tracker;
using namespace patchmill::tracker::test;
using mail::test::bytes;
using mail::test::patchwork_answers;
using mail::test::str;

namespace {

std::string bare(std::string msgid) {
  if (msgid.starts_with('<')) {
    msgid = msgid.substr(1, msgid.find('>') - 1);
  }
  return msgid.substr(0, 250);  // Patchwork cuts at 255 with brackets
}

std::string line(const std::string& name, std::int64_t version, std::int64_t total,
                 std::int64_t received, bool all, const std::string& cover,
                 const std::vector<std::string>& patches) {
  return fmt::format("v{} {}/{}{} {} [{}] {}", version, received, total, all ? "" : " incomplete",
                     name.empty() ? "null" : name, cover, fmt::join(patches, " "));
}

std::multiset<std::string> theirs(const boost::json::object& scenario) {
  std::multiset<std::string> result;
  const auto* all = scenario.if_contains("series");
  if (all == nullptr) {
    return result;
  }
  for (const auto& series : all->as_array()) {
    std::vector<std::string> patches;
    for (const auto& patch : series.at("patches").as_array()) {
      patches.push_back(fmt::format("{}=<{}> {}", patch.at("number").as_int64(),
                                    bare(str(patch.at("msgid"))), str(patch.at("name"))));
    }
    result.insert(line(str(series.at("name")), series.at("version").as_int64(),
                       series.at("total").as_int64(), series.at("received_total").as_int64(),
                       series.at("received_all").as_bool(), bare(str(series.at("cover_msgid"))),
                       patches));
  }
  return result;
}

std::multiset<std::string> ours(Harness& harness) {
  std::multiset<std::string> result;
  for (const Series& series : harness.all()) {
    std::vector<std::string> patches;
    for (const PatchRef& patch : series.patches) {
      patches.push_back(fmt::format("{}=<{}> {}", patch.number, bare(patch.msgid), patch.name));
    }
    result.insert(line(series.name, series.version, series.total, series.received_total(),
                       series.received_all(), bare(series.cover_msgid), patches));
  }
  return result;
}

std::vector<Incoming> mails_of(const boost::json::object& scenario) {
  std::vector<Incoming> mails;
  for (const auto& mail : scenario.at("mails").as_array()) {
    mails.push_back(incoming(bytes(mail), str(scenario.at("list_id_passed"))));
  }
  return mails;
}

// The link name of the project in which the answers were given.
const TrackerOptions project{{"testproj"}};

}  // namespace

TEST_CASE(
    "tracker::Tracker::ingest: gives Patchwork's series in every scenario, or the deviation "
    "intended") {
  const auto* answers = patchwork_answers();
  if (answers == nullptr) {
    MESSAGE(mail::test::k_no_answers);
    return;
  }
  std::map<std::string, const Deviation*> intended;
  for (const Deviation& deviation : deviations()) {
    intended[deviation.scenario] = &deviation;
  }
  const auto& scenarios = answers->at("scenarios").as_object();
  CHECK(scenarios.size() == 163);
  for (const auto& [key, value] : scenarios) {
    const std::string name(key);
    CAPTURE(name);
    patchmill::test::TestStore store(store::Engine::sqlite);
    Harness harness(store, project);
    for (const Incoming& mail : mails_of(value.as_object())) {
      harness.feed(std::vector<Incoming>{mail});
    }
    const auto expected = theirs(value.as_object());
    const auto found = ours(harness);
    const auto deviation = intended.find(name);
    if (deviation == intended.end()) {
      CHECK(fmt::format("{}", fmt::join(found, "\n")) ==
            fmt::format("{}", fmt::join(expected, "\n")));
      continue;
    }
    const std::multiset<std::string> stated(deviation->second->ours.begin(),
                                            deviation->second->ours.end());
    CHECK(fmt::format("{}", fmt::join(found, "\n")) == fmt::format("{}", fmt::join(stated, "\n")));
    CHECK_MESSAGE(found != expected, "the deviation no longer occurs; remove it from the table");
    CHECK(!deviation->second->reason.empty());
    intended.erase(deviation);
  }
  CHECK_MESSAGE(intended.empty(), "the table names a scenario that does not exist");
}

TEST_CASE("docs/patchwork-deviations.md: explains exactly the deviations intended") {
  const auto text =
      read_file(std::filesystem::path(PATCHMILL_SOURCE_DIR) / "docs/patchwork-deviations.md");
  REQUIRE(text);
  std::set<std::string> explained, intended;
  for (const std::string_view row : split_lines(*text)) {
    if (row.starts_with("| `")) {
      explained.insert(std::string(row.substr(3, row.find('`', 3) - 3)));
      CHECK_MESSAGE(row.find(" |  |") == row.npos, "an empty cell in ", std::string(row));
    }
  }
  for (const Deviation& deviation : deviations()) {
    intended.insert(deviation.scenario);
  }
  CHECK(explained == intended);
  CHECK(text->find(fmt::format("In the other {} it differs", intended.size())) != text->npos);
  CHECK(text->find(fmt::format("in {} of them", 163 - intended.size())) != text->npos);
}
