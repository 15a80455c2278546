#pragma once
// A store as it looks after some days of service, with what attackers would post in between.

#include "pipeline/node_store.hpp"
#include "reports/mail_store.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"
#include "tracker/queries.hpp"
#include "tracker/tracker.hpp"
#include "util/clock.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace patchmill::web::test {

using findings::Finding;
using findings::Severity;
using findings::Verdict;

struct SampleSeries {
  std::string id = "frames-v1";  // mails are <ID-0@example.org> (cover), <ID-1@example.org>, …
  int version = 1, patches = 2;
  std::string title = "net: count frames";
  std::string from = "Ann Example <ann@example.org>";
  std::string list = "netdev.vger.example.org";
  std::string change_id;
  std::string text = "What it does, and why; see https://docs.example.org/frames.";
  std::string diff;  // after "---"; empty: a small one
  int day = 5;       // of January 2026
};

class Sample {
 public:
  Sample(store::Database& database, store::BlobStore& blobs, ManualClock& clock,
         std::filesystem::path live)
      : m_database(database),
        m_blobs(blobs),
        m_clock(clock),
        m_live(std::move(live)),
        m_nodes(database, clock) {
    std::filesystem::create_directories(m_live);
  }

  static std::string small_diff(int number, const std::string& id) {
    return fmt::format(
        "diff --git a/net/core/frames.c b/net/core/frames.c\nindex 1111111..2222222 100644\n"
        "--- a/net/core/frames.c\n+++ b/net/core/frames.c\n@@ -{0},5 +{0},6 @@ static int "
        "count(void)\n"
        " \tint n = 0;\n \n-\tn = frames(dev);\n+\tn = frames(dev, {0});\n+\ttrace(\"{1}\");   \n"
        " \treturn n;\n }}\n",
        number * 10, id);
  }

  std::int64_t add(const SampleSeries& spec) {
    std::vector<tracker::Incoming> mails;
    const std::string version = spec.version > 1 ? fmt::format(" v{}", spec.version) : "";
    const int first = spec.patches > 1 ? 0 : 1;
    for (int number = first; number <= spec.patches; ++number) {
      std::string raw =
          fmt::format("From: {}\nTo: {}\nCc: Bob Maintainer <bob@example.org>\n", spec.from,
                      spec.list) +
          (spec.patches > 1
               ? fmt::format("Subject: [PATCH net-next{} {}/{}] {}{}\n", version, number,
                             spec.patches, spec.title,
                             number == 0 ? "" : fmt::format(", step {}", number))
               : fmt::format("Subject: [PATCH net-next{}] {}\n", version, spec.title)) +
          fmt::format(
              "Date: Mon, {:02} Jan 2026 10:00:{:02} +0000\nMessage-ID: <{}-{}@example.org>\n",
              spec.day, number % 60, spec.id, number);
      if (number > first) {
        raw +=
            fmt::format("In-Reply-To: <{0}-{1}@example.org>\nReferences: <{0}-{1}@example.org>\n",
                        spec.id, first);
      }
      raw += fmt::format("List-Id: <{}>\nContent-Type: text/plain; charset=utf-8\n\n{}\n\n",
                         spec.list, spec.text);
      if (!spec.change_id.empty()) {
        raw += "change-id: " + spec.change_id + "\n";
      }
      if (number > 0) {
        raw += "Signed-off-by: " + spec.from + "\n---\n" +
               (spec.diff.empty() ? small_diff(number, spec.id) : spec.diff);
      }
      mails.push_back({raw, mail::parse_message(raw), spec.list, "sample"});
    }
    tracker::Tracker(m_database, m_blobs, m_clock).ingest(mails);
    const auto number = tracker::Queries(m_database, m_blobs)
                            .series_of(fmt::format("{}-{}@example.org", spec.id, first));
    if (!number) {
      throw std::runtime_error("the sample made no series of " + spec.id);
    }
    return *number;
  }

