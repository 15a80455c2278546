// Every shipped template as a whole mail, byte for byte: tests/reports/golden/NAME.eml.
// PATCHMILL_UPDATE_GOLDEN=1 writes them anew; look at the difference before committing it.

#include "mail/message.hpp"
#include "reports/fixture.hpp"
#include "reports/reporter.hpp"
#include "util/file.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

namespace patchmill::reports {
namespace {

using namespace test;
using pipeline::NodeKind;

std::set<std::string>& seen() {
  static std::set<std::string> names;
  return names;
}

// What every mail of ours keeps to.
void check_form(const std::string& mail) {
  const std::size_t end = mail.find("\n\n");
  REQUIRE(end != std::string::npos);
  std::map<std::string, int> fields;
  for (const auto line : split_lines(std::string_view(mail).substr(0, end))) {
    if (!line.starts_with(' ')) {
      ++fields[std::string(line.substr(0, line.find(':')))];
    }
    CHECK(line.size() <= 998);
  }
  for (const auto& [name, count] : fields) {
    CHECK_MESSAGE(count == 1, name);
  }
  for (const char* name : {"From", "Subject", "Date", "Message-ID", "Auto-Submitted",
                           "X-Patchmill-Loop", "List-Unsubscribe"}) {
    CHECK_MESSAGE(fields.contains(name), name);
  }
  const auto parsed = mail::parse_message(mail);
  REQUIRE(parsed.has_value());
  CHECK(parsed->mended.empty());
  // Nobody takes it for a patch.
  CHECK(parsed->diff.empty());
  int lines = 0;
  for (const auto line : split_lines(std::string_view(mail).substr(end + 2))) {
    CHECK(line.size() <= 320);
    ++lines;
  }
  CHECK(lines <= 60);
}

void check_golden(const std::string& name, const std::string& mail) {
  check_form(mail);
  seen().insert(name);
  const std::filesystem::path file =
      std::filesystem::path(PATCHMILL_SOURCE_DIR) / "tests/reports/golden" / (name + ".eml");
  if (std::getenv("PATCHMILL_UPDATE_GOLDEN") != nullptr) {
    REQUIRE(write_file_atomic(file, mail).has_value());
    return;
  }
  const auto golden = read_file(file);
  REQUIRE_MESSAGE(golden.has_value(), file.string());
  CHECK(mail == *golden);
}

struct Case {
  std::string name;  // of the golden file
  std::string mail_template;
  std::vector<NodeSpec> nodes;
  Verdict verdict = Verdict::fail;
  std::string reason = "it failed";
  SeriesSpec series = {};
};

std::vector<Case> cases() {
  const Finding unused = finding("drivers/net/a.c", 12, "unused variable 'frames'",
                                 Severity::warning, "gcc", "-Wunused-variable");
  const Finding implicit =
      finding("drivers/net/a.c", 40, "implicit declaration of function 'count_all'");
  const NodeSpec signed_fine{"signed-off-by"};
  const NodeSpec fails_sob{
      "signed-off-by",
      NodeKind::check,
      Verdict::fail,
      "the author Ann Example <ann@example.org> did not sign off",
      1,
      {finding("", 0, "no Signed-off-by of the author", Severity::error, "signed-off-by")}};
  const NodeSpec style{"checkpatch",
                       NodeKind::check,
                       Verdict::warning,
                       "0 errors, 2 warnings",
                       2,
                       {finding("drivers/net/a.c", 7, "line length of 123 exceeds 100 columns",
                                Severity::warning, "checkpatch", "LONG_LINE"),
                        finding("drivers/net/a.c", 9, "Missing a blank line after declarations",
                                Severity::warning, "checkpatch", "LINE_SPACING")}};
  const NodeSpec conflict{"applies",
                          NodeKind::check,
                          Verdict::fail,
                          "patch 2 of 2 does not apply to net-next: drivers/net/a.c hunk 3: the "
                          "lines around it have changed (in conflict with 0a1b2c3d4e5f net: "
                          "rename frames)",
                          std::nullopt,
                          {finding("drivers/net/a.c", 77, "while searching for:\nold line",
                                   Severity::error, "git-apply", "conflict")}};
  const NodeSpec build{
      "build-x86",   NodeKind::kbuild,
      Verdict::fail, "drivers/net/a.c:40: error: implicit declaration of function 'count_all'",
      std::nullopt,  {implicit, unused}};
  const NodeSpec tests{
      "selftests-net",
      NodeKind::test,
      Verdict::fail,
      "41 passed, 2 failed (frames.count, …), 1 skipped",
      std::nullopt,
      {finding("", 0, "expected 3, got 4", Severity::error, "ktap", "frames.count"),
       finding("", 0, "timed out", Severity::error, "ktap", "frames.flush")}};
  const NodeSpec tests_pass{"selftests-net", NodeKind::test, Verdict::pass, "7 passed"};
  const NodeSpec description{
      "test-description", NodeKind::check,
      Verdict::fail,      "no line 'Test-suite:' names the tests to run; known: boot, net",
      std::nullopt,       {}};
  const NodeSpec lost{"boot-arm64", NodeKind::test, Verdict::incomplete, "the lab was away"};

  SeriesSpec unicode;
  unicode.title = "net: größere Rahmen zählen";
  unicode.from = "=?UTF-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>";
  unicode.sign_off = "Jörg Müller <joerg@example.org>";
  SeriesSpec wide = unicode;
  wide.title = "网络：统计帧数";
  wide.from = "=?UTF-8?B?546L5bCP5piO?= <wang@example.org>";
  wide.sign_off = "王小明 <wang@example.org>";

  return {
      {"sign-off", "", {fails_sob}},
      {"test-description", "", {signed_fine, description}},
      {"style", "", {signed_fine, style}, Verdict::warning},
      {"does-not-apply", "", {conflict, style}},
      {"build-failed", "", {signed_fine, build}},
      {"test-results-fail", "", {signed_fine, tests, lost}},
      {"test-results-pass", "test-results", {signed_fine, tests_pass}, Verdict::pass, "all passed"},
      {"report", "", {fails_sob, style, build, tests}},
      {"lse-pass", "lse", {signed_fine, tests_pass}, Verdict::pass, "all passed"},
      {"lse-fail", "lse", {signed_fine, tests}},
      {"unicode", "", {build}, Verdict::fail, "it failed", unicode},
      {"wide", "lse", {tests_pass}, Verdict::pass, "通过", wide},
  };
}

TEST_CASE("reports::Reporter::preview: every template as a whole mail") {
  for (const Case& one : cases()) {
    CAPTURE(one.name);
    TestStore store(store::Engine::sqlite);
    const auto number = add_series(store, one.series);
    add_verdict(store, number, one.verdict, one.reason, one.nodes);
    ReporterConfig config = sample_config();
    config.policy.rules[0].verdicts = {Verdict::fail, Verdict::warning, Verdict::pass};
    config.policy.rules[0].mail_template = one.mail_template;
    Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
    const auto preview = reporter.preview(series_of(store, number), sample_context());
    REQUIRE_MESSAGE(preview.has_value(), (preview ? "" : preview.error().message));
    REQUIRE_MESSAGE(preview->mail.has_value(), join(preview->decision.reasons, "; "));
    check_golden(one.name, preview->mail->content);
    // The same once more: nothing in it depends on when or how often.
    CHECK(reporter.preview(series_of(store, number), sample_context())->mail->content ==
          preview->mail->content);
  }
}

TEST_CASE("reports::Reporter::preview: fixed since the previous revision, without web pages") {
  TestStore store(store::Engine::sqlite);
  const Finding old_error = finding("drivers/net/a.c", 40, "implicit declaration of 'count_all'");
  const Finding stays = finding("drivers/net/a.c", 12, "unused variable 'frames'",
                                Severity::warning, "gcc", "-Wunused-variable");
  Finding moved = stays;
  moved.line = 19;
  const auto v1 = add_series(store, {});
  add_verdict(
      store, v1, Verdict::fail, "it failed",
      {{"build-x86", NodeKind::kbuild, Verdict::fail, "2 errors", std::nullopt, {old_error, stays}},
       {"signed-off-by", NodeKind::check, Verdict::fail, "patch 1 has none", 1, {}}});
  SeriesSpec second;
  second.id = "v2";
  second.version = 2;
  const auto v2 = add_series(store, second);
  add_verdict(store, v2, Verdict::fail, "it failed",
              {{"build-x86",
                NodeKind::kbuild,
                Verdict::fail,
                "1 error",
                std::nullopt,
                {moved, finding("drivers/net/b.c", 3, "'x' undeclared")}},
               {"signed-off-by", NodeKind::check, Verdict::pass, "fine", 1, {}}});
  ReporterConfig config = sample_config();
  config.links = {};
  Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
  const auto preview = reporter.preview(series_of(store, v2), sample_context());
  REQUIRE(preview.has_value());
  REQUIRE(preview->mail.has_value());
  check_golden("fixed-since", preview->mail->content);
}

TEST_CASE("reports::Reporter::make_digests: a digest as a whole mail") {
  TestStore store(store::Engine::sqlite);
  ReporterConfig config = sample_config();
  config.policy.rules[0].digest = std::chrono::hours(4);
  config.policy.rules[0].cc = std::nullopt;
  for (int i = 1; i <= 3; ++i) {
    SeriesSpec spec;
    spec.id = fmt::format("digest{}", i);
    spec.title = fmt::format("net: thing {}", i);
    spec.change_id = fmt::format("thing-{}", i);
    const auto number = add_series(store, spec);
    add_verdict(store, number, Verdict::fail, "it failed",
                {{"build-x86", NodeKind::kbuild, Verdict::fail, fmt::format("a.c:{}: error", i)}});
    const auto decision = report(store, config, number);
    CHECK_FALSE(decision.send);
    CHECK(decision.has_digest());
  }
  Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
  CHECK(reporter.make_digests().value() == 0);
  store.clock().advance(std::chrono::hours(4));
  CHECK(reporter.make_digests().value() == 1);
  CHECK(reporter.make_digests().value() == 0);
  const auto queued = reporter.mails().in_state(MailState::queued, 10);
  REQUIRE(queued.size() == 1);
  check_golden("digest", queued[0].content);
}

TEST_CASE("reports: every shipped mail template has a golden mail") {
  for (const auto& shipped : embedded_templates()) {
    const std::string name(shipped.name);
    if (name == "base" || name == "failures" || name == "fixed" || name == "footer" ||
        name == "rest") {
      continue;  // parts of others
    }
    bool found = false;
    for (const auto& entry : std::filesystem::directory_iterator(
             std::filesystem::path(PATCHMILL_SOURCE_DIR) / "tests/reports/golden")) {
      found = found || entry.path().stem().string().starts_with(name);
    }
    CHECK_MESSAGE(found, name);
  }
}

}  // namespace
}  // namespace patchmill::reports
