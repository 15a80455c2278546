// kill -9 at every step of sending, against a server that looks on and against a real one:
// never lost, never twice.

#include "delivery/fault_server.hpp"
#include "delivery/maildir.hpp"
#include "delivery/smtp.hpp"
#include "reports/fixture.hpp"
#include "reports/mail_sender.hpp"
#include "store/migrations.hpp"
#include "util/file.hpp"
#include "util/subprocess.hpp"
#include "util/text.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

namespace patchmill::reports {
namespace {

using namespace test;
using patchmill::test::FaultServer;
using std::chrono::milliseconds;

constexpr const char* helper = "helper of reports/crash_test.cpp: sends until it is killed";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::unique_ptr<delivery::Transport> transport_from_environment() {
  if (const auto maildir = variable("PATCHMILL_CRASH_MAILDIR"); !maildir.empty()) {
    return delivery::make_maildir_transport(maildir);
  }
  delivery::SmtpConfig config;
  config.host = "127.0.0.1";
  config.port =
      static_cast<std::uint16_t>(parse_uint(variable("PATCHMILL_CRASH_PORT")).value_or(0));
  config.tls = delivery::Tls::never;
  config.connect_timeout = milliseconds(10000);
  return delivery::make_smtp_transport(config);
}

// Runs in a process of its own. Kills itself after a step or a time, if told so.
TEST_CASE("helper of reports/crash_test.cpp: sends until it is killed" * doctest::skip()) {
  const std::string url = variable("PATCHMILL_CRASH_STORE");
  if (url.empty()) {
    return;
  }
  const auto micros = parse_uint(variable("PATCHMILL_CRASH_AFTER")).value_or(0);
  if (micros != 0) {
    std::thread([micros] {
      std::this_thread::sleep_for(std::chrono::microseconds(micros));
      ::kill(::getpid(), SIGKILL);
    }).detach();
  }
  const auto database = store::Database::open(url);
  const store::BlobStore blobs(variable("PATCHMILL_CRASH_FOLDER"));
  const ManualClock clock(
      from_micros(static_cast<std::int64_t>(parse_uint(variable("PATCHMILL_CRASH_NOW")).value())));
  const auto transport = transport_from_environment();
  MailSender sender(*database, blobs, clock, *transport, {}, "child");
  const std::string at = variable("PATCHMILL_CRASH_STEP");
  sender.on_step = [&](std::string_view step) {
    if (step == at) {
      ::kill(::getpid(), SIGKILL);
    }
  };
  std::ofstream(variable("PATCHMILL_CRASH_PID")) << ::getpid() << std::endl;
  sender.send_due();
  std::_Exit(0);
}

struct Child {
  std::string step = {};
  std::uint64_t micros = 0;
  std::uint16_t port = 0;
  std::string maildir = {};
};

// True when it was killed.
bool run_child(TestStore& store, const Child& child) {
  Command command;
  command.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "--dt-no-skip=true",
                  std::string("--dt-test-case=") + helper};
  command.env = {{"PATCHMILL_CRASH_STORE", store.url()},
                 {"PATCHMILL_CRASH_FOLDER", (store.folder() / "blobs").string()},
                 {"PATCHMILL_CRASH_PID", (store.folder() / "pid").string()},
                 {"PATCHMILL_CRASH_STEP", child.step},
                 {"PATCHMILL_CRASH_AFTER", std::to_string(child.micros)},
                 {"PATCHMILL_CRASH_PORT", std::to_string(child.port)},
                 {"PATCHMILL_CRASH_MAILDIR", child.maildir},
                 {"PATCHMILL_CRASH_NOW", std::to_string(to_micros(store.clock().now()))}};
  const auto done = SystemProcessRunner().run(command);
  REQUIRE(done.has_value());
  REQUIRE_MESSAGE((done->signal == SIGKILL || done->status == 0), done->out);
  return done->signal == SIGKILL;
}

void kill_child(TestStore& store) {
  const auto pid = read_file(store.folder() / "pid");
  if (pid) {
    ::kill(static_cast<pid_t>(parse_uint(trim(*pid)).value_or(0)), SIGKILL);
  }
}

std::int64_t queue_mail(TestStore& store, int index = 0) {
  SeriesSpec spec;
  spec.id = fmt::format("crash{}", index);
  spec.title = fmt::format("net: thing {}", index);
  spec.change_id = fmt::format("crash-{}", index);
  const auto number = add_series(store, spec);
  add_verdict(store, number, Verdict::fail, "it failed",
              {{"build", pipeline::NodeKind::kbuild, Verdict::fail, "broken"}});
  auto config = sample_config();
  config.policy.standard_per_person_day = 1000;
  REQUIRE(report(store, config, number).send);
  return MailStore(store.database(), store.clock()).of_series(number).at(0).id;
}

// What sends after the crash, when the dead one's lease has ended.
StoredMail send_after_crash(TestStore& store, std::uint16_t port, std::int64_t mail) {
  store.clock().advance(std::chrono::minutes(41));
  CHECK_FALSE(run_child(store, {"", 0, port, ""}));
  return MailStore(store.database(), store.clock()).mail(mail).value();
}

TEST_CASE("reports::MailSender: kill -9 at each step of the conversation") {
  struct Case {
    const char* stage;     // what the server has just heard
    MailState afterwards;  // after the next sender
    std::size_t taken;     // mails the server is responsible for
  };
  for (const Case& one : {Case{"connect", MailState::sent, 1}, Case{"EHLO", MailState::sent, 1},
                          Case{"MAIL", MailState::sent, 1}, Case{"RCPT", MailState::sent, 1},
                          Case{"DATA", MailState::sent, 1},
                          // It has the mail, and we died before hearing so: a person decides.
                          Case{"dot", MailState::in_doubt, 1}}) {
    const std::string stage = one.stage;
    CAPTURE(stage);
    on_each_engine([&](TestStore& store) {
      FaultServer server;
      const auto mail = queue_mail(store);
      std::atomic<bool> done = false;
      server.on_stage([&](const std::string& reached) {
        if (reached == stage && !done.exchange(true)) {
          kill_child(store);
        }
      });
      CHECK(run_child(store, {"", 0, server.port(), ""}));
      CHECK(done);
      const StoredMail after = send_after_crash(store, server.port(), mail);
      CHECK(after.state == one.afterwards);
      CHECK(server.taken().size() == one.taken);
    });
  }
}

TEST_CASE("reports::MailSender: kill -9 after each step of ours") {
  struct Case {
    const char* step;
    MailState afterwards;
    std::size_t taken;
  };
  for (const Case& one :
       {Case{"claimed", MailState::sent, 1}, Case{"begun", MailState::sent, 1},
        // Written down, not sent: the one case in which holding was not needed.
        Case{"in doubt", MailState::in_doubt, 0}, Case{"answered", MailState::in_doubt, 1},
        Case{"concluded", MailState::sent, 1}, Case{"recorded", MailState::sent, 1}}) {
    const std::string step = one.step;
    CAPTURE(step);
    on_each_engine([&](TestStore& store) {
      FaultServer server;
      const auto mail = queue_mail(store);
      CHECK(run_child(store, {step, 0, server.port(), ""}));
      const StoredMail after = send_after_crash(store, server.port(), mail);
      CHECK(after.state == one.afterwards);
      CHECK(server.taken().size() == one.taken);
    });
  }
}

TEST_CASE("reports::MailSender: kill -9 after each step, into a maildir: once, without doubt") {
  for (const std::string step :
       {"claimed", "begun", "in doubt", "answered", "concluded", "recorded"}) {
    CAPTURE(step);
    TestStore store(store::Engine::sqlite);
    const auto mail = queue_mail(store);
    const auto maildir = store.folder() / "out";
    CHECK(run_child(store, {step, 0, 0, maildir.string()}));
    store.clock().advance(std::chrono::minutes(41));
    CHECK_FALSE(run_child(store, {"", 0, 0, maildir.string()}));
    CHECK(MailStore(store.database(), store.clock()).mail(mail)->state == MailState::sent);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(maildir / "new")) {
      files += entry.is_regular_file() ? 1u : 0u;
    }
    CHECK(files == 1);
    CHECK(std::filesystem::is_empty(maildir / "tmp"));
  }
}