  pipeline::Node checkout(std::int64_t series, const std::string& tree,
                          Verdict verdict = Verdict::pass, const std::string& placement = {},
                          int attempt = 1) {
    pipeline::Node node;
    node.series = series;
    node.kind = pipeline::NodeKind::checkout;
    node.name = "checkout";
    node.tree = tree;
    node.commit = "fedcba9876543210fedcba9876543210fedcba98";
    node.attempt = attempt;
    node = m_nodes.create(node);
    m_nodes.start(node);
    m_clock.advance(std::chrono::milliseconds(120));
    std::vector<pipeline::Artifact> artifacts;
    if (!placement.empty()) {
      artifacts.push_back(artifact("placement.json", placement));
    }
    m_nodes.finish(node, verdict,
                   verdict == Verdict::pass ? "applies to " + tree : "does not apply", {},
                   artifacts);
    return node;
  }

  pipeline::Node plan(const pipeline::Node& parent, const std::string& name,
                      pipeline::NodeKind kind, std::optional<int> patch = {}) {
    pipeline::Node node;
    node.parent = parent.id;
    node.series = parent.series;
    node.kind = kind;
    node.name = name;
    node.patch = patch;
    node.attempt = parent.attempt;
    node.tree = parent.tree;
    node.commit = parent.commit;
    node.runtime = kind == pipeline::NodeKind::check ? "" : "local";
    node.reproducer = kind == pipeline::NodeKind::check ? "" : "#!/bin/sh\nmake -j2\n";
    return m_nodes.create(node);
  }

  pipeline::Node run(const pipeline::Node& parent, const std::string& name, pipeline::NodeKind kind,
                     Verdict verdict, const std::string& summary, std::optional<int> patch = {},
                     const std::vector<Finding>& findings = {}, const std::string& log = {},
                     const std::vector<std::pair<std::string, std::string>>& files = {}) {
    pipeline::Node node = plan(parent, name, kind, patch);
    m_clock.advance(std::chrono::seconds(2));
    m_nodes.start(node);
    m_clock.advance(std::chrono::seconds(kind == pipeline::NodeKind::check ? 1 : 95));
    std::vector<pipeline::Artifact> artifacts;
    if (!log.empty()) {
      artifacts.push_back(artifact("log", log));
    }
    for (const auto& [file, content] : files) {
      artifacts.push_back(artifact(file, content));
    }
    m_nodes.finish(node, verdict, summary, findings, artifacts);
    return node;
  }

  void judge(std::int64_t series, Verdict verdict, const std::string& reason, int attempt = 1) {
    pipeline::NodeStore::SeriesVerdict whole;
    whole.verdict = verdict;
    whole.reason = reason;
    whole.time = m_clock.now();
    whole.content_key = fmt::format("key-{}-{}", series, attempt);
    m_nodes.set_verdict(series, whole);
  }

  void begin_run(std::int64_t series, const pipeline::Node& checkout, bool finished) {
    m_database.exec(
        "INSERT INTO series_runs (series, attempt, checkout, project, content_key, base_commit,"
        " base_described, started, finished) VALUES (?, ?, ?, 'netdev', '', ?, ?, ?, ?)",
        series, checkout.attempt, checkout.id, "0123456789abcdef0123456789abcdef01234567",
        "v6.12-rc3-77-g0123456789ab", to_micros(*checkout.created),
        finished ? std::optional(to_micros(m_clock.now())) : std::nullopt);
  }

  void queue(const pipeline::Node& node, std::int64_t lane, int position, const std::string& worker,
             std::uint64_t estimate, int priority = 0, const std::string& note = {}) {
    m_database.exec(
        "INSERT INTO queue (node, lane, position, series, attempt, project, author, priority, "
        "queued,"
        " ready_at, estimate, worker, lease_until, note) VALUES (?, ?, ?, ?, 1, 'netdev',"
        " 'ann@example.org', ?, ?, ?, ?, ?, NULL, ?)",
        node.id, lane, position, node.series, priority, to_micros(m_clock.now()),
        to_micros(m_clock.now()), estimate, worker, note);
  }

