#include "delivery/command.hpp"

#include "support/promptly.hpp"
#include "util/file.hpp"

#include <doctest/doctest.h>

#include <stop_token>
#include <thread>

namespace patchmill::delivery {
namespace {

std::vector<RecipientOutcome> run(const std::string& script, const std::filesystem::path& folder,
                                  std::vector<std::string> recipients = {"a@x.org", "b@x.org"},
                                  bool never_stops = true) {
  SystemProcessRunner processes;
  CommandConfig config;
  config.argv = {
      "/bin/sh", "-c",          "cd \"$0\" && " + script, folder.string(), "-f", "{sender}",
      "--",      "{recipients}"};
  config.timeout = std::chrono::milliseconds(500);
  const auto transport = make_command_transport(config, processes);
  return transport->deliver({"ci@x.org", std::move(recipients), "Subject: x\n\nbody\n", "n"},
                            [&](const auto&) { return never_stops; });
}

TEST_CASE("delivery::make_command_transport: mail on standard input, recipients as arguments") {
  const TempDir folder;
  const auto outcomes = run("cat >mail; echo \"$*\" >args", folder.path());
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].outcome == Outcome::accepted);
  CHECK(outcomes[1].outcome == Outcome::accepted);
  CHECK(read_file(folder.path() / "mail").value() == "Subject: x\n\nbody\n");
  CHECK(read_file(folder.path() / "args").value() == "-f ci@x.org -- a@x.org b@x.org\n");
}

TEST_CASE("delivery::make_command_transport: exit statuses of sysexits.h") {
  const TempDir folder;
  CHECK(run("exit 75", folder.path())[0].outcome == Outcome::deferred);
  CHECK(run("exit 1", folder.path())[0].outcome == Outcome::deferred);
  CHECK(run("exit 78", folder.path())[0].outcome == Outcome::deferred);
  const auto refused = run("echo no such user >&2; exit 67", folder.path());
  CHECK(refused[0].outcome == Outcome::rejected);
  CHECK(refused[0].reply == "/bin/sh ended with status 67: no such user");
  // It may have queued the mail before it was killed.
  CHECK(run("sleep 30", folder.path())[0].outcome == Outcome::in_doubt);
  CHECK(run("kill -9 $$", folder.path())[0].outcome == Outcome::in_doubt);
}

TEST_CASE("delivery::make_command_transport: nothing runs when it must not") {
  const TempDir folder;
  CHECK(run("touch ran", folder.path(), {"a@x.org"}, false)[0].outcome == Outcome::deferred);
  CHECK(run("touch ran", folder.path(), {"-oQ/etc"})[0].outcome == Outcome::rejected);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "ran"));
  SystemProcessRunner processes;
  CommandConfig config;
  config.argv = {"/no/such/sendmail"};
  const auto outcomes = make_command_transport(config, processes)
                            ->deliver({"ci@x.org", {"a@x.org"}, "x", "n"}, [](const auto&) {
                              FAIL("there is nothing to hand the mail to");
                              return true;
                            });
  CHECK(outcomes[0].outcome == Outcome::deferred);
}

TEST_CASE("delivery::make_command_transport: a stop ends the program") {
  std::stop_source stop;
  SystemProcessRunner processes;
  CommandConfig config;
  config.argv = {"/bin/sh", "-c", "sleep 30"};
  const auto transport = make_command_transport(config, processes, stop.get_token());
  const auto deliver = [&] {
    return transport->deliver({"ci@x.org", {"a@x.org"}, "x", "n"},
                              [](const auto&) { return true; })[0];
  };
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  const auto started = std::chrono::steady_clock::now();
  const auto outcome = deliver();
  CHECK(std::chrono::steady_clock::now() - started < patchmill::test::k_promptly);
  CHECK(outcome.outcome == Outcome::in_doubt);
  CHECK(outcome.reply == "/bin/sh was ended, as patchmill is stopping; it may have taken the mail");
  CHECK(deliver().outcome == Outcome::deferred);
}

}  // namespace
}  // namespace patchmill::delivery
