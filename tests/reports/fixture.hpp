#pragma once
// A store with a series in it, its nodes, and a reporter.

#include "pipeline/node_store.hpp"
#include "reports/reporter.hpp"
#include "support/store_fixture.hpp"
#include "tracker/queries.hpp"
#include "tracker/tracker.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

namespace patchmill::reports::test {

using findings::Finding;
using findings::Severity;
using findings::Verdict;
using patchmill::test::on_each_engine;
using patchmill::test::TestStore;

inline constexpr std::string_view k_base = "0123456789abcdef0123456789abcdef01234567";

struct SeriesSpec {
  std::string id = "v1";  // mails are <ID-0@example.org> (cover), <ID-1@example.org>, …
  std::string prefix = "PATCH net-next";
  int version = 1;
  int patches = 2;
  std::string title = "net: count frames";
  std::string from = "Ann Example <ann@example.org>";
  std::string to = "netdev@vger.example.org";
  std::string cc = "Bob Maintainer <bob@example.org>";
  std::string sign_off = "Ann Example <ann@example.org>";
  std::string extra_header;  // of the cover, lines with \n
  std::string change_id = "count-frames-1";
  std::string in_body_from;  // another author of the patches
};

// Puts the series into the store; returns its number.
inline std::int64_t add_series(TestStore& store, const SeriesSpec& spec) {
  std::vector<tracker::Incoming> mails;
  const std::string version = spec.version > 1 ? fmt::format(" v{}", spec.version) : "";
  for (int number = 0; number <= spec.patches; ++number) {
    std::string raw =
        fmt::format("From: {}\nTo: {}\n", spec.from, spec.to) +
        (spec.cc.empty() ? "" : "Cc: " + spec.cc + "\n") +
        fmt::format("Subject: [{}{} {}/{}] {}{}\n", spec.prefix, version, number, spec.patches,
                    spec.title, number == 0 ? "" : fmt::format(", step {}", number)) +
        fmt::format("Date: Mon, {:02} Jan 2026 10:00:{:02} +0000\n", 5 + spec.version, number) +
        fmt::format("Message-ID: <{}-{}@example.org>\n", spec.id, number);
    if (number == 0) {
      raw += spec.extra_header;
    } else {
      raw += fmt::format("In-Reply-To: <{0}-0@example.org>\nReferences: <{0}-0@example.org>\n",
                         spec.id);
    }
    raw += "List-Id: <netdev.vger.example.org>\n\n";
    if (number == 0) {
      raw += fmt::format("What and why.\n\nchange-id: {}\n", spec.change_id);
    } else {
      raw += spec.in_body_from.empty() ? "" : "From: " + spec.in_body_from + "\n\n";
      raw += fmt::format("Step {}.\n\n", number);
      raw += spec.sign_off.empty() ? "" : "Signed-off-by: " + spec.sign_off + "\n";
      raw += fmt::format(
          "---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -{0} +{0} @@\n-old\n+new {1}\n", number,
          spec.id);
    }
    tracker::Incoming mail{raw, mail::parse_message(raw), "netdev.vger.example.org", "test"};
    REQUIRE(mail.parsed.has_value());
    mails.push_back(std::move(mail));
  }
  tracker::Tracker(store.database(), store.blobs(), store.clock()).ingest(mails);
  const auto number = tracker::Queries(store.database(), store.blobs())
                          .series_of(fmt::format("{}-0@example.org", spec.id));
  REQUIRE(number.has_value());
  return *number;
}

// One patch of the series "v1" once more, in answer to it; returns the series that has the others
// of version 1 and this one, <v2-NUMBER@example.org>.
inline std::int64_t add_reroll(TestStore& store, int number, int patches) {
  const std::string raw =
      "From: Ann Example <ann@example.org>\nTo: netdev@vger.example.org\n" +
      fmt::format("Subject: [PATCH net-next v2 {0}/{1}] net: count frames, step {0}\n", number,
                  patches) +
      fmt::format("Date: Wed, 07 Jan 2026 10:00:02 +0000\nMessage-ID: <v2-{}@example.org>\n",
                  number) +
      fmt::format(
          "In-Reply-To: <v1-{0}@example.org>\n"
          "References: <v1-0@example.org> <v1-{0}@example.org>\n",
          number) +
      fmt::format("List-Id: <netdev.vger.example.org>\n\nStep {}.\n\n", number) +
      "Signed-off-by: Ann Example <ann@example.org>\n" +
      fmt::format("---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -{0} +{0} @@\n-old\n+better\n",
                  number);
  std::vector<tracker::Incoming> mails;
  mails.push_back({raw, mail::parse_message(raw), "netdev.vger.example.org", "test"});
  tracker::Tracker(store.database(), store.blobs(), store.clock()).ingest(mails);
  const auto series = tracker::Queries(store.database(), store.blobs())
                          .series_of(fmt::format("v2-{}@example.org", number));
  REQUIRE(series.has_value());
  return *series;
}

struct NodeSpec {
  std::string name;
  pipeline::NodeKind kind = pipeline::NodeKind::check;
  Verdict verdict = Verdict::pass;
  std::string summary = "fine";
  std::optional<int> patch = {};
  std::vector<Finding> findings = {};
};

inline Finding finding(std::string file, int line, std::string message,
                       Severity severity = Severity::error, std::string tool = "gcc",
                       std::string rule = "") {
  Finding result;
  result.severity = severity;
  result.tool = std::move(tool);
  result.rule = std::move(rule);
  result.file = std::move(file);
  result.line = line;
  result.message = std::move(message);
  return result;
}

// What a run of the series leaves behind.
inline void add_verdict(TestStore& store, std::int64_t series, Verdict verdict,
                        const std::string& reason, const std::vector<NodeSpec>& specs,
                        int attempt = 1) {
  pipeline::NodeStore nodes(store.database(), store.clock());
  pipeline::Node checkout;
  checkout.series = series;
  checkout.kind = pipeline::NodeKind::checkout;
  checkout.name = "checkout";
  checkout.tree = "net-next";
  checkout.commit = "fedcba9876543210fedcba9876543210fedcba98";
  checkout.attempt = attempt;
  checkout = nodes.create(checkout);
  nodes.start(checkout);
  nodes.finish(checkout, Verdict::pass, "applies to net-next");
  for (const auto& spec : specs) {
    pipeline::Node node;
    node.parent = checkout.id;
    node.series = series;
    node.kind = spec.kind;
    node.name = spec.name;
    node.patch = spec.patch;
    node.attempt = attempt;
    node.tree = "net-next";
    node.commit = checkout.commit;
    node.reproducer = spec.kind == pipeline::NodeKind::check ? "" : "#!/bin/sh\nmake\n";
    node = nodes.create(node);
    nodes.start(node);
    // Built-in checks say it all in their findings: they have no log.
    const bool has_log = spec.kind != pipeline::NodeKind::check;
    nodes.finish(node, spec.verdict, spec.summary, spec.findings,
                 has_log ? std::vector<pipeline::Artifact>{{"log", std::string(64, 'a'), 1}}
                         : std::vector<pipeline::Artifact>());
  }
  pipeline::NodeStore::SeriesVerdict whole;
  whole.verdict = verdict;
  whole.reason = reason;
  whole.time = store.clock().now();
  whole.content_key = fmt::format("key-{}-{}", series, attempt);
  nodes.set_verdict(series, whole);
}

inline RecipientSpec fixed(std::string email) {
  return {Role::fixed, {"", std::move(email)}};
}

// To the author, with the list in Cc, for everything but a pass.
inline ReporterConfig sample_config() {
  ReporterConfig config;
  Rule rule;
  rule.name = "everything";
  rule.to = {{Role::author, {}}};
  rule.cc = {{Role::list, {}}};
  rule.verdicts = {Verdict::fail, Verdict::warning};
  config.policy.rules = {rule};
  config.identity.from = {"patchmill at example.org", "ci@example.org"};
  config.identity.contact = {"Carla Admin", "carla@example.org"};
  config.links = Links::at("https://ci.example.org/");
  return config;
}

inline VerdictContext sample_context() {
  VerdictContext context;
  context.project = "netdev";
  context.base_commit = k_base;
  context.base_described = "v6.12-rc3-77-g0123456789ab";
  return context;
}

inline tracker::Series series_of(TestStore& store, std::int64_t number) {
  auto series = tracker::Queries(store.database(), store.blobs()).series(number);
  REQUIRE(series.has_value());
  return *std::move(series);
}

// Decides and stores, as the caller of set_verdict() does.
inline Decision report(TestStore& store, const ReporterConfig& config, std::int64_t number,
                       const VerdictContext& context = sample_context()) {
  Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
  const auto decision = reporter.report(series_of(store, number), context);
  REQUIRE_MESSAGE(decision.has_value(), (decision ? "" : decision.error().message));
  return *decision;
}

}  // namespace patchmill::reports::test
