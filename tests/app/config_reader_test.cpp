#include "app/config.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

using namespace patchmill;
namespace fs = std::filesystem;

namespace {

std::string fault_of(std::string_view text) {
  const auto config = app::parse_config("/etc/patchmill/c.yaml", text);
  REQUIRE_FALSE(config.has_value());
  CHECK(config.error().kind == ErrorKind::invalid);
  return config.error().message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("app::parse_config: a full file") {
  TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "build.sh", "#!/bin/sh\n"));
  const auto config = app::parse_config(folder.path() / "patchmill.yaml", R"(
data: state
superseded: test
trees:
  - name: mainline
    url: ../linux.git
    branch: master
    lists: [linux-kernel.vger.kernel.org]
    subject-tags: net
    paths: ["net/*"]
sources:
  - {name: ltp, url: "https://lore.kernel.org/ltp", list-id: LTP.lists.linux.it}
jobs:
  - name: build
    kind: kbuild
    scope: patch
    command: [./build.sh, --fast]
    results: compiler
    warm: um
    timeout: 5m
    memory: 2G
    processes: 100
    env: {ARCH: um}
  - name: boot
    kind: test
    command: ["true"]
    needs: [build]
    results: ktap
    baseline: false
    match: {trees: [mainline], paths: "kernel/*"}
checks:
  disable: [cc-maintainers]
)");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->data == folder.path() / "state");
  CHECK(config->store_url == (folder.path() / "state/store.sqlite").string());
  CHECK(config->test_superseded);
  REQUIRE(config->trees.size() == 1);
  CHECK(config->trees[0].url == (folder.path().parent_path() / "linux.git").string());
  CHECK(config->trees[0].subject_tags == std::vector<std::string>{"net"});
  REQUIRE(config->sources.size() == 1);
  CHECK(std::get<intake::PlaceSpec>(config->sources[0].kind).place ==
        "https://lore.kernel.org/ltp");
  CHECK(config->sources[0].list_id == "ltp.lists.linux.it");
  REQUIRE(config->jobs.size() == 2);
  const auto& build = config->jobs[0];
  CHECK(build.kind == pipeline::NodeKind::kbuild);
  CHECK(build.scope == pipeline::Scope::patch);
  CHECK(build.command[0] == (folder.path() / "build.sh").string());
  CHECK(build.read_only == std::vector<std::string>{folder.path().string()});
  CHECK(build.limits.timeout == std::chrono::minutes(5));
  CHECK(build.limits.memory_bytes == 2ull << 30);
  CHECK(build.limits.processes == 100);
  CHECK(build.env.at("ARCH") == "um");
  CHECK(build.network.empty());
  CHECK(config->jobs_with_baseline == std::set<std::string>{"build"});
  CHECK(config->jobs[1].match_trees == std::vector<std::string>{"mainline"});
  CHECK(config->checks_disabled == std::vector<std::string>{"cc-maintainers"});
}

