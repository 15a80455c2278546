#include "app/config.hpp"
#include "app/config_keys.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

using namespace patchmill;

namespace {

// "line:column message" of every fault, in their order.
std::vector<std::string> all_faults(std::string_view text) {
  std::vector<app::ConfigFault> faults;
  const auto config = app::parse_config("/etc/patchmill/c.yaml", text, &faults);
  REQUIRE_FALSE(config.has_value());
  std::vector<std::string> shown;
  for (const auto& fault : faults) {
    shown.push_back(fmt::format("{}:{} {}", fault.line, fault.column, fault.message));
  }
  return shown;
}

// Whether these are all the faults; `wanted` are their beginnings.
void expect_faults(std::string_view text, const std::vector<std::string>& wanted) {
  const auto found = all_faults(text);
  CHECK_MESSAGE(found.size() == wanted.size(), join(found, "\n"));
  for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i) {
    CHECK_MESSAGE(found[i].starts_with(wanted[i]), found[i], " and not ", wanted[i]);
  }
}

}  // namespace

TEST_CASE("app::check_keys: a wrong key hides no wrong value") {
  expect_faults(
      "http:\n"
      "  url: ci.example.org\n"
      "trees:\n"
      "  - {name: t, url: /x, weight: 0, colour: red}\n"
      "workers: 0\n"
      "jobs:\n"
      "  - {name: a, command: x, timeout: 31d, kind: tset, needs: [b]}\n"
      "superseeded: skip\n"
      "fetch: soon\n",
      {"2:8 'url' is where people find the pages", "4:32 'weight' is between 1 and 1000",
       "4:35 unknown key 'colour'; known here", "5:10 'workers' is between 1 and 256",
       "7:36 'timeout' is between 1s and 30d", "7:47 'tset' is not a value of 'kind'",
       "7:61 there is no job 'b'", "8:1 unknown key 'superseeded'; did you mean 'superseded'?",
       "9:8 'fetch' takes a duration"});
}

TEST_CASE("app::check_keys: what stands under a misspelt key is looked at as what was meant") {
  expect_faults("treees:\n  - {name: t, url: /x, weight: 5000}\n",
                {"1:1 unknown key 'treees'; did you mean 'trees'?", "2:32 'weight' is between"});
  expect_faults("jobs:\n  - {name: a, comand: x, timout: soon}\n",
                {"2:15 unknown key 'comand'", "2:26 unknown key 'timout'",
                 "2:34 'timeout' takes a duration"});
  // A guess that does not fit is none.
  expect_faults("workerz: {a: b}\n", {"1:1 unknown key 'workerz'"});
  expect_faults("workers: 3\nworkerz: x\n", {"2:1 unknown key 'workerz'"});
}

TEST_CASE("app::check_keys: what was refused is not told of again by what depends on it") {
  // Names that are missing or wrong may be those others name.
  expect_faults("trees:\n  - {url: /x}\njobs:\n  - {name: a, command: x, match: {trees: [t]}}\n",
                {"2:5 the key 'name' is missing here"});
  expect_faults("jobs:\n  - {name: a b, command: x}\n  - {name: c, command: x, needs: [a b]}\n",
                {"2:12 'name' takes letters, digits"});
  expect_faults("jobs:\n  - {name: a, command: x, needs: 3}\n  - just words\n",
                {"3:5 expected a map of keys, found a word"});
  expect_faults("trees: mainline\njobs:\n  - {name: a, command: x, match: {trees: [t]}}\n",
                {"1:8 'trees' takes a list, found a word"});
  // What a part must have may be under the key that nobody knows.
  expect_faults("jobs:\n  - {name: a, executable: x}\n", {"2:15 unknown key 'executable'"});
  expect_faults("sources:\n  - {name: a, mailfolder: x}\n", {"2:15 unknown key 'mailfolder'"});
  expect_faults("http: {certificate: c.pem, schluessel: k.pem}\n",
                {"1:28 unknown key 'schluessel'"});
  // One value, one fault.
  expect_faults("jobs:\n  - {name: a, command: [[x]]}\n",
                {"2:25 'command' takes a word, found a list"});
  expect_faults("jobs:\n  - {name: a, command: x, timeout: soon, memory: much, processes: many}\n",
                {"2:36 'timeout' takes a duration", "2:50 'memory' takes a size",
                 "2:67 'processes' takes a whole number"});
  expect_faults("store:\n  url: postgresql://u@h/db\n  password: hunter2\n",
                {"3:13 'password' is a secret"});
  expect_faults("patchwork: {states: [{name: A, id: x}, {name: B, id: 1}]}\n",
                {"1:36 'id' takes a whole number"});
  expect_faults(
      "mail:\n  from: ci@example.org\n  maildir: out\n"
      "  rules: [{to: author, match: {classes: [biuld]}}, {to: author, verdicts: 5}]\n",
      {"4:42 'biuld' is not a value of 'classes'", "4:75 '5' is not a value"});
  expect_faults("[a, b]\n", {"1:1 expected a map of keys"});
}