  void start(pipeline::Node& node) { m_nodes.start(node); }
  void finish(pipeline::Node& node, Verdict verdict, const std::string& summary,
              const std::string& log) {
    m_nodes.finish(node, verdict, summary, {}, {artifact("log", log)});
    m_database.exec("DELETE FROM queue WHERE node = ?", node.id);
  }
  [[nodiscard]] std::filesystem::path live_log(std::int64_t node) const {
    return m_live / fmt::format("{}.log", node);
  }
  void write_live(std::int64_t node, const std::string& text) const {
    std::ofstream(live_log(node), std::ios::app | std::ios::binary) << text;
  }

  pipeline::Artifact artifact(const std::string& name, const std::string& content) {
    const auto sha256 = m_blobs.put(content);
    if (!sha256) {
      throw std::runtime_error(sha256.error().message);
    }
    return {name, *sha256, static_cast<std::int64_t>(content.size())};
  }

  static Finding finding(std::string file, int line, std::string message, Severity severity,
                         std::string tool, std::string rule = {}) {
    Finding result;
    result.severity = severity;
    result.tool = std::move(tool);
    result.rule = std::move(rule);
    result.file = std::move(file);
    result.line = line;
    result.message = std::move(message);
    return result;
  }

  // What a compiler and a test runner print, with colours.
  static std::string build_log(bool failing) {
    std::string log = "\x1b[1mmake: Entering directory '/src'\x1b[0m\n";
    for (int i = 0; i < 40; ++i) {
      log += fmt::format("  CC      kernel/file{}.o\n", i);
    }
    log += "\x1b[35mwarning:\x1b[0m something odd about \x1b[38;5;196mred\x1b[0m\n";
    log += "KTAP version 1\n1..12\n";
    for (int i = 1; i <= 12; ++i) {
      log += fmt::format("ok {} - test {}\n", i, i);
    }
    if (failing) {
      log +=
          "net/core/frames.c:22:9: \x1b[31merror:\x1b[0m too few arguments to function 'frames'\n";
      log += "make: *** [Makefile:12: net/core/frames.o] Error 1\n";
    }
    return log + "done\n";
  }