// Copies of each mail in the real server's maildir, by Message-ID, as they are now.
std::map<std::string, int> count_copies(const std::filesystem::path& folder) {
  std::map<std::string, int> count;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "maildir" / "new")) {
    const auto content = read_file(entry.path());
    if (!content) {
      continue;
    }
    for (const auto line : split_lines(*content)) {
      if (istarts_with(line, "Message-ID: <")) {
        const auto id = trim(line.substr(13));
        ++count[std::string(id.substr(0, id.size() - 1))];
        break;
      }
    }
  }
  return count;
}

// The same once the server has finished what a dead client left it with.
std::map<std::string, int> delivered(const std::filesystem::path& folder) {
  auto before = count_copies(folder);
  for (int quiet = 0; quiet < 10;) {
    std::this_thread::sleep_for(milliseconds(50));
    auto now = count_copies(folder);
    quiet = now == before ? quiet + 1 : 0;
    before = std::move(now);
  }
  return before;
}

TEST_CASE("reports::MailSender: a real server, killed at any instant, again and again") {
  const std::string folder = variable("PATCHMILL_TEST_SMTP");
  if (folder.empty()) {
    MESSAGE("skipped: PATCHMILL_TEST_SMTP is not set (see script/with-smtp)");
    return;
  }
  std::uint16_t port = 0;
  const auto ports = read_file(std::filesystem::path(folder) / "ports");
  REQUIRE(ports.has_value());
  for (const auto line : split_lines(*ports)) {
    if (line.starts_with("starttls=")) {
      port = static_cast<std::uint16_t>(parse_uint(line.substr(9)).value());
    }
  }
  TestStore store(store::Engine::sqlite);
  // The server's maildir is shared: mails of this run are known by their ids.
  constexpr int k_mails = 12;
  std::vector<std::int64_t> ids;
  for (int i = 0; i < k_mails; ++i) {
    ids.push_back(queue_mail(store, static_cast<int>(::getpid()) * 100 + i));
  }
  MailStore mails(store.database(), store.clock());
  std::mt19937 random(20261121);
  int killed = 0;
  for (int round = 0; round < 200; ++round) {
    // The first connection takes a few milliseconds, each mail one or two.
    const auto micros = std::uniform_int_distribution<std::uint64_t>(1000, 14000)(random);
    const bool dead = run_child(store, {"", micros, port, ""});
    killed += dead ? 1 : 0;
    store.clock().advance(std::chrono::hours(5));
    if (!dead) {
      break;
    }
  }
  CHECK_FALSE(run_child(store, {"", 0, port, ""}));
  const auto copies = delivered(folder);
  int doubtful = 0;
  for (const auto id : ids) {
    const StoredMail mail = mails.mail(id).value();
    const auto it = copies.find(mail.msgid);
    const int count = it == copies.end() ? 0 : it->second;
    CAPTURE(mail.reason);
    CHECK(count <= 1);
    if (mail.state == MailState::sent) {
      CHECK(count == 1);
    } else {
      CHECK(mail.state == MailState::in_doubt);
      ++doubtful;
      // What a person does: look, and say.
      CHECK(mails.resolve(id, count == 1));
    }
  }
  CHECK_FALSE(run_child(store, {"", 0, port, ""}));
  const auto in_the_end = delivered(folder);
  for (const auto id : ids) {
    const StoredMail mail = mails.mail(id).value();
    CHECK(mail.state == MailState::sent);
    CHECK(in_the_end.at(mail.msgid) == 1);
  }
  MESSAGE("killed ", killed, " times, ", doubtful, " of ", k_mails, " mails were in doubt");
}

}  // namespace
}  // namespace patchmill::reports
