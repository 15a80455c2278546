#include "reports/mail_config.hpp"

#include "reports/fixture.hpp"

#include <doctest/doctest.h>

namespace patchmill::reports {
namespace {

using namespace test;

TEST_CASE("reports::check_mail_config: safe when empty, strict when it mails") {
  MailConfig config;
  CHECK(check_mail_config(config).empty());
  CHECK_FALSE(config.enabled());
  SystemProcessRunner processes;
  CHECK(make_transport(config, processes) == nullptr);

  config.reporter = sample_config();
  const auto no_route = check_mail_config(config);
  REQUIRE(no_route.size() == 1);
  CHECK(no_route[0].find("none of 'smtp', 'maildir' and 'command'") != std::string::npos);
  config.route = Route::smtp;
  CHECK(check_mail_config(config).size() == 1);
  config.smtp.host = "mail.example.org";
  CHECK(check_mail_config(config).empty());
  CHECK(make_transport(config, processes) != nullptr);
  config.sender.lease = std::chrono::minutes(1);
  CHECK(check_mail_config(config).size() == 1);
  config.sender = {};
  config.templates = "/no/such/folder";
  CHECK(check_mail_config(config).size() == 1);
  CHECK(check_mail_files(config).empty());
  config.reporter.opt_out_file = "/no/such/file";
  CHECK(check_mail_files(config).size() == 1);
}

TEST_CASE("reports::describe: every person and every reason") {
  TestStore store(store::Engine::sqlite);
  const auto number = add_series(store, {});
  add_verdict(store, number, Verdict::fail, "it failed",
              {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"},
               {"checkpatch", pipeline::NodeKind::check, Verdict::fail, "2 errors"}});
  auto config = sample_config();
  Rule style;
  style.name = "style stays private";
  style.match.classes = {CheckClass::style};
  style.to = {{Role::author, {}}};
  config.policy.rules.push_back(style);
  config.policy.rules[0].cc->push_back(fixed("noreply@example.org"));
  Reporter reporter(store.database(), store.blobs(), store.clock(), config, TemplateSet());
  const auto preview = reporter.preview(series_of(store, number), sample_context());
  REQUIRE(preview.has_value());
  CHECK(
      describe(*preview) ==
      std::vector<std::string>{
          "mail: goes at 2026-01-01T00:00:00 UTC, template build-failed", "  goes at once",
          "to     ann@example.org (author): named by rule 'everything'",
          "cc     netdev@vger.example.org (list): named by rule 'everything'",
          "no     noreply@example.org (fixed): a robot's or no-reply address",
          "result not in the mail: left out: netdev@vger.example.org may not hear it (rule 'style "
          "stays private' names others only)"});
  REQUIRE(preview->mail.has_value());
  CHECK(preview->mail->content.find("1 more results are not mailed here") != std::string::npos);
  CHECK(preview->mail->content.find("checkpatch") == std::string::npos);
  // A preview is only looked at.
  CHECK(reporter.mails().of_series(number).empty());
}

}  // namespace
}  // namespace patchmill::reports