TEST_CASE("app::parse_config: sources of every kind") {
  const auto config = app::parse_config("/etc/patchmill/c.yaml", R"(
sources:
  - {name: box, url: box, interval: 30s, list-id: L.Example.Org}
  - name: account
    proxy: socks5h://127.0.0.1:9050
    imap:
      host: imap.example.org
      security: starttls
      user: ci
      password: {file: imap-password}
      auth: xoauth2
      folders: [INBOX, Lists/ltp]
      idle-renewal: 5m
  - {name: news, nntp: {host: news.example.org, security: plain, groups: [a.b, c.d]}}
  - name: pw
    interval: 2m
    patchwork:
      url: https://pw.example.org/api/1.2/
      projects: [net, "7"]
      token: {file: pw-token}
      check-prefix: our_ci
      backlog: 36h
  - {name: reading, patchwork: {url: "https://pw.example.org", projects: net}}
  - name: fdo
    patchwork: {url: "https://f.example.org", projects: p, user: ci, password: {env: PASSWORD}}
)");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  REQUIRE(config->sources.size() == 6);
  const auto& place = std::get<intake::PlaceSpec>(config->sources[0].kind);
  CHECK(place.place == "/etc/patchmill/box");
  CHECK(place.interval == std::chrono::seconds(30));
  CHECK(config->sources[0].list_id == "l.example.org");
  const auto& imap = std::get<intake::ImapSpec>(config->sources[1].kind);
  CHECK(imap.account.server.port == 143);
  CHECK(imap.account.server.security == intake::Security::starttls);
  CHECK(imap.account.server.proxy == "socks5h://127.0.0.1:9050");
  CHECK(imap.account.secret.file == "/etc/patchmill/imap-password");
  CHECK(imap.account.auth == intake::ImapAuth::xoauth2);
  CHECK(imap.account.idle_renewal == std::chrono::minutes(5));
  CHECK(imap.folders == std::vector<std::string>{"INBOX", "Lists/ltp"});
  const auto& nntp = std::get<intake::NntpSpec>(config->sources[2].kind);
  CHECK(nntp.account.server.port == 119);
  CHECK(nntp.groups == std::vector<std::string>{"a.b", "c.d"});
  const auto& patchwork = std::get<intake::PatchworkSpec>(config->sources[3].kind);
  CHECK(patchwork.projects == std::vector<std::string>{"net", "7"});
  CHECK(patchwork.token.file == "/etc/patchmill/pw-token");
  CHECK(patchwork.checks);
  CHECK(patchwork.check_prefix == "our_ci");
  CHECK(patchwork.backlog_days == 1);
  CHECK(patchwork.interval == std::chrono::minutes(2));
  const auto& reading = std::get<intake::PatchworkSpec>(config->sources[4].kind);
  CHECK(reading.projects == std::vector<std::string>{"net"});
  CHECK(!reading.checks);
  CHECK(reading.check_prefix == "patchmill");
  const auto& freedesktop = std::get<intake::PatchworkSpec>(config->sources[5].kind);
  CHECK(freedesktop.user == "ci");
  CHECK(freedesktop.credential().env == "PASSWORD");
  CHECK(freedesktop.checks);

  const auto patchwork_fault = [](const std::string& more) {
    return fault_of("sources:\n  - {name: a, patchwork: {projects: [p], " + more + "}}\n");
  };
  CHECK(patchwork_fault("url: pw.example.org").find("no usable patchwork.url") !=
        std::string::npos);
  CHECK(patchwork_fault("url: \"https://a\", user: ci").find("needs both user and password") !=
        std::string::npos);
  CHECK(patchwork_fault("url: \"https://a\", user: ci, password: {env: P}, token: {env: T}")
            .find("has a token and a password") != std::string::npos);
  CHECK(patchwork_fault("url: \"https://a\", checks: true").find("without a token") !=
        std::string::npos);
  CHECK(patchwork_fault("url: \"https://a\", check-prefix: \"a b\"").find("check-prefix") !=
        std::string::npos);
  CHECK(patchwork_fault("url: \"https://a\", token: secret").find("never the secret itself") !=
        std::string::npos);
  CHECK(fault_of("sources:\n  - {name: a}\n")
            .find("exactly one of 'url', 'imap', 'nntp' and 'patchwork'") != std::string::npos);
  CHECK(fault_of("sources:\n  - {name: a, url: b, nntp: {host: h, groups: [g]}}\n")
            .find("exactly one of") != std::string::npos);
  CHECK(fault_of("sources:\n  - {name: a, imap: {host: h, user: u, password: hunter2}}\n")
            .find("never the secret itself") != std::string::npos);
}