  static std::string placement() {
    return R"({"state":"placed","explanation":"placed on net-next at the commit its blobs name","chosen":0,)"
           R"("waiting_for":null,"upstream":[],"tip_conflict":null,"candidates":[)"
           R"({"tree":"net-next","commit":"0123456789abcdef0123456789abcdef01234567","described":"v6.12-rc3-77-g0123456789ab",)"
           R"("reasons":["preimage","tip"],"score":0.97,"explanation":"all 2 blobs the patches start from are in it","tried":true,"applies":true,"conflict":null},)"
           R"({"tree":"net","commit":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","described":"v6.12-rc2",)"
           R"("reasons":["list"],"score":0.4,"explanation":"the list belongs to it","tried":true,"applies":false,)"
           R"("conflict":{"patch":1,"file":"net/core/frames.c","hunk":1,"line":10,"reason":"the context is not there","excerpt":"int n = 0;","upstream_commit":null,"upstream_subject":""}}]})";
  }

  // --- what the pages show, in one go ------------------------------------------------------------
  struct Filled {
    std::int64_t v1 = 0, v2 = 0, hostile = 0, waiting = 0, running = 0;
    std::int64_t failed_node = 0, hostile_node = 0, running_node = 0;
  };
  Filled fill() {
    Filled filled;
    SampleSeries frames;
    frames.change_id = "count-frames-1";
    filled.v1 = add(frames);
    auto root = checkout(filled.v1, "net-next", Verdict::pass, placement());
    run(root, "checkpatch", pipeline::NodeKind::check, Verdict::warning, "1 warning", 1,
        {finding("net/core/frames.c", 13, "line over 100 columns", Severity::warning, "checkpatch",
                 "LONG_LINE")});
    run(root, "checkpatch", pipeline::NodeKind::check, Verdict::pass, "nothing to say", 2);
    const auto build =
        run(root, "build-um", pipeline::NodeKind::kbuild, Verdict::fail, "1 new error", {},
            {finding("net/core/frames.c", 12, "too few arguments to function 'frames'",
                     Severity::error, "gcc")},
            build_log(true), {{"config.txt", "CONFIG_NET=y\n"}});
    filled.failed_node = build.id;
    run(build, "boot", pipeline::NodeKind::test, Verdict::skip, "build-um did not pass");
    judge(filled.v1, Verdict::fail, "build-um: 1 new error: net/core/frames.c:12");
    begin_run(filled.v1, root, true);
    add_mail(filled.v1, "Re: [PATCH net-next 0/2] net: count frames");
    m_clock.advance(std::chrono::hours(30));

    frames.id = "frames-v2";
    frames.version = 2;
    frames.patches = 3;
    frames.day = 7;
    filled.v2 = add(frames);
    root = checkout(filled.v2, "net-next", Verdict::pass, placement());
    for (int patch = 1; patch <= 3; ++patch) {
      run(root, "checkpatch", pipeline::NodeKind::check, Verdict::pass, "nothing to say", patch);
    }
    const auto good = run(root, "build-um", pipeline::NodeKind::kbuild, Verdict::pass,
                          "no new warnings", {}, {}, build_log(false));
    run(good, "boot", pipeline::NodeKind::test, Verdict::pass, "12 of 12 tests pass", {}, {},
        build_log(false));
    judge(filled.v2, Verdict::pass, "everything passed");
    begin_run(filled.v2, root, true);

    add_hostile(filled);
    SampleSeries waits;
    waits.id = "waits";
    waits.title = "mm: tidy up the slab";
    waits.from = "Cara Coder <cara@example.org>";
    waits.list = "linux-mm.example.org";
    waits.patches = 1;
    filled.waiting = add(waits);

    waits.id = "runs";
    waits.title = "bpf: verify loops faster";
    waits.list = "bpf.example.org";
    filled.running = add(waits);
    root = checkout(filled.running, "bpf-next");
    begin_run(filled.running, root, false);
    auto live = plan(root, "build-um", pipeline::NodeKind::kbuild);
    auto later = plan(live, "boot", pipeline::NodeKind::test);
    m_nodes.start(live);
    queue(live, 1, 0, "local-1", 90);
    queue(later, 1, 1, "local-1", 30, 0, "waits for build-um");
    filled.running_node = live.id;
    write_live(live.id, "make: Entering directory '/src'\n  CC      kernel/bpf/verifier.o\n");
    m_database.exec(
        "INSERT INTO pauses (scope, who, reason, time) VALUES ('tree net', 'bob',"
        " 'the branch is being rebased', ?)",
        to_micros(m_clock.now()));
    return filled;
  }

  void add_mail(std::int64_t series, const std::string& subject) {
    reports::StoredMail mail;
    mail.key = fmt::format("series/{}", series);
    mail.series = series;
    mail.thread = "frames-v1-0@example.org";
    mail.msgid = fmt::format("patchmill-{}@ci.example.org", series);
    mail.verdict = "fail";
    mail.mail_template = "build-failed";
    mail.subject = subject;
    mail.sender = "ci@example.org";
    mail.content = "Hello";
    mail.state = reports::MailState::queued;
    mail.recipients = {{"ann@example.org", reports::RecipientState::pending, ""}};
    reports::MailStore(m_database, m_clock).add(mail);
  }

  // Everything a page shows, made by somebody who wants to run a script in it.
  static inline const std::string k_attack =
      "\"'><script>window.pwned=1</script><img src=x onerror=window.pwned=2><svg "
      "onload=window.pwned=3>"
      "javascript:window.pwned=4";

  void add_hostile(Filled& filled) {
    SampleSeries series;
    series.id = "evil";
    series.title =
        k_attack + " \xE2\x80\xAEtxt.exe {{base}} {{{body_html}}} " + std::string(180, 'W');
    series.from = "\"<script>window.pwned=5</script>\" <mallory@example.org>";
    series.list = "evil.example.org";
    series.text =
        k_attack +
        "\nhttps://evil.example.org/\"onmouseover=\"window.pwned=6 "
        "javascript:alert(1) "
        "<https://ok.example.org/a?b=1&c=2>\n</pre></main><script>window.pwned=7</script>";
    series.diff =
        "diff --git a/<script>window.pwned=8</script>.c b/<script>window.pwned=8</script>.c\n"
        "--- a/<script>window.pwned=8</script>.c\n+++ b/<script>window.pwned=8</script>.c\n"
        "@@ -1,2 +1,3 @@ </pre><script>window.pwned=9</script>\n context\n"
        "-old </span></pre><script>window.pwned=10</script>\n+new \xE2\x80\xAE" +
        k_attack + "\n+\xff\xfe not UTF-8 \x1b[31m red\n";
    filled.hostile = add(series);
    const auto root = checkout(
        filled.hostile, "net-next", Verdict::pass,
        fmt::format(
            R"({{"state":"placed","explanation":"{0}","chosen":0,"candidates":[{{"tree":"{0}","commit":"{0}",)"
            R"("described":"{0}","reasons":["{0}"],"score":1e308,"explanation":"{0}","tried":true,"applies":false,)"
            R"("conflict":{{"patch":1,"file":"{0}","hunk":1,"reason":"{0}","excerpt":"{0}"}}}}]}})",
            "<script>window.pwned=11</script>"));
    auto evil = finding("<script>window.pwned=12</script>.c", 2, k_attack, Severity::error,
                        k_attack, k_attack);
    evil.detail = "</pre><script>window.pwned=13</script>";
    evil.patch_label = k_attack;
    const auto node =
        run(root, "build<script>window.pwned=14</script>", pipeline::NodeKind::job, Verdict::fail,
            k_attack, 1, {evil}, hostile_log(),
            {{"<img src=x onerror=window.pwned=15>.html", "<script>window.pwned=16</script>"},
             {"page.html", "<!doctype html><script>window.pwned=17;parent.pwned=17</script>"}});
    filled.hostile_node = node.id;
    judge(filled.hostile, Verdict::fail, k_attack);
    add_mail(filled.hostile, "Re: " + k_attack);
  }

  static std::string hostile_log() {
    std::string log = k_attack + " error: \n";
    log += "\x1b]8;;javascript:window.pwned=18\x07link\x1b]8;;\x07\n";
    log += "\x1b[31;<script>m window.pwned=19 </script>\n";
    log += "\x1b]0;<script>window.pwned=20</script>\x1b\\title\n";
    log +=
        "::group::</summary><script>window.pwned=21</script>\n</details></"
        "pre><script>window.pwned=22</script>\n::endgroup::\n";
    log += "progress 10%\rprogress 20%\r\x1b[2Kdone <script>window.pwned=23</script>\n";
    log += "\xff\xfe\xc3( \xE2\x80\xAE right to left, NUL \0 bell \x07";
    log += std::string(1, '\0') + "\n";
    log += std::string(100'000, 'A') + "<script>window.pwned=24</script>\n";
    return log + "no newline at the end";
  }

  pipeline::NodeStore& nodes() { return m_nodes; }

 private:
  store::Database& m_database;
  store::BlobStore& m_blobs;
  ManualClock& m_clock;
  std::filesystem::path m_live;
  pipeline::NodeStore m_nodes;
};

}  // namespace patchmill::web::test