TEST_CASE("app::check_keys: sections that lack much are no trouble for who reads on") {
  for (const char* text :
       {"trees:\n  -\n", "trees: [{}, {}]\n", "jobs: [{}]\n", "sources: [{imap: {}}]\n",
        "sources: [{patchwork: 5}, {nntp: [a]}]\n", "mail: 7\n", "mail: {smtp: {password: {}}}\n",
        "mail: {rules: [{quiet: [3]}], templates: [a]}\n", "patchwork: {projects: [{}, {}]}\n",
        "patchwork: {projects: [{webhooks: [{}, {}]}], users: [{}, {}], states: [{}, {}]}\n",
        "store: {url: \"postgresql://u@h/db\", password: {}}\n", "checks: {spdx: [1]}\n",
        "checks: {spdx: {mode: {a: b}}}\n", "http: [x]\n", "log: {level: [a]}\n",
        "retention: {events: soon}\n", "data: {}\n", "store: {url: []}\n"}) {
    CAPTURE(text);
    CHECK_FALSE(all_faults(text).empty());
  }
}

TEST_CASE("app::nearest_choice: also what is only a part of the word") {
  const std::vector<std::string> kinds = {"kbuild", "job", "test", "process", "check"};
  CHECK(app::nearest_choice("tset", kinds) == "test");
  CHECK(app::nearest_choice("build", kinds) == "kbuild");
  CHECK(app::nearest_choice("bulid", kinds) == "kbuild");
  CHECK(app::nearest_choice("tests", kinds) == "test");
  CHECK_FALSE(app::nearest_choice("boot", kinds).has_value());
  CHECK_FALSE(app::nearest_choice("", kinds).has_value());
  const std::vector<std::string> levels = {"debug", "info", "warning", "error"};
  CHECK(app::nearest_choice("warn", levels) == "warning");
  CHECK(app::nearest_choice("err", levels) == "error");
  CHECK_FALSE(app::nearest_choice("x", levels).has_value());
}

TEST_CASE("app::check_keys: the value that was meant is named") {
  const auto only_fault = [](const std::string& text) {
    const auto faults = all_faults(text);
    REQUIRE(faults.size() == 1);
    return faults[0];
  };
  CHECK(only_fault("jobs: [{name: a, command: x, kind: bulid}]\n")
            .ends_with("; did you mean 'kbuild'?"));
  CHECK(only_fault("jobs: [{name: a, command: x, network: ture}]\n")
            .ends_with("found 'ture'; did you mean 'true'?"));
  CHECK(only_fault("log: {level: warn}\n").ends_with("; did you mean 'warning'?"));
  CHECK(only_fault("checks: {spdx: {mode: alwais}}\n").ends_with("; did you mean 'always'?"));
  CHECK(only_fault("checks: {spdx: {form: flase}}\n").ends_with("; did you mean 'false'?"));
  CHECK(only_fault("checks: {disable: [checkpach]}\n").ends_with("; did you mean 'checkpatch'?"));
}