TEST_CASE("app::parse_config: what the service needs") {
  const auto parsed = [](const std::string& text) {
    auto config = app::parse_config("/etc/patchmill/c.yaml", text);
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    return *config;
  };
  const auto standard = parsed("rfc: test\n");
  CHECK(standard.workers == 0);
  CHECK(standard.http.listen == std::vector<std::string>{"127.0.0.1:8080"});
  CHECK(standard.max_age == std::chrono::days(30));
  const auto config = parsed(
      "workers: 3\nfetch: 2m\nmax-age: none\n"
      "http: {listen: [\"unix:/run/x\"], url: \"https://ci.example.org/\", private: true,\n"
      "       certificate: c.pem, key: k.pem, trusted-proxies: [10.0.0.0/8], connections: 50000,\n"
      "       connections-per-address: 7, requests-per-minute: 60}\n"
      "trees: [{name: a, url: u, project: net, weight: 3, priority: 7}, {name: b, url: u}]\n");
  CHECK(config.workers == 3);
  CHECK(config.fetch_interval == std::chrono::minutes(2));
  CHECK_FALSE(config.max_age.has_value());
  CHECK(config.http.url == "https://ci.example.org");
  CHECK(config.http.certificate == "/etc/patchmill/c.pem");
  CHECK(config.http.is_private);
  CHECK(config.http.connections == 50'000);
  CHECK(config.http.connections_per_address == 7);
  CHECK(config.http.requests_per_minute == 60);
  CHECK(app::share_of(config, "a").project == "net");
  CHECK(app::share_of(config, "a").weight == 3);
  CHECK(app::share_of(config, "a").priority == 7);
  CHECK(app::share_of(config, "b").project == "b");
  CHECK(app::share_of(config, "c").project == "c");
  CHECK(fault_of("workers: 0\n").find("between 1 and 256") != std::string::npos);
  CHECK(fault_of("max-age: soon\n").find("a duration like 240h, or none") != std::string::npos);
  CHECK(fault_of("http: {certificate: c.pem}\n").find("both") != std::string::npos);
  CHECK(fault_of("http: {url: ci.example.org}\n").find("https://") != std::string::npos);
  CHECK(fault_of("http: {connections: 15}\n").find("between 16 and 1000000") != std::string::npos);
  CHECK(fault_of("http: {connections-per-address: 0}\n").find("between 1 and") !=
        std::string::npos);
  CHECK(fault_of("trees: [{name: a, url: u, weight: 0}]\n").find("between 1 and 1000") !=
        std::string::npos);
}

TEST_CASE("app::parse_config: addresses to listen on and proxies have their form") {
  for (const std::string wrong : {"127.0.0.1:99999", "127.0.0.1", "localhost:http", "[::1:80",
                                  "foo bar:80", "999.1.1.1:80"}) {
    CAPTURE(wrong);
    const std::string message =
        fault_of("http:\n  listen: [\"127.0.0.1:1\",\n           \"" + wrong + "\"]\n");
    CHECK(has(message, "c.yaml:3:12: '" + wrong + "' is no address to listen on"));
  }
  CHECK(has(fault_of("http: {listen: \"8080\"}\n"), "c.yaml:1:16: '8080' is no address"));
  CHECK(has(fault_of("http: {listen: [\"127.0.0.1:80\", \"127.0.0.1:80\"]}\n"),
            "c.yaml:1:33: an address before it listens on '127.0.0.1:80' already"));
  CHECK(has(fault_of("http: {trusted-proxies: [10.0.0.0/8, proxy.example.org]}\n"),
            "c.yaml:1:38: 'proxy.example.org' is no network"));
  for (const char* good : {"[\"localhost:80\", \"[::1]:80\", \"unix:/run/x\", \"fd:3\"]", "[]",
                           "[\"127.0.0.1:0\", \"127.0.0.1:0\"]", "\"*:8080\""}) {
    CAPTURE(good);
    CHECK(app::parse_config("/etc/c.yaml", std::string("http: {listen: ") + good + "}\n"));
  }
}

TEST_CASE("app::parse_config: unknown keys are named with the nearest valid one") {
  const std::string message = fault_of("treees: []\njobs:\n  - name: a\n    comand: [x]\n");
  CHECK(has(message, "/etc/patchmill/c.yaml:1:1: unknown key 'treees'; did you mean 'trees'?"));
  CHECK(has(message, "c.yaml:4:5: unknown key 'comand'; did you mean 'command'?"));
  CHECK(has(message, "  treees: []\n  ^"));
}

TEST_CASE("app::parse_config: wrong types say what was expected and found") {
  CHECK(has(fault_of("trees: mainline\n"), ":1:8: 'trees' takes a list, found a word"));
  CHECK(has(fault_of("trees: [mainline]\n"), "expected a map of keys, found a word"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, timeout: soon}\n"), "duration like 90s"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, memory: -1}\n"), "size like 64k"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, network: yes}\n"), "true or false"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, kind: tset}\n"), "did you mean 'test'?"));
  CHECK(has(fault_of("jobs:\n  - {name: ../a, command: x}\n"), "letters, digits"));
  CHECK(has(fault_of("jobs:\n  - {command: x}\n"), "the key 'name' is missing here"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: [[x]]}\n"), "takes a word, found a list"));
  CHECK(has(fault_of("[a, b]\n"), "expected a map of keys"));
}

TEST_CASE("app::parse_config: dangling names are refused with the nearest valid one") {
  const std::string jobs = "jobs:\n  - {name: build, command: x}\n  - name: boot\n    command: y\n";
  CHECK(has(fault_of(jobs + "    needs: [biuld]\n"),
            ":5:13: there is no job 'biuld'; did you mean 'build'?"));
  CHECK(has(fault_of(jobs + "    match: {trees: main}\n"), "there is no tree 'main'"));
  CHECK(has(fault_of("checks: {enable: [aplies-not]}\n"),
            "'aplies-not' is not a value of 'enable' (one of: series-format, "));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: ./nothing.sh}\n"), "there is no program"));
  CHECK(has(fault_of("jobs:\n  - {name: a, nipa: nowhere}\n"), "nowhere"));
}

TEST_CASE("app::parse_config: what could only fail when a job starts is refused at once") {
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, env: {\"A=B\": c}}\n"),
            "'A=B' is no name of an environment variable"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, env: {1A: c}}\n"), "'1A' is no name"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, read-only: [/nonexistent/a]}\n"),
            "there is no /nonexistent/a"));
  CHECK(has(fault_of("checks: {spdx: {mode: bogus}}\n"), "'mode' is one of: auto, always"));
  CHECK(has(fault_of("checks: {deprecated-api: {table: /nonexistent}}\n"),
            ":1:34: there is no file /nonexistent"));
  CHECK(has(fault_of("checks: {checkpatch: {script: /nonexistent}}\n"),
            ":1:31: there is no file /nonexistent"));
  CHECK(has(fault_of("checks: {checkpatch: {timeout: 0}}\n"), ":1:32: 'timeout' is at least 1"));
  CHECK(has(fault_of("checks: {cc-maintainers: {timeout: 0}}\n"), "'timeout' is at least 1"));
  CHECK(app::parse_config("/etc/patchmill/c.yaml",
                          "checks: {checkpatch: {timeout: 1, script: \"\"}}\n")
            .has_value());
  for (const std::string branch : {"--upload-pack=x", "a..b", "HEAD", "refs/heads/a b"}) {
    CHECK(has(fault_of("trees: [{name: t, url: /x, branch: \"" + branch + "\"}]\n"),
              ":1:36: '" + branch + "' is no name that git lets a branch have"));
  }
  CHECK(app::parse_config("/etc/patchmill/c.yaml",
                          "trees: [{name: t, url: /x, branch: refs/tags/v1}]\n")
            .has_value());
  TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "info.json", "{\"run\": [\"nothing.sh\"]}"));
  CHECK(has(fault_of("jobs:\n  - {name: a, nipa: " + folder.path().string() + "}\n"),
            ":2:21: there is no program "));
}

TEST_CASE("app::parse_config: a job is not called like what every series has") {
  for (const std::string name : {"signed-off-by", "checkout", "applies", "ruff"}) {
    CHECK(has(fault_of("jobs: [{name: " + name + ", scope: patch, command: [\"true\"]}]\n"),
              ":1:15: '" + name + "' is the name of "));
  }
  CHECK(has(fault_of("checks: {enable: [spdx]}\njobs: [{name: ruff, command: x}]\n"),
            ":2:15: 'ruff' is the name of a built-in check; give the job another name"));
  TempDir folder;
  const auto test = folder.path() / "patch/checkpatch";
  REQUIRE(fs::create_directories(test));
  REQUIRE(write_file_atomic(test / "info.json", "{\"run\": [\"test.sh\"]}"));
  REQUIRE(write_file_atomic(test / "test.sh", "#!/bin/sh\n"));
  CHECK(has(fault_of("jobs: [{name: checkpatch, nipa: " + test.string() + "}]\n"),
            "give the job another name"));
  CHECK(app::parse_config(folder.path() / "c.yaml",
                          "jobs: [{name: nipa-checkpatch, nipa: patch/checkpatch}]\n")
            .has_value());
}

TEST_CASE("app::parse_config: no two names are one check at a Patchwork") {
  CHECK(has(fault_of("jobs: [{name: series, command: x}]\n"),
            ":1:15: 'series' is the name of what a series as a whole has at a Patchwork; give the "
            "job another name"));
  CHECK(
      has(fault_of("jobs:\n  - {name: build.x86, command: x}\n  - {name: build-x86, command: x}\n"),
          ":3:12: at a Patchwork 'build-x86' and the job 'build.x86' would be one check, "
          "'build-x86'; give one of them another name"));
  CHECK(has(fault_of("jobs: [{name: signed.off-by, command: x}]\n"),
            ":1:15: at a Patchwork 'signed.off-by' and the built-in check 'signed-off-by' would be "
            "one check, 'signed-off-by'; give the job another name"));
  const std::string long_name(99, 'n');
  CHECK(app::parse_config("/etc/patchmill/c.yaml",
                          "jobs: [{name: build.x86, command: x}, {name: build_x86, command: x}, "
                          "{name: Series, command: x}, {name: " +
                              long_name + "1, command: x}, {name: " + long_name +
                              "2, command: x}]\n")
            .has_value());
}

TEST_CASE("app::parse_config: a command is words, not a line of a shell") {
  CHECK(has(fault_of("jobs:\n  - {name: a, command: make -j4}\n"),
            ":2:24: 'command' is a list of words, as no shell splits them: [make, -j4]"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: [make -j4]}\n"),
            "there is no program 'make -j4'; write every word as an item of its own"));
  CHECK(
      app::parse_config("/etc/patchmill/c.yaml", "jobs: [{name: a, command: make}]\n").has_value());
}

TEST_CASE("app::parse_config: names are unique and needs have no circle") {
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x}\n  - {name: a, command: x}\n"),
            "there is a job 'a' already"));
  CHECK(has(fault_of("trees:\n  - {name: t, url: /x}\n  - {name: t, url: /y}\n"),
            "there is a tree 't' already"));
  CHECK(has(fault_of("jobs:\n  - {name: a, command: x, needs: b}\n  - {name: b, command: x, needs: "
                     "a}\n"),
            "needs itself"));
  CHECK(has(fault_of("jobs:\n  - {name: a}\n"), "either 'command' or 'nipa'"));
}

TEST_CASE(
    "app::parse_config: every circle of needs is told of once, and what is behind it is not") {
  std::vector<app::ConfigFault> faults;
  const std::string text =
      "jobs:\n"
      "  - {name: behind, command: x, needs: [a, c]}\n"
      "  - {name: a, command: x, needs: [first, b]}\n"
      "  - {name: b, command: x, needs: [a]}\n"
      "  - {name: c, command: x, needs: [c, between]}\n"
      "  - {name: between, command: x, needs: a}\n"
      "  - {name: first, command: x}\n"
      "  - {name: p, command: x, needs: q}\n"
      "  - {name: q, command: x, needs: r}\n"
      "  - {name: r, command: x, needs: p}\n";
  REQUIRE_FALSE(app::parse_config("/etc/patchmill/c.yaml", text, &faults).has_value());
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].line == 3);
  CHECK(faults[0].message == "the job 'a' needs itself through others: a needs b needs a");
  CHECK(faults[1].line == 5);
  CHECK(faults[1].message == "the job 'c' needs itself");
  CHECK(faults[2].line == 8);
  CHECK(faults[2].message == "the job 'p' needs itself through others: p needs q needs r needs p");
}

TEST_CASE("app::parse_config: no job is suggested to itself") {
  const std::string boot = "jobs:\n  - {name: boot, command: x, needs: boto}\n";
  const std::string alone = fault_of(boot);
  CHECK(has(alone, "there is no job 'boto'"));
  CHECK_FALSE(has(alone, "did you mean"));
  CHECK_FALSE(has(alone, "there are:"));
  CHECK(has(fault_of(boot + "  - {name: bots, command: x}\n"), "did you mean 'bots'?"));
}

TEST_CASE("app::parse_config: limits of jobs have bounds, and none is none by accident") {
  const auto limit = [](const std::string& text) {
    return fault_of("jobs:\n  - {name: a, command: x, " + text + "}\n");
  };
  for (const char* timeout : {"0", "0s", "31d", "99999999999999h"}) {
    CHECK(has(limit(std::string("timeout: ") + timeout), ":2:36: 'timeout' is between 1s and 30d"));
  }
  for (const char* processes : {"0", "4194305", "5000000"}) {
    CHECK(
        has(limit(std::string("processes: ") + processes), "'processes' is between 1 and 4194304"));
  }
  for (const std::string key : {"memory", "output", "disk"}) {
    CHECK(has(limit(key + ": 0"), "'" + key + "' is not 0: every job has this limit"));
    CHECK(has(limit(key + ": 0G"), "'" + key + "' is not 0"));
  }
  const auto config =
      app::parse_config("/etc/patchmill/c.yaml",
                        "jobs:\n  - {name: a, command: x, timeout: 30d, processes: "
                        "4194304, output: 1}\n  - {name: b, command: x, timeout: 1}\n");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->jobs[0].limits.timeout == std::chrono::days(30));
  CHECK(config->jobs[0].limits.processes == 4'194'304);
  CHECK(config->jobs[1].limits.timeout == std::chrono::seconds(1));
}

TEST_CASE("app::parse_config: faults have their places for programs, and all of them") {
  std::vector<app::ConfigFault> faults;
  std::string text;
  for (int i = 0; i < 30; ++i) {
    text += "unknown" + std::to_string(i) + ": 1\n";
  }
  const auto config = app::parse_config("/etc/patchmill/c.yaml", text, &faults);
  REQUIRE_FALSE(config.has_value());
  CHECK(has(config.error().message, "and 10 more"));
  REQUIRE(faults.size() == 30);
  CHECK(faults[29].file == "/etc/patchmill/c.yaml");
  CHECK(faults[29].line == 30);
  CHECK(faults[29].column == 1);
  CHECK(faults[29].message.starts_with("unknown key 'unknown29'"));
  CHECK(faults[29].message.find('\n') == std::string::npos);
  CHECK_FALSE(app::parse_config("c.yaml", "a: [1, 2\nb: 3\n", &faults).has_value());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].line > 0);
  CHECK(faults[0].message.starts_with("not valid YAML"));
  CHECK_FALSE(app::parse_config("c.yaml", "\xff", &faults).has_value());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].line == 0);
  CHECK(faults[0].message == "not UTF-8 text");
  CHECK_FALSE(app::load_config("/nonexistent/patchmill.yaml", &faults).has_value());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].file == "/nonexistent/patchmill.yaml");
}

TEST_CASE("app::parse_config: secrets come by file or environment only") {
  CHECK(has(fault_of("store: {url: \"postgresql://u:secret@h/db\"}\n"),
            "does not belong in the URL"));
  CHECK(has(fault_of("store: {url: \"mysql://u:hunter2@h/db\"}\n"),
            ":1:14: the store is \"sqlite\""));
  for (const std::string text : {"store: {url: \"mysql://u:hunter2@h/db\"}\n",
                                 "store: {url: \"postgresql://u:hunter2@h/db\"}\n",
                                 "store:\n  url: postgresql://u@h/db\n  password: hunter2\n",
                                 "store:\n  url: postgresql://u@h/db\n  pasword: hunter2\n"}) {
    CHECK_FALSE(has(fault_of(text), "hunter2"));
  }
  for (const std::string url :
       {"https://u:hunter2@h/x", "https://hunter2@h", "ssh://u:hunter2@h/x", "git://u:hunter2@h/x",
        "file://u:hunter2@localhost/x", "http://u:hunter2@h?x"}) {
    CAPTURE(url);
    for (const std::string& text :
         {"trees: [{name: t, url: \"" + url + "\"}]\n",
          "sources: [{name: s, url: \"" + url + "\"}]\n",
          "sources: [{name: s, url: \"https://h\", proxy: \"" + url + "\"}]\n",
          "sources: [{name: s, proxy: \"" + url +
              "\", imap: {host: h, user: u, password: "
              "{env: X}}}]\n"}) {
      CHECK(has(fault_of(text), "a login does not belong in"));
      CHECK_FALSE(has(fault_of(text), "hunter2"));
    }
  }
  for (const std::string url : {"ssh://git@h/x", "git@h:x", "https://h/~u/x@y", "/srv/x@y"}) {
    CAPTURE(url);
    CHECK(app::parse_config("c.yaml", "trees: [{name: t, url: \"" + url + "\"}]\n").has_value());
  }
  CHECK(has(fault_of("store: {url: \"postgresql://u@h/db\", password: hunter2}\n"),
            "never the secret itself"));
  CHECK_FALSE(has(fault_of("store: {url: \"postgresql://u@h/db\", password: [hunter2]}\n"),
                  "patchmill: hunter2"));
  CHECK(has(fault_of("store: {url: \"postgresql://u@h/db\", password: {file: /nonexistent}}\n"),
            "/nonexistent"));
  for (const std::string url : {"", "url: sqlite, ", "url: s.sqlite, "}) {
    CHECK(has(fault_of("store: {" + url + "password: {file: /nonexistent}}\n"),
              "an SQLite file has no password"));
  }
  TempDir folder;
  REQUIRE(write_file_atomic(folder.path() / "pw", "p@ss/w\n"));
  const auto config = app::parse_config(
      folder.path() / "c.yaml", "store: {url: \"postgresql://u@h/db\", password: {file: pw}}\n");
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->store_url == "postgresql://u:p%40ss%2Fw@h/db");
}

TEST_CASE("app::parse_config: helper transports of git are refused") {
  CHECK(has(fault_of("trees:\n  - {name: t, url: \"ext::sh -c date\"}\n"), "not a git URL"));
}

TEST_CASE("app::parse_config: faults come in the order of their places, each once") {
  std::vector<app::ConfigFault> faults;
  // The anchor's value is looked at twice.
  const std::string text =
      "workers: 0\n"
      "jobs:\n"
      "  - {name: b, command: x, needs: [nobody], env: &e {1A: c}}\n"
      "  - {name: c, command: x, timeout: 0, env: *e}\n"
      "trees:\n"
      "  - {name: t, url: \"ext::x\"}\n";
  REQUIRE_FALSE(app::parse_config("/etc/patchmill/c.yaml", text, &faults).has_value());
  std::vector<int> lines;
  for (const auto& fault : faults) {
    lines.push_back(fault.line);
  }
  CHECK(lines == std::vector<int>{1, 3, 3, 4, 6});
}

TEST_CASE("app::load_config: a folder is called one") {
  TempDir folder;
  std::vector<app::ConfigFault> faults;
  const auto config = app::load_config(folder.path(), &faults);
  REQUIRE_FALSE(config.has_value());
  CHECK(config.error().kind == ErrorKind::invalid);
  CHECK(has(config.error().message, folder.path().string() + " is a folder"));
  CHECK(faults.size() == 1);
}

TEST_CASE("app::load_config: a missing file is named") {
  const auto config = app::load_config("/nonexistent/patchmill.yaml");
  REQUIRE_FALSE(config.has_value());
  CHECK(has(config.error().message, "/nonexistent/patchmill.yaml"));
}
